{{ config(materialized='view') }}

{#- Where the vendor's repeated deliveries are, and what of them counts. -#}
with leanplum_events as (

    select distinct
        'leanplum' as source,
        app_id as session_scope,
        session_id as native_session_id,
        _load_id,
    from {{ ref('stg_leanplum__repeated_events') }}
    where not is_left_out

),

pendo_events as (

    select
        'pendo' as source,
        concat_ws('/', subscription_id, application_id) as event_scope,
        event_id,
        _load_id,
    from {{ ref('stg_pendo__repeated_events') }}
    where delivery_rank = 1

),

rudderstack_events as (

    select
        'rudderstack' as source,
        cast(null as varchar) as event_scope,
        id as event_id,
        _load_id,
    from {{ ref('stg_rudderstack__repeated_tracks') }}
    where delivery_rank = 1

),

snowplow_events as (

    select
        'snowplow' as source,
        cast(null as varchar) as event_scope,
        event_id,
        _load_id,
    from {{ ref('stg_snowplow__repeated_events') }}
    where delivery_rank = 1

),

events as (

    select * from pendo_events
    union all
    select * from rudderstack_events
    union all
    select * from snowplow_events

),

keyed as (

    select
        source,
        {{ content_key(['source', 'event_scope', 'event_id']) }} as event_key,
        cast(null as uuid) as native_session_key,
        _load_id,
    from events
    union all
    select
        source,
        cast(null as uuid) as event_key,
        {{ native_session_key() }} as native_session_key,
        _load_id,
    from leanplum_events

)

select * from keyed
