{% macro uses_session_method(method, source='source') -%}
    {%- set sources = [] -%}
    {%- for name, used in checked_var('session_methods').items() if used == method -%}
        {%- do sources.append(name) -%}
    {%- endfor -%}
    {{ source ~ ' in ' ~ text_list(sources) if sources else 'false' }}
{%- endmacro %}


{% macro starts_idle_session(occurred_at, previous_at) -%}
    ({{ previous_at }} is null or {{ occurred_at }} > {{ add_minutes(previous_at, checked_var('session_idle_minutes')) }})
{%- endmacro %}


{% macro is_beyond_session_cap(occurred_at, started_at) -%}
    {{ occurred_at }} > {{ add_days(started_at, checked_var('max_session_days')) }}
{%- endmacro %}


{% macro is_anonymous_pendo_visitor(visitor_id) -%}
    starts_with({{ visitor_id }}, '_PENDO_T_')
{%- endmacro %}


{% macro event_count_column(event_name) -%}
    cnt_{{ modules.re.sub('[^a-z0-9]+', '_', event_name | string | lower) }}
{%- endmacro %}


{% macro analytics_day(moment, source='source') -%}
    case {{ source }}
        {%- for name, time_zone in checked_var('analytics_time_zones').items() %}
        when '{{ name }}' then {{ local_day(moment, time_zone) }}
        {%- endfor %}
        else {{ local_day(moment, 'UTC') }}
    end
{%- endmacro %}


{% macro event_order() %}
    {{- return(['occurred_at', 'event_id', 'event_key']) -}}
{% endmacro %}


{% macro native_session_key() -%}
    {{ content_key(["'native'", 'source', 'session_scope', 'native_session_id']) }}
{%- endmacro %}


{% macro idle_session_key(first_event_key) -%}
    {{ content_key(["'idle'", 'cast(' ~ first_event_key ~ ' as varchar)']) }}
{%- endmacro %}


{% macro has_default_session_columns() %}
    {{- return(checked_var('session_event_counts') == ['viewed_product', 'signup']) -}}
{% endmacro %}


{% macro has_default_flow_columns() %}
    {{- return(checked_var('flow_length') == 5) -}}
{% endmacro %}


{% macro count_of_each_event(event_name) -%}
    {%- for name in checked_var('session_event_counts') -%}
        count(*) filter (where {{ event_name }} = {{ text_literal(name) }}) as {{ event_count_column(name) }},
    {% endfor -%}
{%- endmacro %}


{% macro following_events(event_name, session_window) -%}
    {%- for step in range(2, checked_var('flow_length') + 1) -%}
        lead({{ event_name }}, {{ step - 1 }}) over {{ session_window }} as event_{{ step }},
    {% endfor -%}
{%- endmacro %}
