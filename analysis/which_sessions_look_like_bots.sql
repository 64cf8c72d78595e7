with quarantined as (

    select * from {{ ref('quarantined_sessions') }}

),

sessions as (

    select * from {{ ref('fct_sessions') }}

)

select
    quarantined.source,
    quarantined.session_id,
    quarantined.visitor_id,
    sessions.started_at,
    sessions.event_count as events_kept,
    quarantined.rejected_event_count as events_rejected,
    round(sessions.event_count / nullif(sessions.duration_minutes / 60, 0), 1) as events_per_hour,
from quarantined
inner join sessions on quarantined.session_key = sessions.session_key
order by events_rejected desc, quarantined.source, quarantined.session_id
