with staged as (

    select event_key from {{ ref('int_events_staged') }}

),

settled as (

    select event_key from {{ ref('int_events') }}
    union all
    select event_key from {{ ref('int_events_rejected') }}

),

differences as (

    select
        coalesce(staged.event_key, settled.event_key) as event_key,
        count(staged.event_key) as times_staged,
        count(settled.event_key) as times_settled,
    from staged
    full outer join settled on staged.event_key = settled.event_key
    group by 1

)

select * from differences
where times_staged <> 1 or times_settled <> 1
