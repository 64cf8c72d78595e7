{{
    config(
        materialized='incremental',
        unique_key='event_id',
        post_hook="{{ remember(changed_through(['stg_ledger__loads'])) }}",
    )
}}

-- depends_on: {{ ref('stg_ledger__loads') }}
with deliveries as (

    select
        event_id,
        collector_tstamp,
        _load_id,
        _file,
        _line,
    from {{ source('raw_snowplow', 'events') }}

),

-- Read apart: of what is read twice, the engine writes every row down before it looks a few of them up.
arrivals as (

    select
        event_id,
        _load_id,
    from {{ source('raw_snowplow', 'events') }}

),

{% if is_incremental() -%}
changed_loads as (

    select load_id from {{ ref('stg_ledger__loads') }}
    where {{ is_news_for('stg_snowplow__repeated_events', ['stg_ledger__loads']) }}

),

known as (

    select * from {{ this }}

),

suspects as (

    select event_id from arrivals
    where _load_id in (select load_id from changed_loads)
    union
    select event_id from known
    where _load_id in (select load_id from changed_loads)

),
{%- else -%}
suspects as (

    select event_id from arrivals
    group by event_id
    having count(*) > 1

),
{%- endif %}

ranked as (

    select
        event_id,
        row_number() over delivered as delivery_rank,
        count(*) over (partition by event_id) as deliveries,
        _load_id,
        _file,
        _line,
    from deliveries
    where
        event_id in (
            select event_id from suspects
            where {{ is_sought('event_id') }}
        )
    window delivered as (
        partition by event_id
        order by
            {{ parse_time('collector_tstamp') }} nulls last,
            _load_id,
            _file,
            _line
    )

),

final as (

    select
        event_id,
        cast(delivery_rank as integer) as delivery_rank,
        _load_id,
        _file,
        _line,
    from ranked
    where deliveries > 1
    {%- if is_incremental() %}
        -- What is left with one delivery must be written too, in place of those it had.
        or event_id in (select event_id from known)
    {%- endif %}

)

select * from final
