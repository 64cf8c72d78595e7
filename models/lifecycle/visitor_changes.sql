{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ replace_all() }}",
    )
}}

with limits as (

    select * from {{ ref('run_limits') }}

),

changes as (

    select * from {{ ref('session_changes') }}

),

-- Former selves included: a visitor whom a session or an event has left is another one, too.
versions as (

    select
        visitor_key,
        session_key,
        changed_at,
    from {{ ref('int_sessionized_event_versions') }}
    union all
    select
        visitor_key,
        session_key,
        changed_at,
    from {{ ref('int_session_versions') }}

),

of_sessions as (

    select
        versions.visitor_key,
        changes.changed_at,
        changes.is_forced,
    from versions
    inner join changes
        on versions.session_key = changes.session_key and {{ is_sought('changes.session_key') }}
    {%- if not lifecycle_models_built() %}
    -- A mart that begins anew takes every visitor.
    where false
    {%- endif %}

),

of_aliases as (

    select
        aliases.visitor_key,
        aliases.changed_at,
        false as is_forced,
    from {{ ref('int_alias_versions') }} as aliases
    cross join limits
    where aliases.changed_at >= limits.lower_limit and aliases.changed_at <= limits.upper_limit

),

visitors as (

    select * from of_sessions
    union all
    select * from of_aliases

),

final as (

    select
        visitor_key,
        max(changed_at) as changed_at,
        bool_or(is_forced) as is_forced,
    from visitors
    where visitor_key is not null
    group by visitor_key

)

select * from final
