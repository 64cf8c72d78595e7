with leanplum_sessions as (

    select * from {{ ref('stg_leanplum__sessions') }}

),

monetate_sessions as (

    select * from {{ ref('stg_monetate__sessions') }}

),

leanplum_records as (

    select
        'leanplum' as source,
        app_id,
        session_id as native_session_id,
        app_id as session_scope,
        device_id as anonymous_id,
        nullif(user_id, device_id) as user_id,
        started_at,
        {{ add_seconds('started_at', 'coalesce(duration_seconds, 0)') }} as ended_at,
        is_session as is_interaction,
        _loaded_at as loaded_at,
    from leanplum_sessions

),

monetate_records as (

    select
        'monetate' as source,
        cast(account_id as varchar) as app_id,
        session_id as native_session_id,
        cast(null as varchar) as session_scope,
        guid as anonymous_id,
        customer_id as user_id,
        start_time as started_at,
        coalesce(end_time, start_time) as ended_at,
        true as is_interaction,
        _loaded_at as loaded_at,
    from monetate_sessions

),

records as (

    select * from leanplum_records
    union all
    select * from monetate_records

),

keyed as (

    select
        *,
        {{ native_session_key() }} as session_key,
        {{ is_of_other_app('app_id') }} as is_rejected,
    from records
    where {{ uses_session_method('native') }}

)

select * from keyed
