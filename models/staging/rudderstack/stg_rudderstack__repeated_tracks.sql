{{
    config(
        materialized='incremental',
        unique_key='id',
        post_hook="{{ remember(changed_through(['stg_ledger__loads'])) }}",
    )
}}

-- depends_on: {{ ref('stg_ledger__loads') }}
with deliveries as (

    select
        id,
        received_at,
        _load_id,
        _file,
        _line,
    from {{ source('raw_rudderstack', 'tracks') }}

),

-- Read apart: of what is read twice, the engine writes every row down before it looks a few of them up.
arrivals as (

    select
        id,
        _load_id,
    from {{ source('raw_rudderstack', 'tracks') }}

),

{% if is_incremental() -%}
changed_loads as (

    select load_id from {{ ref('stg_ledger__loads') }}
    where {{ is_news_for('stg_rudderstack__repeated_tracks', ['stg_ledger__loads']) }}

),

known as (

    select * from {{ this }}

),

suspects as (

    select id from arrivals
    where _load_id in (select load_id from changed_loads)
    union
    select id from known
    where _load_id in (select load_id from changed_loads)

),
{%- else -%}
suspects as (

    select id from arrivals
    group by id
    having count(*) > 1

),
{%- endif %}

ranked as (

    select
        id,
        row_number() over delivered as delivery_rank,
        count(*) over (partition by id) as deliveries,
        _load_id,
        _file,
        _line,
    from deliveries
    where
        id in (
            select id from suspects
            where {{ is_sought('id') }}
        )
    window delivered as (
        partition by id
        order by
            received_at nulls last,
            _load_id,
            _file,
            _line
    )

),

final as (

    select
        id,
        cast(delivery_rank as integer) as delivery_rank,
        _load_id,
        _file,
        _line,
    from ranked
    where deliveries > 1
    {%- if is_incremental() %}
        -- What is left with one delivery must be written too, in place of those it had.
        or id in (select id from known)
    {%- endif %}

)

select * from final
