{{ config(materialized='view') }}

with events as (

    select * from {{ ref('stg_snowplow__events') }}

),

shaped as (

    select
        'snowplow' as source,
        app_id,
        event_id,
        domain_userid as anonymous_id,
        user_id,
        domain_sessionid as native_session_id,
        cast(null as varchar) as session_scope,
        cast(null as varchar) as event_scope,
        event_name,
        derived_tstamp as occurred_at,
        dvce_created_tstamp as created_at,
        dvce_sent_tstamp as sent_at,
        collector_tstamp as received_at,
        _loaded_at as loaded_at,
        false as is_excluded,
        _load_id,
        _file,
        _line,
    from events

)

select * from shaped
