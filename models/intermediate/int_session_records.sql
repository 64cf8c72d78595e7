{{ config(materialized='view') }}

with records as (

    select * from {{ ref('int_session_record_versions') }}
    where is_current and {{ uses_session_method('native') }}

)

select * exclude (is_current, changed_at, _load_id, _file, _line) from records
