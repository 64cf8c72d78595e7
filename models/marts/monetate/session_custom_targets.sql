with custom_targets as (

    select * from {{ ref('stg_monetate__custom_targets') }}

),

final as (

    select
        row_number() over (order by session_id, ordinal) as id,
        session_id,
        {{ cast_or_null('custom_target_id', 'bigint') }} as custom_target_id,
        custom_target_value,
    from custom_targets

)

select * from final
