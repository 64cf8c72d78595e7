with metrics as (

    select * from {{ ref('fct_daily_metrics') }}

)

select
    day,
    source,
    app_id,
    active_visitors,
    first_time_visitors,
    active_visitors - first_time_visitors as returning_visitors,
    sessions,
    round(median_duration_minutes, 1) as median_minutes,
    events,
from metrics
order by source, app_id, day
