with sessions as (

    select * from {{ ref('fct_sessions') }}
    where source = 'rudderstack'

),

renamed as (

    select
        session_id,
        visitor_id as dbt_visitor_id,
        started_at as session_start_at,
        session_sequence_number,
        next_session_started_at as next_session_start_at,
    from sessions

)

select * from renamed
