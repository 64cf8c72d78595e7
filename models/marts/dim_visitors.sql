with sessions as (

    select * from {{ ref('fct_sessions') }}
    where visitor_id is not null

),

events as (

    select * from {{ ref('fct_events') }}

),

aliases as (

    select * from {{ ref('int_aliases') }}

),

session_totals as (

    select
        source,
        visitor_id,
        min(started_at) filter (where is_interaction) as first_session_at,
        max(started_at) filter (where is_interaction) as last_session_at,
        count(*) filter (where is_interaction) as number_of_sessions,
        {{ total_minutes('started_at', 'ended_at', 'is_interaction') }} as total_session_minutes,
    from sessions
    group by all

),

event_totals as (

    select
        source,
        visitor_id,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at,
        count(*) as total_events,
    from events
    group by all

),

alias_lists as (

    select
        source,
        visitor_id,
        {{ distinct_list('alias') }} as aliases,
        count(*) as number_of_aliases,
    from aliases
    group by all

),

visitors as (

    select
        source,
        visitor_id,
    from session_totals
    union
    select
        source,
        visitor_id,
    from event_totals

),

final as (

    select
        {{ content_key(['visitors.source', 'visitors.visitor_id']) }} as visitor_key,
        visitors.source,
        visitors.visitor_id,
        session_totals.first_session_at,
        session_totals.last_session_at,
        coalesce(session_totals.number_of_sessions, 0) as number_of_sessions,
        coalesce(session_totals.total_session_minutes, 0) as total_session_minutes,
        event_totals.first_event_at,
        event_totals.last_event_at,
        coalesce(event_totals.total_events, 0) as total_events,
        coalesce(alias_lists.aliases, [visitors.visitor_id]) as aliases,
        coalesce(alias_lists.number_of_aliases, 1) as number_of_aliases,
    from visitors
    left join session_totals using (source, visitor_id)
    left join event_totals using (source, visitor_id)
    left join alias_lists using (source, visitor_id)

)

select * from final
