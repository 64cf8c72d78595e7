with sessions as (

    select * from {{ ref('stg_monetate__sessions') }}

),

lists as (

    select
        sessions.session_id,
        {{ json_entries('purchase_lines', ['purchase_id', 'id']) }} as entries,
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

timed as (

    select
        *,
        coalesce({{ json_text('entry.value', '$.time') }}, {{ json_text('entry.value', '$') }}) as time_text,
    from entries

),

final as (

    select
        timed.session_id,
        timed.entry.ordinal,
        timed.entry.id as purchase_id,
        {{ parse_time('time_text') }} as time,
        {{ parse_decimal(json_text('entry.value', '$.total'), 'decimal(16, 4)') }} as total,
        timed._load_id,
        timed._loaded_at,
        timed._file,
        timed._line,
    from timed

)

select * from final
