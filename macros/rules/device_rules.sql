{#- The first word that matches; a platform stands for what it mostly runs on. -#}
{% macro device_type_of(word) -%}
    case
        when {{ is_one_of('lower(trim(' ~ word ~ '))', words_for_nothing()) }} then null
        when {{ matches(word, 'bot|crawler|spider') }} then 'bot'
        when {{ matches(word, 'tablet|ipad') }} then 'tablet'
        when {{ matches(word, 'wear|watch') }} then 'wearable'
        when {{ matches(word, 'console') }} then 'console'
        when {{ matches(word, '(^|[^a-z])tv|digital media receiver|set-?top') }} then 'tv'
        when {{ matches(word, 'mobile|phone|android|^ios$|ipod') }} then 'mobile'
        when {{ matches(word, 'desktop|computer|laptop|^pc$|^mac|windows|linux') }} then 'desktop'
        when {{ word }} is not null then 'other'
    end
{%- endmacro %}


{% macro device_type_of_user_agent(user_agent) -%}
    case
        when {{ matches(user_agent, 'bot|crawl|spider|slurp|headless') }} then 'bot'
        when {{ matches(user_agent, 'smart-?tv|appletv|googletv|hbbtv|roku|crkey') }} then 'tv'
        when {{ matches(user_agent, 'ipad|tablet|kindle|silk/') }} then 'tablet'
        when {{ matches(user_agent, 'android') }} and not {{ matches(user_agent, 'mobile') }} then 'tablet'
        when {{ matches(user_agent, 'iphone|ipod|android|mobile') }} then 'mobile'
        when {{ matches(user_agent, 'windows nt|macintosh|x11|cros ') }} then 'desktop'
    end
{%- endmacro %}


{% macro operating_system_of(word) -%}
    case
        when {{ matches(word, '^(ios|iphone|ipados)') }} then 'iOS'
        when {{ matches(word, '^android') }} then 'Android'
        when {{ matches(word, '^(mac|os ?x)') }} then 'macOS'
        when {{ matches(word, '^windows') }} then 'Windows'
        when {{ matches(word, '^(chrome ?os|chromium ?os|cros)') }} then 'ChromeOS'
        when {{ matches(word, 'linux|ubuntu|fedora|debian') }} then 'Linux'
        else {{ word }}
    end
{%- endmacro %}


{% macro operating_system_of_user_agent(user_agent) -%}
    case
        when {{ matches(user_agent, 'iphone|ipad|ipod') }} then 'iOS'
        when {{ matches(user_agent, 'android') }} then 'Android'
        when {{ matches(user_agent, 'windows') }} then 'Windows'
        when {{ matches(user_agent, 'mac os x|macintosh') }} then 'macOS'
        when {{ matches(user_agent, 'cros ') }} then 'ChromeOS'
        when {{ matches(user_agent, 'linux|x11') }} then 'Linux'
    end
{%- endmacro %}


{#- Apple writes its versions with underscores. -#}
{% macro operating_system_version_of_user_agent(user_agent) -%}
    replace(
        coalesce(
            {{ first_group(user_agent, '(?:iPhone OS|CPU OS|Mac OS X) ([0-9]+(?:[._][0-9]+)*)') }},
            {{ first_group(user_agent, 'Android ([0-9]+(?:[.][0-9]+)*)') }},
            {{ first_group(user_agent, 'Windows NT ([0-9]+(?:[.][0-9]+)*)') }},
            {{ first_group(user_agent, 'CrOS [a-z0-9_]+ ([0-9]+(?:[.][0-9]+)*)') }}
        ),
        '_', '.'
    )
{%- endmacro %}


{#- Names that browsers bear before the name of the browser that they are built on. -#}
{% macro browser_tokens() %}
    {{- return([
        ('Edge', 'Edg(?:e|A|iOS)?'),
        ('Opera', 'OPR|OPiOS|Opera'),
        ('Samsung Internet', 'SamsungBrowser'),
        ('Vivaldi', 'Vivaldi'),
        ('Yandex', 'YaBrowser'),
        ('Firefox', 'Firefox|FxiOS'),
        ('Chrome', 'CriOS|Chrome|Chromium|HeadlessChrome'),
    ]) -}}
{% endmacro %}


{% macro browser_of_user_agent(user_agent) -%}
    case
        {%- for name, tokens in browser_tokens() %}
        when {{ matches(user_agent, '(^|[ /;(])(' ~ tokens ~ ')/[0-9]') }} then {{ text_literal(name) }}
        {%- endfor %}
        when {{ matches(user_agent, 'MSIE |Trident/') }} then 'Internet Explorer'
        when {{ matches(user_agent, 'Version/[0-9.]+.* Safari/') }} then 'Safari'
    end
{%- endmacro %}


{% macro browser_version_of_user_agent(user_agent) -%}
    coalesce(
        {%- for name, tokens in browser_tokens() %}
        {{ first_group(user_agent, '(?:^|[ /;(])(?:' ~ tokens ~ ')/([0-9]+(?:[.][0-9]+)*)') }},
        {%- endfor %}
        {{ first_group(user_agent, '(?:MSIE |rv:)([0-9]+(?:[.][0-9]+)*)') }},
        {{ first_group(user_agent, 'Version/([0-9]+(?:[.][0-9]+)*)') }}
    )
{%- endmacro %}


{% macro browser_of(word) -%}
    case
        when {{ matches(word, 'edge') }} then 'Edge'
        when {{ matches(word, 'internet explorer|^ie([^a-z]|$)') }} then 'Internet Explorer'
        when {{ matches(word, 'opera') }} then 'Opera'
        when {{ matches(word, 'samsung') }} then 'Samsung Internet'
        when {{ matches(word, 'firefox') }} then 'Firefox'
        when {{ matches(word, 'chrom') }} then 'Chrome'
        when {{ matches(word, 'safari') }} then 'Safari'
        else {{ word }}
    end
{%- endmacro %}
