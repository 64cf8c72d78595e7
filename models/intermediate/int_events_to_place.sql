{{ config(materialized='ephemeral') }}

{%- set parents = ['int_event_versions', 'int_alias_versions'] -%}
{%- set reader = 'int_sessionized_event_versions' -%}
{#- Read by name: the table is what the run goes on from, and reads this model itself. -#}
{%- set places = api.Relation.create(database=this.database, schema=this.schema, identifier=reader) -%}
{%- set goes_on = continues(places) -%}

with aliases as (

    select * from {{ ref('int_alias_versions') }}

),

accepted as (

    select
        event_key,
        source,
        native_session_key,
        occurred_at,
        {{ lifecycle_time() }} as lifecycle_at,
        coalesce(user_id, anonymous_id) as alias,
        changed_at as staged_at,
    from {{ ref('int_event_versions') }}
    where is_current and reason is null

),

{% if goes_on -%}

changed_events as (

    select event_key from {{ ref('int_event_versions') }}
    where {{ is_news_for(reader, parents) }} or {{ is_reprocessed() }}

),

changed_aliases as (

    select alias_key from aliases
    where is_current and {{ is_news_for(reader, parents) }}

),

touched as (

    select event_key from changed_events
    union
    select event_key from {{ places }}
    where is_current and alias_key in (select alias_key from changed_aliases)

),

former as (

    select
        known.event_key,
        known.source,
        known.session_key,
        known.visitor_key,
        known.occurred_at,
    from {{ places }} as known
    inner join touched on known.event_key = touched.event_key
    where known.is_current

),

present as (

    select accepted.*
    from accepted
    inner join touched on accepted.event_key = touched.event_key

),
{%- else -%}
{#- A first run places every event: nothing stands in the way of what is not there yet. -#}
former as (

    select
        cast(null as uuid) as event_key,
        cast(null as varchar) as source,
        cast(null as uuid) as session_key,
        cast(null as uuid) as visitor_key,
        cast(null as timestamp) as occurred_at,
    from accepted
    where false

),

present as (

    select * from accepted
    where false

),
{%- endif %}

identified as (

    select
        present.*,
        aliases.alias_key,
        aliases.visitor_key,
    from present
    inner join aliases
        on
            present.source = aliases.source
            and present.alias = aliases.alias
            and aliases.is_current

),

final as (

    select
        coalesce(identified.event_key, former.event_key) as event_key,
        coalesce(identified.source, former.source) as source,
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
