{{
    config(
        materialized='incremental',
        unique_key=['subscription_id', 'application_id', 'event_id'],
        post_hook="{{ remember(changed_through(['stg_ledger__loads'])) }}",
    )
}}

-- depends_on: {{ ref('stg_ledger__loads') }}
with deliveries as (

    select
        subscription_id,
        application_id,
        event_id,
        received_timestamp,
        _load_id,
        _file,
        _line,
    from {{ source('raw_pendo', 'allevents') }}

),

-- Read apart: of what is read twice, the engine writes every row down before it looks a few of them up.
arrivals as (

    select
        subscription_id,
        application_id,
        event_id,
        _load_id,
    from {{ source('raw_pendo', 'allevents') }}

),

{% if is_incremental() -%}
changed_loads as (

    select load_id from {{ ref('stg_ledger__loads') }}
    where {{ is_news_for('stg_pendo__repeated_events', ['stg_ledger__loads']) }}

),

known as (

    select * from {{ this }}

),

suspects as (

    select
        subscription_id,
        application_id,
        event_id,
    from arrivals
    where _load_id in (select load_id from changed_loads)
    union
    select
        subscription_id,
        application_id,
        event_id,
    from known
    where _load_id in (select load_id from changed_loads)

),
{%- else -%}
suspects as (

    select
        subscription_id,
        application_id,
        event_id,
    from arrivals
    group by subscription_id, application_id, event_id
    having count(*) > 1

),
{%- endif %}

ranked as (

    select
        deliveries.subscription_id,
        deliveries.application_id,
        deliveries.event_id,
        row_number() over delivered as delivery_rank,
        count(*) over (
            partition by deliveries.subscription_id, deliveries.application_id, deliveries.event_id
        ) as deliveries,
        deliveries._load_id,
        deliveries._file,
        deliveries._line,
    from deliveries
    inner join suspects
        on
            deliveries.subscription_id = suspects.subscription_id
            and deliveries.application_id = suspects.application_id
            and deliveries.event_id = suspects.event_id
    window delivered as (
        partition by deliveries.subscription_id, deliveries.application_id, deliveries.event_id
        order by
            deliveries.received_timestamp nulls last,
            deliveries._load_id,
            deliveries._file,
            deliveries._line
    )

),

{% if is_incremental() -%}
known_keys as (

    select distinct
        subscription_id,
        application_id,
        event_id,
    from known

),

-- What is left with one delivery must be written too, in place of those it had.
repeated as (

    select ranked.*
    from ranked
    left join known_keys
        on
            ranked.subscription_id = known_keys.subscription_id
            and ranked.application_id = known_keys.application_id
            and ranked.event_id = known_keys.event_id
    where ranked.deliveries > 1 or known_keys.subscription_id is not null

),
{%- else -%}
repeated as (

    select * from ranked
    where deliveries > 1

),
{%- endif %}

final as (

    select
        subscription_id,
        application_id,
        event_id,
        cast(delivery_rank as integer) as delivery_rank,
        _load_id,
        _file,
        _line,
    from repeated

)

select * from final
