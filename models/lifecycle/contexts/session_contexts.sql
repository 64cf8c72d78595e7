{{ config(materialized='ephemeral') }}

{%- set vendors = ['leanplum', 'monetate', 'pendo', 'rudderstack', 'snowplow'] -%}
with
{% for vendor in vendors %}
{{- vendor }}_contexts as (

    select * from {{ ref(vendor ~ '_contexts') }}

),

{% endfor -%}
all_contexts as (
    {% for vendor in vendors %}
    select * from {{ vendor }}_contexts
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

),

contexts as (

    select
        session_key,
        role,
        {{ told_columns() }}
    from all_contexts

),

last_contexts as (

    select
        session_key,
        page_url as exit_page_url,
        page_title as exit_page_title,
    from contexts
    where role = 'last'

),

-- What a link says of itself where the vendor does not tell.
first_contexts as (

    select
        * replace (
            {%- for name in ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'] %}
            coalesce({{ name }}, {{ url_parameter('page_url', name) }}) as {{ name }},
            {%- endfor %}
        ),
        {{ url_host('page_url') }} as page_host,
        {{ url_host('referrer_url') }} as referrer_host,
    from contexts
    where role <> 'last'

),

-- Hosts and browsers are few: they are looked at once each, and not for every session.
referrer_hosts as (

    select distinct referrer_host from first_contexts
    where referrer_host is not null

),

known_referrers as (

    select
        referrer_host,
        {{ known_referrer('referrer_host') }} as medium_and_source,
    from referrer_hosts

),

user_agents as (

    select distinct user_agent from first_contexts
    where user_agent is not null

),

browsers as (

    select
        user_agent,
        {{ device_type_of_user_agent('user_agent') }} as told_device_type,
        {{ operating_system_of_user_agent('user_agent') }} as told_operating_system,
        {{ operating_system_version_of_user_agent('user_agent') }} as told_operating_system_version,
        {{ browser_of_user_agent('user_agent') }} as told_browser,
        {{ browser_version_of_user_agent('user_agent') }} as told_browser_version,
    from user_agents

),

named as (

    select
        first_contexts.*,
        known_referrers.medium_and_source[1] as known_medium,
        known_referrers.medium_and_source[2] as known_source,
        browsers.told_device_type,
        browsers.told_operating_system,
        browsers.told_operating_system_version,
        browsers.told_browser,
        browsers.told_browser_version,
    from first_contexts
    left join known_referrers on first_contexts.referrer_host = known_referrers.referrer_host
    left join browsers on first_contexts.user_agent = browsers.user_agent

),

final as (

    select
        named.session_key,
        named.page_url as landing_page_url,
        {{ url_path('named.page_url') }} as landing_page_path,
        named.page_title as landing_page_title,
        {% for part in ['url', 'title'] -%}
        case
            when last_contexts.session_key is null then named.page_{{ part }}
            else last_contexts.exit_page_{{ part }}
        end as exit_page_{{ part }},
        {% endfor -%}
        named.referrer_url,
        {{ referrer_medium() }} as referrer_medium,
        {{ referrer_source() }} as referrer_source,
        named.utm_source,
        named.utm_medium,
        named.utm_campaign,
        named.utm_term,
        named.utm_content,
        coalesce(named.device_type, named.told_device_type) as device_type,
        coalesce(named.operating_system, named.told_operating_system) as operating_system,
        coalesce(named.operating_system_version, named.told_operating_system_version)
            as operating_system_version,
        coalesce(named.browser, named.told_browser) as browser,
        coalesce(named.browser_version, named.told_browser_version) as browser_version,
        named.app_version,
        named.country,
        named.region,
        named.city,
        named.account_id,
        named.attributed_publisher,
        named.attributed_sub_publisher,
        named.attributed_site,
        named.attributed_campaign,
        named.attributed_ad_group,
        named.attributed_ad,
        named.page_views,
        named.is_bounce,
        named.revenue,
        named.purchases,
        named.cart_lines,
        named.offers_seen,
    from named
    left join last_contexts on named.session_key = last_contexts.session_key

)

select * from final
