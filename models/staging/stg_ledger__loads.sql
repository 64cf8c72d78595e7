{{
    config(
        materialized='incremental',
        unique_key='load_key',
        post_hook="{{ remember(latest_change(this)) }}",
    )
}}

{%- set tables = counted_raw_tables() %}

with
{% for name, place in tables.items() %}
{{- name }} as (

    select
        '{{ name }}' as raw_table,
        _load_id as load_id,
        max(_loaded_at) as loaded_at,
        count(*) as row_count,
    from {{ source(place[0], place[1]) }}
    group by _load_id

),

{% endfor -%}
landed as (
    {% for name in tables %}
    select * from {{ name }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

),

{% if checked_var('reprocess') -%}
-- To build something again is a change of its own, later than all before it: it stands here as a load without rows.
loads as (

    select * from landed
    union all
    select
        'reprocess' as raw_table,
        0 as load_id,
        max(loaded_at) as loaded_at,
        {{ reprocess_number() }} as row_count,
    from landed
    having max(loaded_at) is not null

),
{%- else -%}
loads as (

    select * from landed
    {%- if is_incremental() %}
    union all
    select
        raw_table,
        load_id,
        loaded_at,
        row_count,
    from {{ this }}
    where raw_table = 'reprocess'
    {%- endif %}

),
{%- endif %}

keyed as (

    select
        concat_ws('/', raw_table, load_id) as load_key,
        *,
    from loads

),

{% if is_incremental() -%}
known as (

    select * from {{ this }}

),

latest as (

    select
        max(known.changed_at) as changed_at,
        (select max(loaded_at) from keyed) as loaded_at,
    from known

),

-- A load that lost rows keeps its place here, so that later models see that something left.
compared as (

    select
        coalesce(keyed.load_key, known.load_key) as load_key,
        coalesce(keyed.raw_table, known.raw_table) as raw_table,
        coalesce(keyed.load_id, known.load_id) as load_id,
        coalesce(keyed.loaded_at, known.loaded_at) as loaded_at,
        coalesce(keyed.row_count, 0) as row_count,
        known.load_key is null as is_new,
    from keyed
    full outer join known on keyed.load_key = known.load_key
    where coalesce(keyed.row_count, 0) is distinct from known.row_count

),

-- Later than every change before it, also where rows were removed by hand and no load tells when.
final as (

    select
        compared.load_key,
        compared.raw_table,
        compared.load_id,
        compared.loaded_at,
        compared.row_count,
        greatest(
            case when compared.is_new then compared.loaded_at else latest.loaded_at end,
            {{ add_microsecond('latest.changed_at') }}
        ) as changed_at,
    from compared
    cross join latest

)
{%- else -%}
final as (

    select
        load_key,
        raw_table,
        load_id,
        loaded_at,
        row_count,
        loaded_at as changed_at,
    from keyed

)
{%- endif %}

select * from final
