{{ config(materialized='view') }}

with aliases as (

    select * from {{ ref('int_alias_versions') }}
    where is_current

)

select * exclude (decided_at, decided_by, decided_key, is_current, changed_at) from aliases
