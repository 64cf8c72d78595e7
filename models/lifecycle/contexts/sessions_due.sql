{{ config(materialized='ephemeral') }}

{%- set goes_on = 'dim_sessions' in lifecycle_models_built() -%}

-- depends_on: {{ ref('session_changes') }}, {{ ref('run_limits') }}
with
{% if goes_on -%}
due as (

    select session_key from {{ ref('session_changes') }}
    where {{ is_due_for('dim_sessions') }}

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

)

select * from manifest
