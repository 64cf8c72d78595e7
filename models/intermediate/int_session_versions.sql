{{
    config(
        materialized='incremental',
        unique_key='session_key',
        incremental_predicates=['is_current'],
        post_hook="{{ remember(changed_through(['int_sessionized_event_versions'])) }}",
    )
}}

{%- set parents = ['int_sessionized_event_versions'] -%}
{%- set columns = [
    'source', 'app_id', 'native_session_id', 'session_id', 'visitor_id', 'visitor_key', 'started_at', 'ended_at',
    'last_event_at', 'previous_event_at', 'session_sequence_number', 'next_session_started_at', 'event_count',
    'rejected_event_count', 'first_event_key', 'last_event_key', 'is_interaction', 'is_first_interaction', 'is_capped',
    'recorded_at',
] -%}

with record_versions as (

    select * from {{ ref('int_session_record_versions') }}
    where {{ uses_session_method('native') }}

),

alias_versions as (

    select * from {{ ref('int_alias_versions') }}

),

aliases as (

    select * from alias_versions
    where is_current

),

staged as (

    select * from {{ ref('int_event_versions') }}
    where is_current

),

{% if is_incremental() -%}
changed_aliases as (

    select distinct
        source,
        alias,
    from alias_versions
    where {{ is_news_for('int_session_versions', parents) }}

),

touched as (

    select session_key from {{ ref('int_sessionized_event_versions') }}
    where {{ is_news_for('int_session_versions', parents) }}
    union
    select session_key from record_versions
    where {{ is_news_for('int_session_versions', parents) }}
    union
    select record_versions.session_key
    from record_versions
    inner join changed_aliases
        on
            record_versions.source = changed_aliases.source
            and coalesce(record_versions.user_id, record_versions.anonymous_id) = changed_aliases.alias

),
{%- endif %}

