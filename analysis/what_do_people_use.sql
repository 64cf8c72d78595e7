with sessions as (

    select * from {{ ref('dim_sessions') }}
    where is_interaction

),

devices as (

    select
        source,
        device_type,
        operating_system,
        browser,
        count(*) as sessions,
        count(distinct visitor_key) as visitors,
        round(100.0 * count(*) filter (where is_bounce) / count(*), 1) as percent_bounced,
    from sessions
    group by all

)

select
    *,
    round(100.0 * sessions / sum(sessions) over (partition by source), 1) as percent_of_sessions,
from devices
order by source, sessions desc, device_type, operating_system, browser
