{{
    config(
        materialized='view' if uses_clock('loaded_at') else 'incremental',
        unique_key='session_key',
        pre_hook="{{ forget_vanished_sessions() }}",
    )
}}

-- depends_on: {{ ref('sessions_this_run') }}
with sessions as (

    select * from {{ ref('int_sessions') }}

),

{% if uses_clock('loaded_at') -%}
final as (

    select
        session_id,
        session_key,
        source,
        visitor_id,
        started_at as start_tstamp,
        {{ add_days('started_at', checked_var('max_session_days')) }} as capped_at,
        rejected_event_count,
    from sessions
    where is_capped

)
{%- else -%}
this_run as (

    select * from {{ ref('sessions_this_run') }}

),

final as (

    select
        this_run.session_id,
        this_run.session_key,
        this_run.source,
        this_run.visitor_id,
        this_run.start_tstamp,
        this_run.end_tstamp as capped_at,
        sessions.rejected_event_count,
    from this_run
    inner join sessions on this_run.session_key = sessions.session_key
    where this_run.end_tstamp = {{ add_days('this_run.start_tstamp', checked_var('max_session_days')) }}

)
{%- endif %}

select * from final