events as (

    select * from {{ ref('int_sessionized_event_versions') }}
    where is_current
    {%- if is_incremental() %}
        and session_key in (
            select session_key from touched
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

records as (

    select * from record_versions
    where is_current and not is_rejected
    {%- if is_incremental() %}
        and session_key in (
            select session_key from touched
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

event_sessions as (

    select
        session_key,
        {{ the_one('event_key', 'event_sequence_number = 1') }} as first_event_key,
        {{ value_of_last('event_key', ['event_sequence_number'], 'not is_beyond_cap') }} as last_event_key,
        {{ the_one('alias_key', 'event_sequence_number = 1') }} as alias_key,
        any_value(source) as source,
        min(occurred_at) filter (where not is_beyond_cap) as started_at,
        max(occurred_at) filter (where not is_beyond_cap) as ended_at,
        max(occurred_at) as last_event_at,
        count(*) filter (where not is_beyond_cap) as event_count,
        count(*) filter (where is_beyond_cap) as rejected_event_count,
        max(changed_at) as changed_at,
    from events
    group by session_key

),

named_event_sessions as (

    select
        event_sessions.*,
        aliases.visitor_id,
        aliases.visitor_key,
        staged.app_id,
        staged.native_session_id,
    from event_sessions
    left join aliases on event_sessions.alias_key = aliases.alias_key
    left join staged on event_sessions.first_event_key = staged.event_key

),

identified_records as (

    select
        records.*,
        coalesce(aliases.visitor_id, records.user_id, records.anonymous_id) as visitor_id,
        case
            when aliases.visitor_key is not null then aliases.visitor_key
            when coalesce(records.user_id, records.anonymous_id) is not null
                then {{ content_key(['records.source', 'coalesce(records.user_id, records.anonymous_id)']) }}
        end as visitor_key,
    from records
    left join aliases
        on
            records.source = aliases.source
            and coalesce(records.user_id, records.anonymous_id) = aliases.alias

),

merged as (

    select
        session_key,
        coalesce(identified_records.source, named_event_sessions.source) as source,
        coalesce(identified_records.app_id, named_event_sessions.app_id) as app_id,
        coalesce(identified_records.native_session_id, named_event_sessions.native_session_id)
            as native_session_id,
        coalesce(identified_records.visitor_id, named_event_sessions.visitor_id) as visitor_id,
        coalesce(identified_records.visitor_key, named_event_sessions.visitor_key) as visitor_key,
        coalesce(identified_records.started_at, named_event_sessions.started_at) as started_at,
        coalesce(identified_records.ended_at, named_event_sessions.ended_at) as ended_at,
        named_event_sessions.last_event_at,
        coalesce(named_event_sessions.event_count, 0) as event_count,
        coalesce(named_event_sessions.rejected_event_count, 0) as rejected_event_count,
        named_event_sessions.first_event_key,
        named_event_sessions.last_event_key,
        coalesce(identified_records.is_interaction, true) as is_interaction,
        identified_records.changed_at as recorded_at,
        greatest(identified_records.changed_at, named_event_sessions.changed_at) as changed_at,
    from named_event_sessions
    full outer join identified_records using (session_key)
    -- A session whose events are all beyond the cap stands only if the vendor has a record of it.
    where named_event_sessions.first_event_key is not null or identified_records.source is not null

),

present as (

    select
        merged.* replace (
            greatest(
                merged.started_at,
                least(merged.ended_at, {{ add_days('merged.started_at', checked_var('max_session_days')) }})
            ) as ended_at
        ),
        merged.rejected_event_count > 0
        or coalesce({{ is_beyond_session_cap('merged.ended_at', 'merged.started_at') }}, false) as is_capped,
    from merged

),

{% if is_incremental() -%}
-- A session that comes, goes or moves renumbers the other sessions of its visitors.
renumbered_visitors as (

    select visitor_key from present
    union
    select visitor_key from {{ this }}
    where
        is_current
        and session_key in (
            select session_key from touched
            where {{ is_sought('session_key') }}
        )

),

former_rows as (

    select {{ row_locator('session_key') }} as row_locator from {{ this }}
    where
        is_current
        and (
            session_key in (select session_key from touched)
            or visitor_key in (select visitor_key from renumbered_visitors)
        )

),

former as (

    select * from {{ this }}
    where is_current and {{ row_locator('session_key') }} in (select row_locator from former_rows)

),

all_sessions as (

    select
        session_key,
        source,
        app_id,
        native_session_id,
        visitor_id,
        visitor_key,
        started_at,
        ended_at,
        last_event_at,
        event_count,
        rejected_event_count,
        first_event_key,
        last_event_key,
        is_interaction,
        is_capped,
        recorded_at,
    from present
    union all
    select
        session_key,
        source,
        app_id,
        native_session_id,
        visitor_id,
        visitor_key,
        started_at,
        ended_at,
        last_event_at,
        event_count,
        rejected_event_count,
        first_event_key,
        last_event_key,
        is_interaction,
        is_capped,
        recorded_at,
    from former
    where session_key not in (select session_key from touched)

),
{%- else -%}
all_sessions as (

    select * from present

),
{%- endif %}

numbered as (

    select
        *,
        case when visitor_key is not null then row_number() over visitor_sessions end
            as session_sequence_number,
        case when visitor_key is not null then lead(started_at) over visitor_sessions end
            as next_session_started_at,
        -- What came before the session, also where it was beyond the cap of the session before.
        case
            when visitor_key is not null and {{ uses_session_method('idle') }}
                then lag(last_event_at) over visitor_sessions
        end as previous_event_at,
        case
            when visitor_key is not null
                then is_interaction and count(case when is_interaction then 1 end) over visitor_sessions = 1
        end as is_first_interaction,
    from all_sessions
    window visitor_sessions as (
        partition by visitor_key order by started_at nulls last, session_key
    )

),

named as (

    select
        *,
        case
            when {{ uses_session_method('idle') }} then concat_ws(' - ', session_sequence_number, visitor_id)
            else native_session_id
        end as session_id,
    from numbered

),

{% if is_incremental() -%}
{{ changes('named', 'former', 'session_key', columns, changed_through(parents)) }}
{%- else -%}
changes as (

    select
        session_key,
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        true as is_current,
        changed_at,
    from named

)
{%- endif %}

select * from changes
