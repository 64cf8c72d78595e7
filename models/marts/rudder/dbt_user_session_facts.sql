with visitors as (

    select * from {{ ref('dim_visitors') }}
    where source = 'rudderstack'

),

renamed as (

    select
        visitor_id as dbt_visitor_id,
        first_session_at as first_date,
        last_session_at as last_date,
        number_of_sessions,
    from visitors

)

select * from renamed
