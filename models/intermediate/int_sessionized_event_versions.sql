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
    'source', 'alias_key', 'visitor_key', 'session_key', 'occurred_at', 'lifecycle_at', 'started_at',
    'previous_at', 'event_sequence_number', 'is_beyond_cap', 'staged_at',
] -%}

{#- Named while dbt reads the project: to write them out takes longer than all else where nothing is new. -#}
{% if not execute -%}
-- depends_on: {{ ref('int_events_to_place') }}, {{ ref('int_sessions_to_split') }}
{%- endif %}
{% if is_incremental() and is_level() -%}
select * from {{ this }}
where false
{%- else -%}
with session_records as (

    select * from {{ ref('int_session_records') }}

),

aliases as (

    select * from {{ ref('int_aliases') }}

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
    where
        known.is_current
        and known.session_key in (
            select session_key from to_split
            where {{ is_sought('session_key') }}
        )
        and known.occurred_at >= to_split.reads_from

),

stream as (

    select
        event_key,
        alias_key,
        {{ stream_key('source', 'visitor_key', 'session_key') }} as stream_key,
        {{ uses_session_method('idle') }} as is_idle,
        occurred_at,
        lifecycle_at,
        staged_at,
        session_key as former_session_key,
        event_sequence_number as former_number,
        split_started_at,
        is_tail,
        is_context,
    from former
    where event_key not in (select event_key from to_place)
    union all
    select
        to_place.event_key,
        to_place.alias_key,
        {{ stream_key('to_place.source', 'to_place.visitor_key', 'to_place.native_session_key') }} as stream_key,
        {{ uses_session_method('idle', 'to_place.source') }} as is_idle,
        to_place.occurred_at,
        to_place.lifecycle_at,
        to_place.staged_at,
        cast(null as uuid) as former_session_key,
        cast(null as bigint) as former_number,
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

stream as (

    select
        events.event_key,
        aliases.alias_key,
        {{ stream_key('events.source', 'aliases.visitor_key', 'events.native_session_key') }} as stream_key,
        {{ uses_session_method('idle', 'events.source') }} as is_idle,
        events.occurred_at,
        events.{{ lifecycle_time() }} as lifecycle_at,
        events.changed_at as staged_at,
    from events
    inner join aliases
        on
            events.source = aliases.source
            and coalesce(events.user_id, events.anonymous_id) = aliases.alias

),
{%- endif %}

-- What shares its moment with another event of the stream has no order yet, or the one it had.
ranked as (

    select
        *,
        lag(occurred_at) over stream_order as before_at,
        lead(occurred_at) over stream_order as after_at,
        rank() over stream_order as stream_rank,
    from stream
    window stream_order as (
        partition by stream_key order by occurred_at{{ ', former_number' if is_incremental() }}
    )

),

sharing as (

    select * from ranked
    where before_at = occurred_at or after_at = occurred_at

),

{% if is_incremental() -%}
shared_moments as (

    select
        stream_key,
        occurred_at,
    from sharing
    group by stream_key, occurred_at
    having count(former_number) < count(*)

),

tied as (

    select sharing.*
    from sharing
    inner join shared_moments
        on sharing.stream_key = shared_moments.stream_key and sharing.occurred_at = shared_moments.occurred_at

),

told_ids as (

    select
        event_key,
        event_id,
    from to_place
    where event_id is not null

),

untold as (

    select event_key from tied
    where event_key not in (select event_key from told_ids)

),

ids as (

    select * from told_ids
    union all
    select
        event_key,
        event_id,
    from {{ ref('int_event_versions') }}
    where
        is_current
        and event_key in (
            select event_key from untold
            where {{ is_sought('event_key') }}
        )

),
{%- else -%}
tied as (

    select * from sharing

),

ids as (

    select
        event_key,
        event_id,
    from {{ ref('int_event_versions') }}
    where is_current

),
{%- endif %}

-- Only here do the events' ids decide which comes first, once and for all.
ties as (

    select
        tied.event_key,
        row_number() over (moment order by ids.event_id, tied.event_key) as tie_number,
        min(tied.stream_rank) over moment as first_rank,
        min(tied.before_at) over moment as before_at,
    from tied
    inner join ids on tied.event_key = ids.event_key
    window moment as (partition by tied.stream_key, tied.occurred_at)

),

ordered as (

    select
        ranked.* exclude (before_at, after_at, stream_rank),
        coalesce(ties.first_rank + ties.tie_number - 1, ranked.stream_rank) as stream_position,
        case
            when ties.tie_number > 1 then ranked.occurred_at
            when ties.first_rank > 1 then ties.before_at
            when ties.first_rank is null then ranked.before_at
        end as stream_previous_at,
    from ranked
    left join ties on ranked.event_key = ties.event_key

),

{% if is_incremental() -%}
-- Where only the tail of a session is read, the first event of it goes on with the session it was in.
anchors as (

    select {{ value_of_first('event_key', ['stream_position']) }} as event_key
    from ordered
    where is_tail and former_session_key is not null and is_idle
    group by former_session_key

),

starting as (

    select
        *,
        event_key in (select event_key from anchors) as is_anchor,
        event_key in (select event_key from anchors) or {{ starts_session() }} as starts_session,
    from ordered

),
{%- else -%}
starting as (

    select
        *,
        {{ starts_session() }} as starts_session,
    from ordered

),
{%- endif %}

split as (

    select
        *,
        max(case when starts_session then stream_position end) over (
            partition by stream_key
            order by stream_position
            rows between unbounded preceding and current row
        ) as first_position,
    from starting

),

sessions as (

    select
        stream_key,
        first_position,
        any_value(is_idle) as is_idle,
        {{ the_one('event_key', 'starts_session') }} as first_event_key,
        min(lifecycle_at) as first_at,
        {%- if is_incremental() %}
        {{ the_one('is_anchor', 'starts_session') }} as goes_on,
        {{ the_one('is_tail', 'starts_session') }} as is_tail,
        {{ the_one('former_session_key', 'starts_session') }} as former_session_key,
        {{ the_one('split_started_at', 'starts_session') }} as split_started_at,
        {%- else %}
        false as goes_on,
        false as is_tail,
        cast(null as uuid) as former_session_key,
        cast(null as timestamp) as split_started_at,
        {%- endif %}
    from split
    group by stream_key, first_position

),

idle_sessions as (

    select
        stream_key,
        first_position,
        case
            when goes_on then former_session_key
            else {{ idle_session_key('first_event_key') }}
        end as session_key,
        case when goes_on then split_started_at else first_at end as started_at,
    from sessions
    where is_idle

),

native_sessions as (

    select
        sessions.stream_key,
        sessions.first_position,
        sessions.stream_key as session_key,
        case
            when sessions.is_tail then sessions.split_started_at
            else coalesce({{ recorded_start('session_records.started_at') }}, sessions.first_at)
        end as started_at,
    from sessions
    left join session_records on sessions.stream_key = session_records.session_key
    where not sessions.is_idle

),

identified_sessions as (

    select * from idle_sessions
    union all
    select * from native_sessions

),

-- Who and whose it is goes round the windows: they copy every row that they order.
identified as (

    select
        split.*,
        aliases.source,
        aliases.visitor_key,
    from split
    left join aliases on split.alias_key = aliases.alias_key

),

capped as (

    select
        identified.*,
        identified_sessions.session_key,
        identified_sessions.started_at,
        {{ is_beyond_session_cap('identified.lifecycle_at', 'identified_sessions.started_at') }}
            as is_beyond_cap,
    from identified
    inner join identified_sessions
        on
            identified.stream_key = identified_sessions.stream_key
            and identified.first_position = identified_sessions.first_position

),

numbered as (

    select
        event_key,
        source,
        alias_key,
        visitor_key,
        session_key,
        occurred_at,
        lifecycle_at,
        started_at,
        case when not is_beyond_cap and not starts_session then stream_previous_at end as previous_at,
        case when not is_beyond_cap then {{ number_in_session() }} end as event_sequence_number,
        is_beyond_cap,
        staged_at,
        {{ 'is_context' if is_incremental() else 'false' }} as is_context,
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
{%- endif %}
