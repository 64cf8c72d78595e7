{{ config(contract={'enforced': has_default_session_columns()}) }}

with sessions as (

    select * from {{ ref('int_sessions') }}

),

final as (

    select
        session_key,
        source,
        app_id,
        session_id,
        visitor_id,
        session_sequence_number,
        started_at,
        ended_at,
        {{ minutes_between('started_at', 'ended_at') }} as duration_minutes,
        next_session_started_at,
        event_count,
        first_event,
        last_event,
        is_interaction,
        is_capped,
        {%- for event_name in checked_var('session_event_counts') %}
        {{ event_count_column(event_name) }},
        {%- endfor %}
    from sessions

)

select * from final
