with purchase_lines as (

    select * from {{ ref('stg_monetate__purchase_lines') }}

),

final as (

    select
        row_number() over (order by session_id, ordinal) as id,
        session_id,
        purchase_id,
        time,
        total,
    from purchase_lines

)

select * from final
