{{ config(materialized='view') }}

with sessions as (

    select * from {{ ref('int_session_versions') }}
    where is_current

)

select * exclude (is_current, changed_at, recorded_at) from sessions
