with definitions as (

    select * from {{ source('raw_pendo', 'allfeatures') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by subscription_id, application_id, feature_id
            order by _load_id desc, _file desc, _line desc
        ) as definition_rank,
    from definitions

),

final as (

    select
        feature_id,
        subscription_id,
        application_id as app_id,
        name,
        record,
        _load_id,
        _loaded_at,
        _file,
        _line,
    from ranked
    where definition_rank = 1

)

select * from final
