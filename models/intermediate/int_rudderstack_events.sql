{{ config(materialized='view') }}

with tracks as (

    select * from {{ ref('stg_rudderstack__tracks') }}

),

shaped as (

    select
        'rudderstack' as source,
        coalesce(context_source_id, source_id) as app_id,
        id as event_id,
        anonymous_id,
        user_id,
        cast(context_session_id as varchar) as native_session_id,
        -- The tracker numbers sessions by their start second: unique only together with the device.
        anonymous_id as session_scope,
        cast(null as varchar) as event_scope,
        event as event_name,
        "timestamp" as occurred_at,
        original_timestamp as created_at,
        sent_at,
        received_at,
        _loaded_at as loaded_at,
        false as is_excluded,
        _load_id,
        _file,
        _line,
    from tracks

)

select * from shaped
