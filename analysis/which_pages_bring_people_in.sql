with sessions as (

    select * from {{ ref('dim_sessions') }}
    where is_interaction and landing_page_path is not null

),

pages as (

    select
        source,
        landing_page_path,
        count(*) as sessions,
        count(*) filter (where is_new_visitor) as first_sessions,
        round(100.0 * count(*) filter (where is_bounce) / count(*), 1) as percent_bounced,
        count(*) filter (where exit_page_path = landing_page_path) as ended_there,
    from sessions
    group by all

)

select * from pages
order by sessions desc, source, landing_page_path
