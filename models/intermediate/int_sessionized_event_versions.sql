{{
    config(
        materialized='incremental',
        unique_key='event_key',
        incremental_predicates=['is_current'],
        post_hook="{{ remember(changed_through([
            'int_event_versions', 'int_alias_versions', 'int_session_record_versions',
        ])) }}",
    )
}}

{%- set parents = ['int_event_versions', 'int_alias_versions', 'int_session_record_versions'] -%}
{%- set columns = [
    'source', 'event_id', 'alias_key', 'visitor_id', 'visitor_key', 'session_key', 'native_session_key', 'occurred_at',
    'lifecycle_at', 'started_at', 'previous_at', 'event_sequence_number', 'is_beyond_cap', 'staged_at',
] -%}

-- depends_on: {{ ref('int_events_to_place') }}, {{ ref('int_sessions_to_split') }}
with session_records as (

    select * from {{ ref('int_session_records') }}

),

{% if is_incremental() -%}
to_place as (

    select * from {{ ref('int_events_to_place') }}

),

to_split as (

    select * from {{ ref('int_sessions_to_split') }}

),

former as (

    select
        known.*,
        to_split.started_at as split_started_at,
        to_split.is_tail,
        to_split.is_tail and known.occurred_at < to_split.first_point_at as is_context,
    from {{ this }} as known
    inner join to_split on known.session_key = to_split.session_key
    where known.is_current and known.occurred_at >= to_split.reads_from

),

stream as (

    select
        event_key,
        source,
        event_id,
        alias_key,
        visitor_id,
        visitor_key,
        native_session_key,
        occurred_at,
        lifecycle_at,
        staged_at,
        session_key as former_session_key,
        split_started_at,
        is_tail,
        is_context,
    from former
    where event_key not in (select event_key from to_place)
    union all
    select
        to_place.event_key,
        to_place.source,
        to_place.event_id,
        to_place.alias_key,
        to_place.visitor_id,
        to_place.visitor_key,
        to_place.native_session_key,
        to_place.occurred_at,
        to_place.lifecycle_at,
        to_place.staged_at,
        cast(null as uuid) as former_session_key,
        to_split.started_at as split_started_at,
        coalesce(to_split.is_tail, false) as is_tail,
        false as is_context,
    from to_place
    left join to_split on to_place.native_session_key = to_split.session_key
    where to_place.is_accepted

),
{%- else -%}
events as (

    select * from {{ ref('int_event_versions') }}
    where is_current and reason is null

),

aliases as (

    select * from {{ ref('int_aliases') }}

),

stream as (

    select
        events.event_key,
        events.source,
        events.event_id,
        aliases.alias_key,
        aliases.visitor_id,
        aliases.visitor_key,
        events.native_session_key,
        events.occurred_at,
        events.{{ lifecycle_time() }} as lifecycle_at,
        events.changed_at as staged_at,
        cast(null as uuid) as former_session_key,
        cast(null as timestamp) as split_started_at,
        false as is_tail,
        false as is_context,
    from events
    inner join aliases
        on
            events.source = aliases.source
            and coalesce(events.user_id, events.anonymous_id) = aliases.alias

),
{%- endif %}

{% if is_incremental() -%}
-- Where only the tail of a session is read, the first event of it goes on with the session it was in.
anchors as (

    select {{ value_of_first('event_key', event_order()) }} as event_key
    from stream
    where is_tail and former_session_key is not null and {{ uses_session_method('idle') }}
    group by former_session_key

),

{% endif -%}
idle_gaps as (

    select
        *,
        {{ "event_key in (select event_key from anchors)" if is_incremental() else 'false' }} as is_anchor,
        lag(occurred_at) over (
            partition by visitor_key order by {{ event_order() | join(', ') }}
        ) as stream_previous_at,
    from stream
    where {{ uses_session_method('idle') }}

),

idle_splits as (

    select
        *,
        sum(
            case
                when is_anchor or {{ starts_idle_session('occurred_at', 'stream_previous_at') }} then 1
                else 0
            end
        ) over (
            partition by visitor_key
            order by {{ event_order() | join(', ') }}
            rows between unbounded preceding and current row
        ) as split_number,
    from idle_gaps

),

idle_sessions as (

    select
        *,
        first_value(is_anchor) over split_stream as goes_on,
        first_value(event_key) over split_stream as first_event_key,
        first_value(former_session_key) over split_stream as anchor_session_key,
        first_value(split_started_at) over split_stream as anchor_started_at,
        min(lifecycle_at) over (
            partition by visitor_key, split_number
            order by {{ event_order() | join(', ') }}
            rows between unbounded preceding and unbounded following
        ) as first_at,
        lag(occurred_at) over split_stream as previous_at,
    from idle_splits
    window split_stream as (partition by visitor_key, split_number order by {{ event_order() | join(', ') }})

),

native_sessions as (

    select
        stream.*,
        {{ recorded_start('session_records.started_at') }} as recorded_start,
        min(stream.lifecycle_at) over (partition by stream.native_session_key) as first_at,
        lag(stream.occurred_at) over (
            partition by stream.native_session_key
            order by stream.occurred_at, stream.event_id, stream.event_key
        ) as previous_at,
    from stream
    left join session_records on stream.native_session_key = session_records.session_key
    where {{ uses_session_method('native', 'stream.source') }}

),

sessionized as (

    select
        event_key,
        source,
        event_id,
        alias_key,
        visitor_id,
        visitor_key,
        case
            when goes_on then anchor_session_key
            else {{ idle_session_key('first_event_key') }}
        end as session_key,
        native_session_key,
        occurred_at,
        lifecycle_at,
        case when goes_on then anchor_started_at else first_at end as started_at,
        previous_at,
        staged_at,
        is_context,
    from idle_sessions
    union all
    select
        event_key,
        source,
        event_id,
        alias_key,
        visitor_id,
        visitor_key,
        native_session_key as session_key,
        native_session_key,
        occurred_at,
        lifecycle_at,
        case when is_tail then split_started_at else coalesce(recorded_start, first_at) end as started_at,
        previous_at,
        staged_at,
        is_context,
    from native_sessions

),

capped as (

    select
        *,
        {{ is_beyond_session_cap('lifecycle_at', 'started_at') }} as is_beyond_cap,
    from sessionized

),

numbered as (

    select
        event_key,
        source,
        event_id,
        alias_key,
        visitor_id,
        visitor_key,
        session_key,
        native_session_key,
        occurred_at,
        lifecycle_at,
        started_at,
        case when not is_beyond_cap then previous_at end as previous_at,
        case
            when not is_beyond_cap then row_number() over (
                partition by session_key, is_beyond_cap order by {{ event_order() | join(', ') }}
            )
        end as event_sequence_number,
        is_beyond_cap,
        staged_at,
        is_context,
    from capped

),

{% if is_incremental() -%}
present as (

    select * from numbered
    where not is_context

),

replaced as (

    select * from former
    where not is_context

),

{{ changes('present', 'replaced', 'event_key', columns, changed_through(parents)) }}
{%- else -%}
changes as (

    select
        event_key,
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        true as is_current,
        staged_at as changed_at,
    from numbered

)
{%- endif %}

select * from changes
