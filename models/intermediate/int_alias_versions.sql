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
{%- set decision = ['decided_at', 'decided_by', 'decided_key'] -%}

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

    select * from {{ ref('int_event_versions') }}
    where {{ row_locator('event_key') }} in (select row_locator from news_rows)

),

news_of_identities as (

    select * from identities
    where {{ is_news_for('int_alias_versions', parents) }}

),

news_by_alias as (

    select
        source,
        anonymous_id as alias,
        is_current,
    from news
    where anonymous_id is not null
    union all
    select
        source,
        user_id as alias,
        is_current,
    from news
    where user_id is not null
    union all
    select
        source,
        alias,
        is_current,
    from news_of_identities

),

touched as (

    select
        source,
        alias,
        bool_or(not is_current) as has_lost,
    from news_by_alias
    group by source, alias

),

-- Where something has left, what it said may have counted: all events of these aliases, and no others, are read.
shaken as (

    select
        source,
        alias,
    from touched
    where has_lost

),

former as (

    select versions.*
    from {{ this }} as versions
    inner join touched
        on
            versions.source = touched.source
            and versions.alias = touched.alias
    where versions.is_current

),

-- What an alias was by all earlier events stands in for them.
steady as (

    select former.*
    from former
    inner join touched
        on
            former.source = touched.source
            and former.alias = touched.alias
    where not touched.has_lost

),

{% for column in ['anonymous_id', 'user_id'] -%}
shaken_by_{{ column }} as (

    select events.*
    from {{ ref('int_event_versions') }} as events
    inner join shaken on events.source = shaken.source and events.{{ column }} = shaken.alias

),

{% endfor -%}
touched_identities as (

    select identities.*
    from identities
    inner join touched on identities.source = touched.source and identities.alias = touched.alias

),

{% endif -%}
{#- Each reads the events for itself: of what is read twice, the engine writes every row down first. -#}
{% for name, column, condition in [
    ('as_anonymous', 'anonymous_id', 'anonymous_id is not null'),
    ('as_user', 'user_id', 'user_id is not null'),
    ('as_both', 'anonymous_id', 'anonymous_id is not null and user_id is not null'),
] -%}
{{ name }} as (
    {%- set parts = ['news', 'shaken_by_' ~ column] if is_incremental() else [ref('int_event_versions')] %}
    {% for relation in parts %}
    select
        source,
        anonymous_id,
        user_id,
        occurred_at,
        event_id,
        event_key,
        changed_at,
    from {{ relation }}
    where is_current and reason is null and {{ condition }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

),

{% endfor -%}
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
    from as_both
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
    {%- if is_incremental() %}
    union all
    select
        source,
        alias,
        visitor_id as user_id,
        decided_at as occurred_at,
        decided_by as event_id,
        decided_key as event_key,
        changed_at,
    from steady
    where decided_key is not null
    {%- endif %}

),

last_times as (

    select
        source,
        alias,
        max(occurred_at) as occurred_at,
    from told
    group by source, alias

),

-- To compare ids takes several times as long as to compare moments: only what shares the last moment is.
told_last as (

    select told.*
    from told
    inner join last_times
        on
            told.source = last_times.source
            and told.alias = last_times.alias
            and told.occurred_at = last_times.occurred_at

),

logins as (

    select
        source,
        alias,
        {{ value_of_last('user_id', event_order()) }} as visitor_id,
        {{ value_of_last('changed_at', event_order()) }} as changed_at,
        {{ value_of_last('occurred_at', event_order()) }} as decided_at,
        {{ value_of_last('event_id', event_order()) }} as decided_by,
        {{ value_of_last('event_key', event_order()) }} as decided_key,
    from told_last
    group by source, alias

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
    {%- if is_incremental() %}
    union all
    select
        source,
        alias,
        changed_at,
    from steady
    {%- endif %}

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
        logins.decided_at,
        logins.decided_by,
        logins.decided_key,
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
        decided_at,
        decided_by,
        decided_key,
        changed_at,
    from mapped

),

{% if is_incremental() -%}
{{ changes('keyed', 'former', 'alias_key', columns, changed_through(parents), decision) }},

-- The same visitor by a later statement: no news for those who read this, so the row keeps its moment.
redecided as (

    select
        keyed.alias_key,
        {%- for column in columns + decision %}
        keyed.{{ column }},
        {%- endfor %}
        true as is_current,
        former.changed_at,
    from keyed
    inner join former on keyed.alias_key = former.alias_key
    where not {{ differs(columns, 'keyed', 'former') }} and {{ differs(decision, 'keyed', 'former') }}

),
{%- else -%}
changes as (

    select
        alias_key,
        {%- for column in columns + decision %}
        {{ column }},
        {%- endfor %}
        true as is_current,
        changed_at,
    from keyed

),
{%- endif %}

final as (

    select * from changes
    {%- if is_incremental() %}
    union all
    select * from redecided
    {%- endif %}

)

select * from final
