{{ config(materialized='view') }}

with changes as (

    select * from {{ ref('session_changes') }}

),

limits as (

    select * from {{ ref('run_limits') }}

),

manifest as (

    select * from {{ ref('sessions_lifecycle_manifest') }}

),

final as (

    select
        manifest.session_id,
        manifest.session_key,
        manifest.source,
        manifest.visitor_id,
        manifest.visitor_key,
        manifest.start_tstamp,
        {%- if uses_clock('loaded_at') %}
        manifest.end_tstamp,
        {%- else %}
        least(manifest.end_tstamp, limits.upper_limit) as end_tstamp,
        {%- endif %}
        changes.changed_at,
        changes.is_forced,
    from manifest
    inner join changes on manifest.session_key = changes.session_key
    cross join limits

)

select * from final
