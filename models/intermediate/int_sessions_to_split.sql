{{ config(materialized='ephemeral') }}

{%- set reader = 'int_sessionized_event_versions' -%}
{%- set places = api.Relation.create(database=this.database, schema=this.schema, identifier=reader) -%}
{%- set goes_on = continues(places) -%}
{%- set idle_minutes = checked_var('session_idle_minutes') -%}
-- depends_on: {{ ref('int_events_to_place') }}
with records as (

    select * from {{ ref('int_session_record_versions') }}

),

{% if goes_on -%}
to_place as (

    select * from {{ ref('int_events_to_place') }}

),

-- A point is a moment of a visitor at which an event comes, goes, or is another one.
points as (

    select
        source,
        visitor_key,
        occurred_at,
        native_session_key as session_key,
    from to_place
    where is_accepted
    union all
    select
        source,
        former_visitor_key as visitor_key,
        former_occurred_at as occurred_at,
        former_session_key as session_key,
    from to_place
    where former_session_key is not null

),

idle_points as (

    select
        visitor_key,
        occurred_at,
        lag(occurred_at) over (partition by visitor_key order by occurred_at) as previous_at,
    from points
    where {{ uses_session_method('idle') }}

),

-- Points whose reaches meet share a window, so that a stream of events is looked up once.
numbered_points as (

    select
        visitor_key,
        occurred_at,
        sum(
            case
                when previous_at is null then 1
                when occurred_at > {{ add_minutes('previous_at', 2 * idle_minutes) }}
                    then 1
                else 0
            end
        ) over (
            partition by visitor_key
            order by occurred_at
            rows between unbounded preceding and current row
        ) as window_number,
    from idle_points

),

windows as (

    select
        visitor_key,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
    from numbered_points
    group by visitor_key, window_number

),

idle_sessions as (

    select
        known.session_key,
        known.started_at,
        min(windows.first_at) as first_point_at,
    from {{ places }} as known
    inner join windows
        on
            known.visitor_key = windows.visitor_key
            and known.occurred_at >= {{ subtract_minutes('windows.first_at', idle_minutes) }}
            and known.occurred_at <= {{ add_minutes('windows.last_at', idle_minutes) }}
    where
        known.is_current
        and known.visitor_key in (
            select visitor_key from windows
            where {{ is_sought('visitor_key') }}
        )
        and {{ uses_session_method('idle', 'known.source') }}
    group by known.session_key, known.started_at

),

native_points as (

    select
        session_key,
        occurred_at,
    from points
    where {{ uses_session_method('native') }}
    union all
    -- A session's record can move its start, and with it the cap.
    select
        session_key,
        {{ beginning_of_time() }} as occurred_at,
    from records
    where
        {{ uses_session_method('native') }}
        and {{ is_news_for(reader, ['int_session_record_versions']) }}

),

touched_native_sessions as (

    select
        session_key,
        min(occurred_at) as first_point_at,
    from native_points
    group by session_key

),

native_sessions as (

    select
        known.session_key,
        min(known.started_at) as started_at,
        touched_native_sessions.first_point_at,
    from {{ places }} as known
    inner join touched_native_sessions
        on known.session_key = touched_native_sessions.session_key and {{ is_sought('touched_native_sessions.session_key') }}
    where known.is_current and {{ uses_session_method('native', 'known.source') }}
    group by known.session_key, touched_native_sessions.first_point_at

),

sessions as (

    select * from idle_sessions
    union all
    select * from native_sessions

),
{%- else -%}
sessions as (

    select
        session_key,
        started_at,
        started_at as first_point_at,
    from records
    where false

),
{%- endif %}

-- Beyond the cap nothing is numbered: what changes there cannot touch what stands before it.
final as (

    select
        session_key,
        started_at,
        first_point_at,
        {{ is_only_tail('first_point_at', 'started_at') }} as is_tail,
        case
            when {{ is_only_tail('first_point_at', 'started_at') }}
                then {{ subtract_minutes('first_point_at', idle_minutes) }}
            else {{ beginning_of_time() }}
        end as reads_from,
    from sessions

)

select * from final
