with events as (

    select * from {{ ref('int_events_staged') }}
    where reason is null

),

logins as (

    select
        source,
        anonymous_id as alias,
        {{ value_of_last('user_id', event_order()) }} as visitor_id,
    from events
    where anonymous_id is not null and user_id is not null
    group by all

),

aliases as (

    select
        source,
        anonymous_id as alias,
    from events
    where anonymous_id is not null
    union
    select
        source,
        user_id as alias,
    from events
    where user_id is not null

),

mapped as (

    select
        aliases.source,
        aliases.alias,
        coalesce(logins.visitor_id, aliases.alias) as visitor_id,
    from aliases
    left join logins
        on
            aliases.source = logins.source
            and aliases.alias = logins.alias

)

select * from mapped
