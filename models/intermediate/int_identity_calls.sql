{{ config(materialized='view') }}

with identifies as (

    select * from {{ ref('stg_rudderstack__identifies') }}

),

aliases as (

    select * from {{ ref('stg_rudderstack__aliases') }}

),

calls as (

    select
        'identify' as call_type,
        id as call_id,
        anonymous_id as alias,
        user_id,
        "timestamp" as occurred_at,
        coalesce(context_source_id, source_id) as app_id,
        _loaded_at as loaded_at,
        _load_id,
    from identifies
    union all
    select
        'alias' as call_type,
        id as call_id,
        coalesce(previous_id, anonymous_id) as alias,
        user_id,
        "timestamp" as occurred_at,
        coalesce(context_source_id, source_id) as app_id,
        _loaded_at as loaded_at,
        _load_id,
    from aliases

),

final as (

    select
        {{ content_key(["'rudderstack'", 'call_type', 'call_id']) }} as call_key,
        'rudderstack' as source,
        call_id,
        alias,
        user_id,
        occurred_at,
        loaded_at,
        _load_id,
    from calls
    where
        alias is not null
        and user_id is not null
        and occurred_at is not null
        and not {{ is_of_other_app('app_id') }}
        and not {{ is_before_start('loaded_at') }}

)

select * from final
