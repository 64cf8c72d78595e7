with sessions as (

    select * from {{ ref('fct_sessions') }}
    where source = 'rudderstack'

),

renamed as (

    select
        visitor_id as dbt_visitor_id,
        session_id,
        duration_minutes as session_duration,
    from sessions

)

select * from renamed
