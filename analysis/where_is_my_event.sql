with accepted as (

    select
        source,
        'in the marts' as outcome,
        null as reason,
        count(*) as events,
    from {{ ref('fct_events') }}
    group by source

),

rejected_by_rule as (

    select
        source,
        'rejected' as outcome,
        reason,
        count(*) as events,
    from {{ ref('int_events_staged') }}
    where reason is not null
    group by source, reason

),

-- Counted where the cap is known: `int_events_rejected` looks the texts of these events up.
rejected_by_cap as (

    select
        source,
        'rejected' as outcome,
        'beyond_session_cap' as reason,
        count(*) as events,
    from {{ ref('int_events_sessionized') }}
    where is_beyond_cap
    group by source

),

outcomes as (

    select * from accepted
    union all
    select * from rejected_by_rule
    union all
    select * from rejected_by_cap

)

select * from outcomes
order by source, events desc, reason
