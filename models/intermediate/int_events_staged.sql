{{ config(materialized='view') }}

with events as (

    select * from {{ ref('int_event_versions') }}
    where is_current

)

select * exclude (is_current, changed_at, _load_id, _file, _line) from events
