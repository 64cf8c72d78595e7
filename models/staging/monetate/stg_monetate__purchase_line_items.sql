with sessions as (

    select * from {{ ref('stg_monetate__sessions') }}

),

purchase_lists as (

    select
        sessions.session_id,
        {{ json_entries('purchase_lines', ['purchase_id', 'id']) }} as entries,
        sessions._load_id,
        sessions._loaded_at,
        sessions._file,
        sessions._line,
    from sessions

),

purchases as (

    select
        session_id,
        {{ unnested(numbered('entries')) }} as purchase,
        _load_id,
        _loaded_at,
        _file,
        _line,
    from purchase_lists

),

item_lists as (

    select
        purchases.session_id,
        purchases.purchase,
        {{ json_entries(json_part('purchase.value', '$.items'), ['product_id', 'id']) }} as entries,
        purchases._load_id,
        purchases._loaded_at,
        purchases._file,
        purchases._line,
    from purchases

),

items as (

    select
        session_id,
        purchase,
        {{ unnested(numbered('entries')) }} as item,
        _load_id,
        _loaded_at,
        _file,
        _line,
    from item_lists

),

final as (

    select
        items.session_id,
        items.purchase.id as purchase_id,
        items.purchase.ordinal as purchase_line_ordinal,
        items.item.ordinal,
        items.item.id as product_id,
        {{ json_text('item.value', '$.sku') }} as sku,
        {{ parse_integer(json_text('item.value', '$.quantity')) }} as quantity,
        {{ parse_decimal(json_text('item.value', '$.unit_price'), 'decimal(16, 4)') }} as unit_price,
        items._load_id,
        items._loaded_at,
        items._file,
        items._line,
    from items

)

select * from final
