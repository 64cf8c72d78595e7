{{
    config(
        materialized='view' if uses_clock('loaded_at') else 'incremental',
        unique_key='session_key',
        pre_hook="{{ forget_vanished_sessions() }}",
    )
}}

{%- set quarantine = lifecycle_table('quarantined_sessions') -%}

-- depends_on: {{ ref('run_limits') }}
with
{% if uses_clock('loaded_at') -%}
sessions as (

    select * from {{ ref('int_session_versions') }}
    where is_current

),

limits as (

    select * from {{ ref('run_limits') }}

),

-- What changed after the upper limit is a later run's.
final as (

    select
        session_id,
        session_key,
        source,
        visitor_id,
        visitor_key,
        started_at as start_tstamp,
        ended_at as end_tstamp,
    from sessions
    inner join limits on sessions.changed_at <= limits.upper_limit

)
{%- else -%}
sessions as (

    select * from {{ ref('int_sessions') }}

),

limits as (

    select * from {{ ref('run_limits') }}

),

events as (

    select * from {{ ref('int_events_sessionized') }}

),

{% if continues(quarantine) -%}
quarantined as (

    select session_key from {{ quarantine }}

),

{% endif -%}
{% if is_incremental() -%}
known as (

    select
        session_key,
        start_tstamp,
        end_tstamp,
    from {{ this }}
    where
        start_tstamp >= (
            select {{ add_days('lower_limit', -checked_var('session_lookback_days')) }} from limits
        )

),

{% endif -%}
arrived as (

    select
        events.session_key,
        min(events.lifecycle_at) as start_tstamp,
        max(events.lifecycle_at) as end_tstamp,
    from events
    inner join limits
        on
            events.lifecycle_at >= limits.lower_limit
            and events.lifecycle_at <= limits.upper_limit
    {%- if continues(quarantine) %}
    where events.session_key not in (select session_key from quarantined)
    {%- endif %}
    group by events.session_key

),

{% if is_incremental() -%}
-- A session at its cap is over, whatever comes for it.
merged as (

    select
        arrived.session_key,
        least(arrived.start_tstamp, known.start_tstamp) as start_tstamp,
        greatest(arrived.end_tstamp, known.end_tstamp) as end_tstamp,
    from arrived
    left join known on arrived.session_key = known.session_key
    where
        known.session_key is null
        or known.end_tstamp < {{ add_days('known.start_tstamp', checked_var('max_session_days')) }}

),
{%- else -%}
merged as (

    select * from arrived

),
{%- endif %}

final as (

    select
        sessions.session_id,
        sessions.session_key,
        sessions.source,
        sessions.visitor_id,
        sessions.visitor_key,
        merged.start_tstamp,
        least(
            merged.end_tstamp, {{ add_days('merged.start_tstamp', checked_var('max_session_days')) }}
        ) as end_tstamp,
    from merged
    inner join sessions on merged.session_key = sessions.session_key

)
{%- endif %}

select * from final
