with records as (

    select session_key from {{ ref('int_session_records') }}
    where not is_rejected

),

sessions as (

    select session_key from {{ ref('fct_sessions') }}

)

select
    records.session_key,
    count(sessions.session_key) as sessions,
from records
left join sessions on records.session_key = sessions.session_key
group by records.session_key
having count(sessions.session_key) <> 1
