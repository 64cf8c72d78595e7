with aliases as (

    select * from {{ ref('int_aliases') }}
    where source = 'rudderstack'

),

renamed as (

    select
        alias,
        visitor_id as dbt_visitor_id,
    from aliases

)

select * from renamed
