{%- set vendors = ['leanplum', 'monetate', 'pendo', 'rudderstack', 'snowplow'] -%}
with
{% for vendor in vendors %}
{{ vendor }}_events as (

    select * from {{ ref('int_' ~ vendor ~ '_events') }}

),

{% endfor -%}
events as (
    {% for vendor in vendors %}
    select * from {{ vendor }}_events
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

),

judged as (

    select
        source,
        app_id,
        event_id,
        anonymous_id,
        user_id,
        native_session_id,
        event_name,
        occurred_at,
        created_at,
        sent_at,
        received_at,
        loaded_at,
        {{ content_key(['source', 'event_scope', 'event_id']) }} as event_key,
        case when native_session_id is not null then {{ native_session_key() }} end as native_session_key,
        {{ rejection_reason() }} as reason,
    from events

)

select * from judged
