with cart_lines as (

    select * from {{ ref('stg_monetate__cart_lines') }}

),

final as (

    select
        row_number() over (order by session_id, ordinal) as id,
        session_id,
        product_id,
        sku,
        {{ cast_or_null('quantity', 'integer') }} as quantity,
        time,
    from cart_lines

)

select * from final
