with sessions as (

    select * from {{ ref('stg_monetate__sessions') }}

),

lists as (

    select
        sessions.session_id,
        {{ json_entries(
            'purchases', ['purchase_id', 'id'], ['purchase_value', 'value', 'total']
        ) }} as entries,
        sessions._load_id,
        sessions._loaded_at,
        sessions._file,
        sessions._line,
    from sessions

),

entries as (

    select
        session_id,
        {{ unnested(numbered('entries')) }} as entry,
        _load_id,
        _loaded_at,
        _file,
        _line,
    from lists

),

final as (

    select
        entries.session_id,
        entries.entry.ordinal,
        entries.entry.id as purchase_id,
        {{ parse_decimal(json_text('entry.value', '$'), 'decimal(16, 4)') }} as purchase_value,
        entries._load_id,
        entries._loaded_at,
        entries._file,
        entries._line,
    from entries

)

select * from final
