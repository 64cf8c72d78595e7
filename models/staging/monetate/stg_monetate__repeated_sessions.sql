{{
    config(
        materialized='incremental',
        unique_key='session_id',
        post_hook="{{ remember(changed_through(['stg_ledger__loads'])) }}",
    )
}}

-- depends_on: {{ ref('stg_ledger__loads') }}
with deliveries as (

    select
        session_id,
        is_closed,
        end_time,
        window_started_at,
        window_sequence,
        _load_id,
        _file,
        _line,
    from {{ source('raw_monetate', 'sessions') }}

),

-- Read apart: of what is read twice, the engine writes every row down before it looks a few of them up.
arrivals as (

    select
        session_id,
        _load_id,
    from {{ source('raw_monetate', 'sessions') }}

),

{% if is_incremental() -%}
changed_loads as (

    select load_id from {{ ref('stg_ledger__loads') }}
    where {{ is_news_for('stg_monetate__repeated_sessions', ['stg_ledger__loads']) }}

),

known as (

    select * from {{ this }}

),

suspects as (

    select session_id from arrivals
    where _load_id in (select load_id from changed_loads)
    union
    select session_id from known
    where _load_id in (select load_id from changed_loads)

),
{%- else -%}
suspects as (

    select session_id from arrivals
    group by session_id
    having count(*) > 1

),
{%- endif %}

ranked as (

    select
        session_id,
        row_number() over delivered as delivery_rank,
        count(*) over (partition by session_id) as deliveries,
        _load_id,
        _file,
        _line,
    from deliveries
    where
        session_id in (
            select session_id from suspects
            where {{ is_sought('session_id') }}
        )
    window delivered as (
        partition by session_id
        order by
            coalesce(is_closed, false) desc,
            end_time desc nulls last,
            window_started_at desc,
            window_sequence desc,
            _load_id desc,
            _file desc,
            _line desc
    )

),

final as (

    select
        session_id,
        cast(delivery_rank as integer) as delivery_rank,
        _load_id,
        _file,
        _line,
    from ranked
    where deliveries > 1
    {%- if is_incremental() %}
        -- What is left with one delivery must be written too, in place of those it had.
        or session_id in (select session_id from known)
    {%- endif %}

)

select * from final
