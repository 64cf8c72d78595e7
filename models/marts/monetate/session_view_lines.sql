with view_lines as (

    select * from {{ ref('stg_monetate__view_lines') }}

),

final as (

    select
        row_number() over (order by session_id, ordinal) as id,
        session_id,
        product_id,
        time,
    from view_lines

)

select * from final
