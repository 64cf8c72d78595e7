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


{% macro known_referrer(host) -%}
    {#- Written out once, as in `told_columns`. -#}
    {%- set matched = matches(host, '#') -%}
    case
        {%- for entry in referrer_hosts() %}
        when {{ matched | replace("'#'", text_literal(entry[2])) }} then [{{ text_literal(entry[0]) }}, {{ text_literal(entry[1]) }}]
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
