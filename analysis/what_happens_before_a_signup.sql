with flows as (

    select * from {{ ref('fct_flows') }}

),

steps_to_signup as (

    select
        source,
        event as first_step,
        event_2 as second_step,
        session_key,
    from flows
    where event_3 = 'signup'

)

select
    source,
    first_step,
    second_step,
    count(*) as times,
    count(distinct session_key) as sessions,
from steps_to_signup
group by all
order by times desc, source, first_step, second_step
