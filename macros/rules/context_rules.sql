{#-
    The columns of a context, in order, with their types. Every vendor fills those that it knows, and the others are null:
    one shape, whoever tells.
-#}
{% macro context_columns() %}
    {{- return({
        'page_url': 'varchar',
        'page_title': 'varchar',
        'referrer_url': 'varchar',
        'referrer_medium': 'varchar',
        'referrer_source': 'varchar',
        'utm_source': 'varchar',
        'utm_medium': 'varchar',
        'utm_campaign': 'varchar',
        'utm_term': 'varchar',
        'utm_content': 'varchar',
        'click_id': 'varchar',
        'user_agent': 'varchar',
        'device_type': 'varchar',
        'operating_system': 'varchar',
        'operating_system_version': 'varchar',
        'browser': 'varchar',
        'browser_version': 'varchar',
        'app_version': 'varchar',
        'country': 'varchar',
        'region': 'varchar',
        'city': 'varchar',
        'account_id': 'varchar',
        'attributed_publisher': 'varchar',
        'attributed_sub_publisher': 'varchar',
        'attributed_site': 'varchar',
        'attributed_campaign': 'varchar',
        'attributed_ad_group': 'varchar',
        'attributed_ad': 'varchar',
        'page_views': 'bigint',
        'is_bounce': 'boolean',
        'revenue': 'decimal(16, 4)',
        'purchases': 'bigint',
        'cart_lines': 'bigint',
        'offers_seen': 'bigint',
    }) -}}
{% endmacro %}


{% macro context_of(expressions) -%}
    {%- for name in expressions if name not in context_columns() -%}
        {%- do exceptions.raise_compiler_error(name ~ ' is no column of a context') -%}
    {%- endfor -%}
    {%- for name, data_type in context_columns().items() -%}
        cast({{ told(expressions[name], data_type) if name in expressions else 'null' }} as {{ data_type }}) as {{ name }},
    {% endfor -%}
{%- endmacro %}


{% macro words_for_nothing() %}
    {{- return(['', 'unknown', 'null', 'undefined', '(not set)', '??']) -}}
{% endmacro %}


{% macro told(expression, data_type) -%}
    {%- if data_type == 'varchar' -%}
        case
            when lower(trim({{ expression }})) not in {{ text_list(words_for_nothing()) }} then trim({{ expression }})
        end
    {%- else -%}
        {{ expression }}
    {%- endif -%}
{%- endmacro %}


{#- Hosts that people come from: a medium, a source, and the pattern of its hosts. The first that matches names both. -#}
{% macro referrer_hosts() %}
    {{- return([
        ('email', 'Gmail', '^mail[.]google[.]com$'),
        ('email', 'Outlook', '^outlook[.](live|office|office365)[.]com$'),
        ('email', 'Yahoo Mail', '(^|[.])mail[.]yahoo[.]'),
        ('email', 'Proton Mail', '^(mail|account)[.]proton[.]me$'),
        ('email', 'iCloud Mail', '^www[.]icloud[.]com$'),
        ('email', 'AOL Mail', '^mail[.]aol[.]com$'),
        ('email', 'GMX', '(^|[.])gmx[.](net|com|de|at|ch)$'),
        ('email', 'Web.de', '(^|[.])web[.]de$'),
        ('email', 'Mail.ru', '(^|[.])e[.]mail[.]ru$'),
        ('social', 'YouTube', '(^|[.])(youtube[.]com|youtu[.]be)$'),
        ('social', 'Facebook', '(^|[.])(facebook[.]com|fb[.]com|fb[.]me|messenger[.]com)$'),
        ('social', 'Instagram', '(^|[.])instagram[.]com$'),
        ('social', 'Threads', '(^|[.])threads[.](net|com)$'),
        ('social', 'X', '^(t[.]co|(.+[.])?(twitter|x)[.]com)$'),
        ('social', 'Bluesky', '(^|[.])bsky[.]app$'),
        ('social', 'LinkedIn', '(^|[.])(linkedin[.]com|lnkd[.]in)$'),
        ('social', 'Xing', '(^|[.])xing[.]com$'),
        ('social', 'Pinterest', '(^|[.])(pinterest([.][a-z]+)+|pin[.]it)$'),
        ('social', 'Reddit', '(^|[.])(reddit[.]com|redd[.]it)$'),
        ('social', 'TikTok', '(^|[.])tiktok[.]com$'),
        ('social', 'Snapchat', '(^|[.])snapchat[.]com$'),
        ('social', 'Telegram', '^(t[.]me|web[.]telegram[.]org)$'),
        ('social', 'WhatsApp', '(^|[.])(whatsapp[.]com|wa[.]me)$'),
        ('social', 'Tumblr', '(^|[.])tumblr[.]com$'),
        ('social', 'Quora', '(^|[.])quora[.]com$'),
        ('social', 'Hacker News', '^news[.]ycombinator[.]com$'),
        ('social', 'VK', '(^|[.])vk[.](com|ru)$'),
        ('social', 'Weibo', '(^|[.])weibo[.](com|cn)$'),
        ('search', 'Google', '(^|[.])google([.][a-z]{2,3}){1,2}$'),
        ('search', 'Bing', '(^|[.])bing[.]com$'),
        ('search', 'DuckDuckGo', '(^|[.])duckduckgo[.]com$'),
        ('search', 'Yahoo', '(^|[.])yahoo([.][a-z]{2,3}){1,2}$'),
        ('search', 'Baidu', '(^|[.])baidu[.]com$'),
        ('search', 'Yandex', '(^|[.])(yandex([.][a-z]{2,3}){1,2}|ya[.]ru)$'),
        ('search', 'Ecosia', '(^|[.])ecosia[.]org$'),
        ('search', 'Qwant', '(^|[.])qwant[.]com$'),
        ('search', 'Startpage', '(^|[.])startpage[.]com$'),
        ('search', 'Brave', '^search[.]brave[.]com$'),
        ('search', 'Kagi', '(^|[.])kagi[.]com$'),
        ('search', 'Naver', '(^|[.])naver[.]com$'),
        ('search', 'Seznam', '(^|[.])seznam[.]cz$'),
        ('search', 'AOL', '(^|[.])aol[.]com$'),
        ('search', 'Ask', '(^|[.])ask[.]com$'),
    ]) -}}
{% endmacro %}


{#- `part` is 0 for the medium and 1 for the source. -#}
{% macro known_referrer(host, part) -%}
    case
        {%- for entry in referrer_hosts() %}
        when {{ matches(host, entry[2]) }} then {{ text_literal(entry[part]) }}
        {%- endfor %}
    end
{%- endmacro %}


{% macro is_same_site(host, other_host) -%}
    coalesce(
        {{ without_www(host) }} = {{ without_www(other_host) }}
        or ends_with({{ host }}, '.' || {{ without_www(other_host) }})
        or ends_with({{ other_host }}, '.' || {{ without_www(host) }}),
        false
    )
{%- endmacro %}


{% macro without_www(host) -%}
    case when starts_with({{ host }}, 'www.') then substr({{ host }}, 5) else {{ host }} end
{%- endmacro %}


{#- Ad platforms hang these on the address of a page for each click that was paid for. -#}
{% macro click_id_parameters() %}
    {{- return(['gclid', 'gbraid', 'wbraid', 'dclid', 'msclkid', 'ttclid', 'twclid', 'li_fat_id']) -}}
{% endmacro %}


{% macro is_paid(utm_medium, click_id, page_url) -%}
    (
        coalesce({{ matches(utm_medium, '^(cpc|ppc|cpm|cpv|cpa|cpl|display|banner|retargeting|remarketing|paid.*|.*[-_ ]paid)$') }}, false)
        or {{ click_id }} is not null
        or {{ has_url_parameter(page_url, click_id_parameters()) }}
    )
{%- endmacro %}


{#- What was paid for comes first, then what the link says of itself, then what is known of the host. -#}
{% macro referrer_medium() -%}
    case
        when {{ is_paid('utm_medium', 'click_id', 'page_url') }} then 'paid'
        when {{ matches('utm_medium', '^(e-?mail|newsletter)$') }} then 'email'
        when {{ matches('utm_medium', '^(social|social[-_ ].*|sm)$') }} then 'social'
        when lower(referrer_medium) in ('search', 'social', 'email', 'internal', 'paid') then lower(referrer_medium)
        when {{ is_same_site('referrer_host', 'page_host') }} then 'internal'
        when known_medium is not null then known_medium
        when referrer_url is not null or utm_source is not null or utm_medium is not null then 'unknown'
    end
{%- endmacro %}


{% macro referrer_source() -%}
    coalesce(referrer_source, known_source, {{ without_www('referrer_host') }}, utm_source)
{%- endmacro %}


{#- The first word that matches; a platform stands for what it mostly runs on. -#}
{% macro device_type_of(word) -%}
    case
        when lower(trim({{ word }})) in {{ text_list(words_for_nothing()) }} then null
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
