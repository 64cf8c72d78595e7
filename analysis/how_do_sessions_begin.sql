with flows as (

    select * from {{ ref('fct_flows') }}
    where event_sequence_number = 1

),

paths as (

    select
        source,
        concat_ws(' > ', event, event_2, event_3) as path,
        count(*) as sessions,
    from flows
    group by all

)

select
    source,
    path,
    sessions,
    round(100.0 * sessions / sum(sessions) over (partition by source), 1) as percent_of_sessions,
from paths
order by sessions desc, source, path
