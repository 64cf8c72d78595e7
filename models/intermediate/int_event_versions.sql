{{
    config(
        materialized='incremental',
        unique_key='event_key',
        incremental_predicates=['is_current'],
        contract={'enforced': true},
        post_hook="{{ remember(changed_through(" ~ [
            'stg_pendo__repeated_events', 'stg_rudderstack__repeated_tracks', 'stg_snowplow__repeated_events',
            'stg_leanplum__repeated_events', 'int_session_record_versions',
        ] ~ ")) }}",
    )
}}

{%- set parents = [
    'stg_pendo__repeated_events', 'stg_rudderstack__repeated_tracks', 'stg_snowplow__repeated_events',
    'stg_leanplum__repeated_events', 'int_session_record_versions',
] -%}
{%- set vendors = ['leanplum', 'monetate', 'pendo', 'rudderstack', 'snowplow'] -%}
{%- set columns = [
    'source', 'app_id', 'event_id', 'anonymous_id', 'user_id', 'native_session_id', 'event_name', 'occurred_at',
    'created_at', 'sent_at', 'received_at', 'loaded_at', 'native_session_key', 'reason', '_load_id',
    '_file', '_line',
] -%}

-- depends_on: {{ ref('int_counting_deliveries') }}, {{ ref('int_session_record_versions') }}
with loads as (

    select * from {{ ref('stg_ledger__loads') }}

),

{% if is_incremental() -%}
records as (

    select * from {{ ref('int_session_record_versions') }}

),

changed_loads as (

    select load_id from loads
    where {{ is_news_for('int_event_versions', parents) }}
    {%- if checked_var('reprocess') %}
    union
    select _load_id as load_id from {{ this }}
    where is_current and {{ is_reprocessed() }}
    {%- endif %}

),

-- Redelivered sessions replace their events with them.
changed_sessions as (

    select
        session_key,
        _load_id,
        is_current,
    from records
    where {{ is_news_for('int_event_versions', parents) }}

),

shaken as (

    select
        event_key,
        native_session_key,
    from {{ this }}
    where is_current and _load_id in (select load_id from changed_loads)

),

-- Where an event's row may have gone, an earlier delivery of it may count again.
resurfacing as (

    select
        event_key,
        native_session_key,
        _load_id,
    from {{ ref('int_counting_deliveries') }}
    where
        (
            event_key in (select event_key from shaken)
            or native_session_key in (select native_session_key from shaken)
        )
        and _load_id not in (select load_id from changed_loads)

),

read_loads as (

    select load_id from changed_loads
    union
    select _load_id as load_id from changed_sessions
    where is_current
    union
    select _load_id as load_id from resurfacing

),

{% endif -%}
{% for vendor in vendors %}
{{- vendor }}_events as (

    select * from {{ ref('int_' ~ vendor ~ '_events') }}
    {%- if is_incremental() %}
    where _load_id in (select load_id from read_loads)
    {%- endif %}

),

{% endfor -%}
events as (
    {% for vendor in vendors %}
    select * from {{ vendor }}_events
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

),

judged as (

    select
        source,
        app_id,
        event_id,
        anonymous_id,
        user_id,
        native_session_id,
        event_name,
        occurred_at,
        created_at,
        sent_at,
        received_at,
        loaded_at,
        {{ content_key(['source', 'event_scope', 'event_id']) }} as event_key,
        case when native_session_id is not null then {{ native_session_key() }} end as native_session_key,
        {{ rejection_reason() }} as reason,
        _load_id,
        _file,
        _line,
    from events

),

{% if is_incremental() -%}
staged as (

    select * from judged
    where
        _load_id in (select load_id from changed_loads)
        or event_key in (select event_key from resurfacing)
        or native_session_key in (select native_session_key from resurfacing)
        or native_session_key in (select session_key from changed_sessions)

),

-- Found by its keys first: reading the texts of every event to drop nearly all of them takes most of a run.
former_rows as (

    select {{ row_locator('event_key') }} as row_locator from {{ this }}
    where is_current and _load_id in (select load_id from changed_loads)
    union
    select {{ row_locator('event_key') }} as row_locator from {{ this }}
    where
        is_current
        and event_key in (
            select event_key from staged
            where {{ is_sought('event_key') }}
        )
    union
    select {{ row_locator('event_key') }} as row_locator from {{ this }}
    where
        is_current
        and native_session_key in (
            select session_key from changed_sessions
            where {{ is_sought('session_key') }}
        )
    union
    -- All events of a Leanplum session are of one delivery: those of the one before leave, also without a record.
    select {{ row_locator('event_key') }} as row_locator from {{ this }}
    where
        is_current
        and source = 'leanplum'
        and native_session_key in (select native_session_key from staged where source = 'leanplum')

),

former as (

    select * from {{ this }}
    where is_current and {{ row_locator('event_key') }} in (select row_locator from former_rows)

),

{{ changes('staged', 'former', 'event_key', columns, changed_through(parents)) }}
{%- else -%}
load_changes as (

    select
        load_id,
        max(changed_at) as changed_at,
    from loads
    group by load_id

),

changes as (

    select
        judged.event_key,
        {%- for column in columns %}
        judged.{{ column }},
        {%- endfor %}
        true as is_current,
        load_changes.changed_at,
    from judged
    inner join load_changes on judged._load_id = load_changes.load_id

)
{%- endif %}

select * from changes
