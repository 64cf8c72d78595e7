with contexts as (

    select * from {{ ref('dim_sessions') }}
    where is_interaction and coalesce(utm_source, utm_medium, utm_campaign) is not null

),

sessions as (

    select
        session_key,
        visitor_key,
        duration_minutes,
        event_count,
    from {{ ref('fct_sessions') }}

),

campaigns as (

    select
        contexts.source,
        contexts.utm_source,
        contexts.utm_medium,
        contexts.utm_campaign,
        count(*) as sessions,
        count(distinct sessions.visitor_key) as visitors,
        count(*) filter (where contexts.is_new_visitor) as first_sessions,
        round(100.0 * count(*) filter (where contexts.is_bounce) / count(*), 1) as percent_bounced,
        round(median(sessions.duration_minutes), 1) as median_minutes,
        round(avg(sessions.event_count), 1) as events_per_session,
    from contexts
    inner join sessions on contexts.session_key = sessions.session_key
    group by all

)

select * from campaigns
order by sessions desc, source, utm_source, utm_medium, utm_campaign
