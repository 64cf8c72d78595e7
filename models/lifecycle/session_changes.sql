{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ replace_all() }}",
        post_hook="{{ remember(changes_taken_on()) }}",
    )
}}

-- depends_on: {{ ref('int_sessionized_event_versions') }}, {{ ref('int_session_versions') }}
with limits as (

    select * from {{ ref('run_limits') }}

),

manifest as (

    select * from {{ ref('sessions_lifecycle_manifest') }}

),

sessions as (

    select * from {{ ref('int_sessions') }}

),

{% if uses_clock('loaded_at') -%}
versions as (

    select
        session_key,
        changed_at,
    from {{ ref('int_session_versions') }}
    {%- if lifecycle_models_built() %}
    union all
    select
        session_key,
        changed_at,
    from {{ ref('int_sessionized_event_versions') }}
    {%- endif %}

),

changed as (

    select
        versions.session_key,
        versions.changed_at,
        false as is_forced,
    from versions
    inner join limits on versions.changed_at >= limits.lower_limit

),
{%- else -%}
-- What leaves raw, or falls to another session, must leave the marts too, wherever the window is.
lost_events as (

    select
        event_key,
        session_key,
    from {{ ref('int_sessionized_event_versions') }}
    where not is_current and changed_at > {{ least_change_of_marts() }}
    except
    select
        event_key,
        session_key,
    from {{ ref('int_events_sessionized') }}

),

lost_sessions as (

    select session_key from {{ ref('int_session_versions') }}
    where not is_current and changed_at > {{ least_change_of_marts() }}
    except
    select session_key from sessions

),

gone as (

    select session_key from lost_events
    union
    select session_key from lost_sessions

),

changed as (

    select
        manifest.session_key,
        limits.upper_limit as changed_at,
        false as is_forced,
    from manifest
    inner join limits
        on
            manifest.start_tstamp >= {{ add_days('limits.lower_limit', -checked_var('max_session_days')) }}
            and manifest.start_tstamp <= limits.upper_limit
            and manifest.end_tstamp >= limits.lower_limit
    union all
    select
        gone.session_key,
        limits.upper_limit as changed_at,
        true as is_forced,
    from gone
    cross join limits

),
{%- endif %}

reprocessed as (

    select
        sessions.session_key,
        limits.upper_limit as changed_at,
        true as is_forced,
    from sessions
    inner join manifest on sessions.session_key = manifest.session_key
    cross join limits
    where {{ is_session_reprocessed() }}

),

all_changes as (

    select * from changed
    union all
    select * from reprocessed

),

final as (

    select
        session_key,
        max(changed_at) as changed_at,
        bool_or(is_forced) as is_forced,
    from all_changes
    group by session_key
    -- What changed again after the upper limit is a later run's.
    having max(changed_at) <= (select upper_limit from limits)

)

select * from final
