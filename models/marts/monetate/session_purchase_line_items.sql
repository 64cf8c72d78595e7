with purchase_line_items as (

    select * from {{ ref('stg_monetate__purchase_line_items') }}

),

final as (

    select
        row_number() over (order by session_id, purchase_line_ordinal, ordinal) as id,
        purchase_id,
        product_id,
        sku,
        {{ cast_or_null('quantity', 'integer') }} as quantity,
        unit_price,
    from purchase_line_items

)

select * from final
