{% test accepted_source(model, column_name) %}
    select {{ column_name }}
    from {{ model }}
    where coalesce({{ column_name }}, '') not in ('leanplum', 'monetate', 'pendo', 'rudderstack', 'snowplow')
{% endtest %}
