with records as (

    select * from {{ source('raw_pendo', 'accounts') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by subscription_id, account_id
            order by _load_id desc, _file desc, _line desc
        ) as record_rank,
    from records

),

final as (

    select
        account_id,
        subscription_id,
        name,
        record,
        _load_id,
        _loaded_at,
        _file,
        _line,
    from ranked
    where record_rank = 1

)

select * from final
