with accepted as (

    select
        source,
        'in the marts' as outcome,
        null as reason,
        count(*) as events,
    from {{ ref('fct_events') }}
    group by source

),

rejected as (

    select
        source,
        'rejected' as outcome,
        reason,
        count(*) as events,
    from {{ ref('int_events_rejected') }}
    group by all

),

outcomes as (

    select * from accepted
    union all
    select * from rejected

)

select * from outcomes
order by source, events desc, reason
