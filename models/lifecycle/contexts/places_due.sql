{{ config(materialized='ephemeral') }}

with sessions as (

    select * from {{ ref('sessions_due') }}

),

places as (

    select * from {{ ref('int_events_sessionized') }}
    {%- if 'dim_sessions' in lifecycle_models_built() %}
    where
        session_key in (
            select session_key from sessions
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

-- A session stands here also without events, once.
final as (

    select
        sessions.session_key,
        sessions.source,
        places.event_key,
        places.event_sequence_number,
    from sessions
    left join places
        on
            sessions.session_key = places.session_key
            and {{ is_published('places', 'sessions') }}

)

select * from final
