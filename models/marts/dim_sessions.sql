{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ replace_due('dim_sessions', 'session_changes', 'session_key') }}",
        post_hook="{{ remember_success() }}",
    )
}}

-- depends_on: {{ ref('session_changes') }}, {{ ref('run_limits') }}, {{ ref('events_this_run') }}
{% if is_incremental() and is_level() -%}
{#- To write the contexts out takes dbt longer than all else does in a run with nothing new. -#}
select * from {{ this }}
where false
{%- else -%}
with
{% if is_incremental() -%}
due as (

    select session_key from {{ ref('session_changes') }}
    where {{ is_due_for('dim_sessions') }}

),

{% endif -%}
sessions as (

    select * from {{ ref('fct_sessions') }}
    {%- if is_incremental() %}
    where
        session_key in (
            select session_key from due
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

events as (

    select * from {{ ref('fct_events') }}
    where source = 'snowplow'
    {%- if is_incremental() %}
        and session_key in (
            select session_key from due
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

firsts as (

    select
        session_key,
        is_first_interaction,
    from {{ ref('int_sessions') }}

),

contexts as (

    select * from {{ ref('session_contexts') }}

),

pages as (

    select * from {{ ref('page_activity') }}

),

event_totals as (

    select
        session_key,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at,
        -- A ping says that somebody is still there, not that anything was done.
        count(case when event_name is distinct from 'page_ping' then 1 end) as acts,
    from events
    group by session_key

),

final as (

    select
        sessions.session_key,
        sessions.source,
        sessions.app_id,
        sessions.visitor_key,
        sessions.day,
        sessions.is_interaction,
        contexts.landing_page_url,
        contexts.landing_page_path,
        contexts.landing_page_title,
        contexts.exit_page_url,
        {{ url_path('contexts.exit_page_url') }} as exit_page_path,
        contexts.exit_page_title,
        contexts.referrer_url,
        contexts.referrer_medium,
        contexts.referrer_source,
        contexts.utm_source,
        contexts.utm_medium,
        contexts.utm_campaign,
        contexts.utm_term,
        contexts.utm_content,
        contexts.device_type,
        contexts.operating_system,
        contexts.operating_system_version,
        contexts.browser,
        contexts.browser_version,
        contexts.app_version,
        contexts.country,
        contexts.region,
        contexts.city,
        sessions.first_event,
        sessions.last_event,
        case
            when sessions.is_interaction
                then coalesce(contexts.is_bounce, coalesce(event_totals.acts, sessions.event_count) <= 1)
        end as is_bounce,
        firsts.is_first_interaction as is_new_visitor,
        case when sessions.source = 'snowplow' then coalesce(pages.page_views, 0) else contexts.page_views end
            as page_views,
        case when sessions.source = 'snowplow' then coalesce(pages.engaged_seconds, 0) end as engaged_seconds,
        case
            when sessions.source = 'snowplow' then least(event_totals.first_event_at, pages.visited_from)
        end as visited_from,
        case
            when sessions.source = 'snowplow'
                then {{ clock_seconds_between(
                    'least(event_totals.first_event_at, pages.visited_from)', 'event_totals.last_event_at'
                ) }}
        end as absolute_seconds,
        contexts.revenue,
        contexts.purchases,
        contexts.cart_lines,
        contexts.offers_seen,
        contexts.attributed_publisher,
        contexts.attributed_sub_publisher,
        contexts.attributed_site,
        contexts.attributed_campaign,
        contexts.attributed_ad_group,
        contexts.attributed_ad,
        contexts.account_id,
    from sessions
    left join firsts on sessions.session_key = firsts.session_key
    left join contexts on sessions.session_key = contexts.session_key
    left join pages on sessions.session_key = pages.session_key
    left join event_totals on sessions.session_key = event_totals.session_key

)

select * from final
{%- endif %}
