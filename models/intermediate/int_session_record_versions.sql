{{
    config(
        materialized='incremental',
        unique_key='session_key',
        incremental_predicates=['is_current'],
        post_hook="{{ remember(changed_through(['stg_leanplum__repeated_sessions', 'stg_monetate__repeated_sessions'])) }}",
    )
}}

{%- set parents = ['stg_leanplum__repeated_sessions', 'stg_monetate__repeated_sessions'] -%}
{%- set columns = [
    'source', 'app_id', 'native_session_id', 'anonymous_id', 'user_id', 'started_at', 'ended_at', 'is_interaction',
    'is_rejected', 'loaded_at', '_load_id', '_file', '_line',
] -%}

-- depends_on: {{ ref('stg_leanplum__repeated_sessions') }}, {{ ref('stg_monetate__repeated_sessions') }}
with loads as (

    select * from {{ ref('stg_ledger__loads') }}

),

leanplum_sessions as (

    select * from {{ ref('stg_leanplum__sessions') }}

),

monetate_sessions as (

    select * from {{ ref('stg_monetate__sessions') }}

),

{% if is_incremental() -%}
changed_loads as (

    select load_id from loads
    where {{ is_news_for('int_session_record_versions', parents) }}
    {%- if checked_var('reprocess') %}
    union
    select _load_id as load_id from {{ this }}
    where is_current and {{ is_reprocessed('started_at') }}
    {%- endif %}

),

known as (

    select * from {{ this }}
    where is_current

),

-- Where a session's row may have gone, an earlier delivery of it may count again.
winners as (

    select
        'leanplum' as source,
        app_id as session_scope,
        session_id as native_session_id,
        _load_id,
    from {{ ref('stg_leanplum__repeated_sessions') }}
    where delivery_rank = 1
    union all
    select
        'monetate' as source,
        cast(null as varchar) as session_scope,
        session_id as native_session_id,
        _load_id,
    from {{ ref('stg_monetate__repeated_sessions') }}
    where delivery_rank = 1

),

read_loads as (

    select load_id from changed_loads
    union
    select winners._load_id as load_id
    from winners
    inner join known
        on
            winners.source = known.source
            and {{ native_session_key('winners') }} = known.session_key
    where known._load_id in (select load_id from changed_loads)

),

{% endif -%}
leanplum_records as (

    select
        'leanplum' as source,
        app_id,
        session_id as native_session_id,
        app_id as session_scope,
        device_id as anonymous_id,
        -- Without a login the vendor repeats the device as the user.
        nullif(user_id, device_id) as user_id,
        started_at,
        {{ add_seconds('started_at', 'coalesce(duration_seconds, 0)') }} as ended_at,
        is_session as is_interaction,
        _loaded_at as loaded_at,
        _load_id,
        _file,
        _line,
    from leanplum_sessions
    {%- if is_incremental() %}
    where _load_id in (select load_id from read_loads)
    {%- endif %}

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
        _load_id,
        _file,
        _line,
    from monetate_sessions
    {%- if is_incremental() %}
    where _load_id in (select load_id from read_loads)
    {%- endif %}

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
        {{ is_of_other_app('app_id') }} or {{ is_before_start('loaded_at') }} as is_rejected,
    from records

),

{% if is_incremental() -%}
former as (

    select * from known
    where
        _load_id in (select load_id from changed_loads)
        or session_key in (select session_key from keyed)

),

{{ changes('keyed', 'former', 'session_key', columns, changed_through(parents)) }}
{%- else -%}
changes as (

    select
        keyed.session_key,
        {%- for column in columns %}
        keyed.{{ column }},
        {%- endfor %}
        true as is_current,
        loads.changed_at,
    from keyed
    inner join loads
        on
            keyed._load_id = loads.load_id
            and loads.raw_table = keyed.source || '_sessions'

)
{%- endif %}

select * from changes
