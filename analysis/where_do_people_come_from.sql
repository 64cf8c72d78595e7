with sessions as (

    select * from {{ ref('dim_sessions') }}
    where is_interaction and landing_page_url is not null

),

origins as (

    select
        source,
        coalesce(referrer_medium, 'none told') as medium,
        referrer_source as sent_by,
        count(*) as sessions,
        count(*) filter (where is_new_visitor) as first_sessions,
        round(100.0 * count(*) filter (where is_bounce) / count(*), 1) as percent_bounced,
    from sessions
    group by all

)

select * from origins
order by sessions desc, source, medium, sent_by
