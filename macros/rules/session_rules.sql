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


{#- In a stream: a visitor's first event, or one after a pause; of a native session the first one only. -#}
{% macro starts_session() -%}
    (
        stream_previous_at is null
        or (is_idle and {{ starts_idle_session('occurred_at', 'stream_previous_at') }})
    )
{%- endmacro %}


{% macro is_beyond_session_cap(occurred_at, started_at) -%}
    {{ occurred_at }} > {{ add_days(started_at, checked_var('max_session_days')) }}
{%- endmacro %}


{#- By another clock than that of the events, what is beyond the cap is not what comes last. -#}
{% macro is_only_tail(first_point_at, started_at) -%}
    {{ is_beyond_session_cap(first_point_at, started_at) if uses_clock('loaded_at') else 'false' }}
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


{% macro native_session_key(relation=none) -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {{ content_key(["'native'", prefix ~ 'source', prefix ~ 'session_scope', prefix ~ 'native_session_id']) }}
{%- endmacro %}


{#- An event begins one session at most, and its key is made of its content alone. -#}
{% macro idle_session_key(first_event_key) -%}
    {{ first_event_key }}
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


{% macro uses_clock(clock) %}
    {{- return(checked_var('lifecycle_clock') == clock) -}}
{% endmacro %}


{#- The time of an event that bounds, caps and quarantines sessions. -#}
{% macro lifecycle_time() -%}
    {{ 'occurred_at' if uses_clock('loaded_at') else 'received_at' }}
{%- endmacro %}


{#- What is split, or taken as it is: a visitor's events, or those that the vendor put into one session. -#}
{% macro stream_key(source, visitor_key, native_session_key) -%}
    case
        when {{ uses_session_method('idle', source) }} then {{ visitor_key }}
        else {{ native_session_key }}
    end
{%- endmacro %}


{#- On loaded_at what is beyond the cap comes last; by another clock it may stand between other events. -#}
{% macro number_in_session() -%}
    {%- if uses_clock('loaded_at') -%}
        stream_position - first_position + 1
    {%- else -%}
        row_number() over (partition by session_key, is_beyond_cap order by stream_position)
    {%- endif -%}
{%- endmacro %}


{#- A record tells the start by the clock of the events, and by no other. -#}
{% macro recorded_start(started_at) -%}
    {{ started_at if uses_clock('loaded_at') else 'cast(null as timestamp)' }}
{%- endmacro %}


{#- Whether the user asked for the event to be looked at again: by its time, or by who caused it. -#}
{% macro is_reprocessed(occurred_at='occurred_at', anonymous_id='anonymous_id', user_id='user_id') -%}
    {%- set wanted = checked_var('reprocess') -%}
    {%- set tests = [] -%}
    {%- if wanted.get('from') or wanted.get('to') -%}
        {%- set from = wanted.get('from') or '1970-01-01' -%}
        {%- set to = wanted.get('to') or '9999-12-31' -%}
        {%- do tests.append(
            occurred_at ~ ' between cast(' ~ text_literal(from) ~ ' as timestamp) and cast(' ~ text_literal(to) ~ ' as timestamp)'
        ) -%}
    {%- endif -%}
    {%- if wanted.get('visitors') -%}
        {%- do tests.append('coalesce(' ~ anonymous_id ~ ' in ' ~ text_list(wanted.visitors) ~ ', false)') -%}
        {%- do tests.append('coalesce(' ~ user_id ~ ' in ' ~ text_list(wanted.visitors) ~ ', false)') -%}
    {%- endif -%}
    ({{ tests | join(' or ') or 'false' }})
{%- endmacro %}


{#- The same question asked of a session. -#}
{% macro is_session_reprocessed() -%}
    {%- set wanted = checked_var('reprocess') -%}
    {%- set tests = [] -%}
    {%- if wanted.get('from') or wanted.get('to') -%}
        {%- do tests.append(
            'sessions.started_at <= cast(' ~ text_literal(wanted.get('to') or '9999-12-31') ~ ' as timestamp)'
            ~ ' and sessions.ended_at >= cast(' ~ text_literal(wanted.get('from') or '1970-01-01') ~ ' as timestamp)'
        ) -%}
    {%- endif -%}
    {%- if wanted.get('visitors') -%}
        {%- do tests.append('coalesce(sessions.visitor_id in ' ~ text_list(wanted.visitors) ~ ', false)') -%}
    {%- endif -%}
    ({{ tests | join(' or ') or 'false' }})
{%- endmacro %}
