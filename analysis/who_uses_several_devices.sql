with visitors as (

    select * from {{ ref('dim_visitors') }}
    where number_of_aliases > 2

)

select
    source,
    visitor_id,
    number_of_aliases,
    aliases,
    number_of_sessions,
    total_events,
from visitors
order by number_of_aliases desc, total_events desc, source, visitor_id
