{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        contract={'enforced': has_default_flow_columns()},
        pre_hook="{{ replace_due('fct_flows', 'session_changes', 'session_key') }}",
        post_hook="{{ remember_success() }}",
    )
}}

-- depends_on: {{ ref('session_changes') }}, {{ ref('run_limits') }}, {{ ref('events_this_run') }}
with
{% if is_incremental() -%}
due as (

    select session_key from {{ ref('session_changes') }}
    where {{ is_due_for('fct_flows') }}

),

{% endif -%}
events as (

    select * from {{ ref('fct_events') }}
    {%- if is_incremental() %}
    where session_key in (select session_key from due)
    {%- endif %}

),

flows as (

    select
        event_key,
        source,
        session_key,
        session_id,
        visitor_id,
        event_id,
        event_sequence_number,
        occurred_at,
        event_name as event,
        {{ following_events('event_name', 'session_stream') }}
    from events
    window session_stream as (partition by session_key order by event_sequence_number)

)

select * from flows
