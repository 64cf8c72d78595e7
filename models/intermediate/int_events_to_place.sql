{{ config(materialized='ephemeral') }}

{%- set parents = ['int_event_versions', 'int_alias_versions'] -%}
{%- set reader = 'int_sessionized_event_versions' -%}
{#- Read by name: the table is what the run goes on from, and reads this model itself. -#}
{%- set places = api.Relation.create(database=this.database, schema=this.schema, identifier=reader) -%}
{%- set goes_on = continues(places) -%}

with aliases as (

    select * from {{ ref('int_alias_versions') }}

),

events as (

    select
        event_key,
        source,
        event_id,
        native_session_key,
        occurred_at,
        {{ lifecycle_time() }} as lifecycle_at,
        coalesce(user_id, anonymous_id) as alias,
        changed_at as staged_at,
        is_current,
        reason,
        {{ is_reprocessed() }} as is_reprocessed,
    from {{ ref('int_event_versions') }}
    {%- if goes_on %}
    where {{ is_news_for(reader, parents) }} or {{ is_reprocessed() }}
    {%- else %}
    -- A first run places every event: nothing stands in the way of what is not there yet.
    where false
    {%- endif %}

),

present as (

    select * from events
    where is_current and reason is null

),

{% if goes_on -%}
-- What is simply new stands nowhere, and need not be looked for among all that does.
known_before as (

    select distinct event_key from events
    where not is_current or is_reprocessed

),

moved_aliases as (

    select distinct alias_key from aliases
    where not is_current and {{ is_news_for(reader, parents) }}

),

replaced as (

    select known.*
    from {{ places }} as known
    inner join known_before on known.event_key = known_before.event_key and {{ is_sought('known_before.event_key') }}
    where known.is_current

),

moved as (

    select known.*
    from {{ places }} as known
    inner join moved_aliases on known.alias_key = moved_aliases.alias_key and {{ is_sought('moved_aliases.alias_key') }}
    where known.is_current and known.event_key not in (select event_key from events)

),

former as (

    select * from replaced
    union all
    select * from moved

),
{%- else -%}
former as (

    select
        event_key,
        source,
        native_session_key as session_key,
        native_session_key as visitor_key,
        occurred_at,
    from events

),
{%- endif %}

identified as (

    select
        present.event_key,
        present.source,
        present.event_id,
        present.native_session_key,
        aliases.alias_key,
        aliases.visitor_key,
        present.occurred_at,
        present.lifecycle_at,
        present.staged_at,
    from present
    inner join aliases
        on
            present.source = aliases.source
            and present.alias = aliases.alias
            and aliases.is_current
    {%- if goes_on %}
    union all
    -- Of an event that only its alias moves, all but the visitor is as it was.
    select
        moved.event_key,
        moved.source,
        cast(null as varchar) as event_id,
        case when {{ uses_session_method('native', 'moved.source') }} then moved.session_key end as native_session_key,
        aliases.alias_key,
        aliases.visitor_key,
        moved.occurred_at,
        moved.lifecycle_at,
        moved.staged_at,
    from moved
    inner join aliases on moved.alias_key = aliases.alias_key and aliases.is_current
    {%- endif %}

),

final as (

    select
        coalesce(identified.event_key, former.event_key) as event_key,
        coalesce(identified.source, former.source) as source,
        identified.event_id,
        identified.event_key is not null as is_accepted,
        identified.native_session_key,
        identified.alias_key,
        identified.visitor_key,
        identified.occurred_at,
        identified.lifecycle_at,
        identified.staged_at,
        former.session_key as former_session_key,
        former.visitor_key as former_visitor_key,
        former.occurred_at as former_occurred_at,
    from identified
    full outer join former on identified.event_key = former.event_key

)

select * from final
