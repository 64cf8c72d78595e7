{{ config(materialized='ephemeral') }}

{%- set reader = 'dim_sessions' -%}
{#- Read by name: the table is what the run goes on from, and reads this model itself. -#}
{%- set mart = api.Relation.create(database=target.database, schema='marts', identifier=reader) -%}
{%- set goes_on = continues(mart) -%}

-- depends_on: {{ ref('session_changes') }}, {{ ref('run_limits') }}
with
{% if goes_on -%}
due as (

    select session_key from {{ ref('session_changes') }}
    where {{ is_due_for(reader) }}

),

{% endif -%}
manifest as (

    select * from {{ ref('sessions_lifecycle_manifest') }}
    {%- if goes_on %}
    where
        session_key in (
            select session_key from due
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

places as (

    select * from {{ ref('int_events_sessionized') }}
    {%- if goes_on %}
    where
        session_key in (
            select session_key from due
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

-- A session stands here also without events, once.
final as (

    select
        manifest.session_key,
        manifest.source,
        places.event_key,
        places.event_sequence_number,
    from manifest
    left join places
        on
            manifest.session_key = places.session_key
            and {{ is_published('places', 'manifest') }}

)

select * from final
