with custom_targets as (

    select * from {{ ref('stg_monetate__custom_targets') }}

),

names as (

    select * from {{ ref('monetate_custom_targets') }}

),

final as (

    select
        row_number() over (order by custom_targets.session_id, custom_targets.ordinal) as id,
        custom_targets.session_id,
        {{ cast_or_null('custom_targets.custom_target_id', 'bigint') }} as custom_target_id,
        custom_targets.custom_target_value,
        names.title as custom_target_title,
    from custom_targets
    left join names on custom_targets.custom_target_id = names.custom_target_id

)

select * from final
