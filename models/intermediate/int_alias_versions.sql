{{
    config(
        materialized='incremental',
        unique_key='alias_key',
        incremental_predicates=['is_current'],
        post_hook="{{ remember(changed_through(['int_event_versions', 'int_identity_versions'])) }}",
    )
}}

{%- set parents = ['int_event_versions', 'int_identity_versions'] -%}
{%- set columns = ['source', 'alias', 'visitor_id', 'visitor_key'] -%}

with identities as (

    select * from {{ ref('int_identity_versions') }}

),

{% if is_incremental() -%}
-- Found by their time first: to read the texts of every event takes longer than all the rest.
news_rows as (

    select {{ row_locator('event_key') }} as row_locator from {{ ref('int_event_versions') }}
    where {{ is_news_for('int_alias_versions', parents) }}

),

news as (

    select
        source,
        anonymous_id,
        user_id,
    from {{ ref('int_event_versions') }}
    where {{ row_locator('event_key') }} in (select row_locator from news_rows)

),

touched as (

    select
        source,
        anonymous_id as alias,
    from news
    where anonymous_id is not null
    union
    select
        source,
        user_id as alias,
    from news
    where user_id is not null
    union
    select
        source,
        alias,
    from identities
    where {{ is_news_for('int_alias_versions', parents) }}

),

{% for column in ['anonymous_id', 'user_id'] -%}
touched_by_{{ column }} as (

    select events.*
    from {{ ref('int_event_versions') }} as events
    inner join touched on events.source = touched.source and events.{{ column }} = touched.alias

),

{% endfor -%}
touched_identities as (

    select identities.*
    from identities
    inner join touched on identities.source = touched.source and identities.alias = touched.alias

),

{% endif -%}
as_anonymous as (

    select
        events.source,
        events.anonymous_id,
        events.user_id,
        events.occurred_at,
        events.event_id,
        events.event_key,
        events.changed_at,
    from {{ 'touched_by_anonymous_id' if is_incremental() else ref('int_event_versions') }} as events
    where events.is_current and events.reason is null and events.anonymous_id is not null

),

as_user as (

    select
        events.source,
        events.anonymous_id,
        events.user_id,
        events.occurred_at,
        events.event_id,
        events.event_key,
        events.changed_at,
    from {{ 'touched_by_user_id' if is_incremental() else ref('int_event_versions') }} as events
    where events.is_current and events.reason is null and events.user_id is not null

),

-- Calls that tell who somebody is say it of an alias whose events they are not.
told as (

    select
        source,
        anonymous_id as alias,
        user_id,
        occurred_at,
        event_id,
        event_key,
        changed_at,
    from as_anonymous
    where user_id is not null
    union all
    select
        source,
        alias,
        user_id,
        occurred_at,
        call_id as event_id,
        call_key as event_key,
        changed_at,
    from {{ 'touched_identities' if is_incremental() else 'identities' }}
    where is_current

),

logins as (

    select
        source,
        alias,
        {{ value_of_last('user_id', event_order()) }} as visitor_id,
        {{ value_of_last('changed_at', event_order()) }} as changed_at,
    from told
    group by all

),

seen as (

    select
        source,
        anonymous_id as alias,
        changed_at,
    from as_anonymous
    union all
    select
        source,
        user_id as alias,
        changed_at,
    from as_user

),

aliases as (

    select
        source,
        alias,
        min(changed_at) as changed_at,
    from seen
    group by all

),

mapped as (

    select
        aliases.source,
        aliases.alias,
        coalesce(logins.visitor_id, aliases.alias) as visitor_id,
        coalesce(logins.changed_at, aliases.changed_at) as changed_at,
    from aliases
    left join logins
        on
            aliases.source = logins.source
            and aliases.alias = logins.alias

),

keyed as (

    select
        {{ content_key(['source', 'alias']) }} as alias_key,
        source,
        alias,
        visitor_id,
        {{ content_key(['source', 'visitor_id']) }} as visitor_key,
        changed_at,
    from mapped

),

{% if is_incremental() -%}
former as (

    select versions.*
    from {{ this }} as versions
    inner join touched
        on
            versions.source = touched.source
            and versions.alias = touched.alias
    where versions.is_current

),

{{ changes('keyed', 'former', 'alias_key', columns, changed_through(parents)) }}
{%- else -%}
changes as (

    select
        alias_key,
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        true as is_current,
        changed_at,
    from keyed

)
{%- endif %}

select * from changes
