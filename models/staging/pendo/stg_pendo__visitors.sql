with records as (

    select * from {{ source('raw_pendo', 'visitors') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by subscription_id, visitor_id
            order by _load_id desc, _file desc, _line desc
        ) as record_rank,
    from records

),

final as (

    select
        visitor_id,
        subscription_id,
        nullif(account_id, '') as account_id,
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
