{{ config(materialized='view') }}

with events as (

    select * from {{ ref('int_sessionized_event_versions') }}
    where is_current

)

select * exclude (is_current, changed_at, staged_at) from events
