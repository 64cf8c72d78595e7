{{ config(materialized='view') }}

with events as (

    select * from {{ ref('stg_pendo__events') }}

),

shaped as (

    select
        'pendo' as source,
        app_id,
        event_id,
        case when {{ is_anonymous_pendo_visitor('visitor_id') }} then visitor_id end as anonymous_id,
        case when not {{ is_anonymous_pendo_visitor('visitor_id') }} then visitor_id end as user_id,
        {{ json_string('record', '$.analyticsSessionId') }} as native_session_id,
        app_id as session_scope,
        concat_ws('/', subscription_id, app_id) as event_scope,
        event_type as event_name,
        occurred_at,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as sent_at,
        received_at,
        _loaded_at as loaded_at,
        {{ is_excluded_from_pendo('visitor_id', 'account_id', 'url', json_string('record', '$.remoteIp')) }}
            as is_excluded,
        _load_id,
        _file,
        _line,
    from events

)

select * from shaped
