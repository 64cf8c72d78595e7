with matches as (

    select * from {{ ref('fct_session_matches') }}

),

sessions as (

    select
        session_key,
        visitor_key,
    from {{ ref('fct_sessions') }}
    where is_interaction

),

met as (

    select
        matches.source,
        matches.kind,
        coalesce(matches.name, matches.matched_id) as name,
        matches.variant_id,
        count(*) as sessions,
        count(distinct sessions.visitor_key) as visitors,
        sum(matches.events) as events,
    from matches
    inner join sessions on matches.session_key = sessions.session_key
    group by all

)

select * from met
order by source, kind, sessions desc, name, variant_id
