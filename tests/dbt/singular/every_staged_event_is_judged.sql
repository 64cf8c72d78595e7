with staged as (

    select
        'leanplum' as source,
        count(*) as events,
    from {{ ref('stg_leanplum__events') }}
    union all
    select
        'pendo' as source,
        count(*) as events,
    from {{ ref('stg_pendo__events') }}
    union all
    select
        'rudderstack' as source,
        count(*) as events,
    from {{ ref('stg_rudderstack__tracks') }}
    union all
    select
        'snowplow' as source,
        count(*) as events,
    from {{ ref('stg_snowplow__events') }}

),

judged as (

    select
        source,
        count(*) as events,
    from {{ ref('int_events_staged') }}
    group by source

)

select
    staged.source,
    staged.events as staged_events,
    coalesce(judged.events, 0) as judged_events,
from staged
left join judged on staged.source = judged.source
where staged.events <> coalesce(judged.events, 0)
