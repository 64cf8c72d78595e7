{{
    config(
        materialized='incremental',
        unique_key=['app_id', 'session_id'],
        post_hook="{{ remember(changed_through(['stg_ledger__loads'])) }}",
    )
}}

-- depends_on: {{ ref('stg_ledger__loads') }}
with deliveries as (

    select
        app_id,
        session_id,
        _load_id,
        _file,
        _line,
    from {{ source('raw_leanplum', 'sessions') }}

),

-- Read apart: of what is read twice, the engine writes every row down before it looks a few of them up.
arrivals as (

    select
        app_id,
        session_id,
        _load_id,
    from {{ source('raw_leanplum', 'sessions') }}

),

{% if is_incremental() -%}
changed_loads as (

    select load_id from {{ ref('stg_ledger__loads') }}
    where {{ is_news_for('stg_leanplum__repeated_sessions', ['stg_ledger__loads']) }}

),

known as (

    select * from {{ this }}

),

suspects as (

    select
        app_id,
        session_id,
    from arrivals
    where _load_id in (select load_id from changed_loads)
    union
    select
        app_id,
        session_id,
    from known
    where _load_id in (select load_id from changed_loads)

),
{%- else -%}
suspects as (

    select
        app_id,
        session_id,
    from arrivals
    group by app_id, session_id
    having count(*) > 1

),
{%- endif %}

ranked as (

    select
        deliveries.app_id,
        deliveries.session_id,
        row_number() over delivered as delivery_rank,
        count(*) over (
            partition by deliveries.app_id, deliveries.session_id
        ) as deliveries,
        deliveries._load_id,
        deliveries._file,
        deliveries._line,
    from deliveries
    inner join suspects
        on
            deliveries.app_id = suspects.app_id
            and deliveries.session_id = suspects.session_id
    window delivered as (
        partition by deliveries.app_id, deliveries.session_id
        order by
            deliveries._load_id desc,
            deliveries._file desc,
            deliveries._line desc
    )

),

{% if is_incremental() -%}
known_keys as (

    select distinct
        app_id,
        session_id,
    from known

),

-- What is left with one delivery must be written too, in place of those it had.
repeated as (

    select ranked.*
    from ranked
    left join known_keys
        on
            ranked.app_id = known_keys.app_id
            and ranked.session_id = known_keys.session_id
    where ranked.deliveries > 1 or known_keys.app_id is not null

),
{%- else -%}
repeated as (

    select * from ranked
    where deliveries > 1

),
{%- endif %}

final as (

    select
        app_id,
        session_id,
        cast(delivery_rank as integer) as delivery_rank,
        _load_id,
        _file,
        _line,
    from repeated

)

select * from final
