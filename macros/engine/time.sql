{% macro minutes_between(earlier, later) %}
    {{- return(adapter.dispatch('minutes_between', 'sessionhouse')(earlier, later)) -}}
{% endmacro %}

{% macro duckdb__minutes_between(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }})) / 60000000.0::double
{%- endmacro %}


{% macro add_days(moment, days) %}
    {{- return(adapter.dispatch('add_days', 'sessionhouse')(moment, days)) -}}
{% endmacro %}

{% macro duckdb__add_days(moment, days) -%}
    {{ moment }} + interval '{{ days }} days'
{%- endmacro %}


{% macro add_minutes(moment, minutes) %}
    {{- return(adapter.dispatch('add_minutes', 'sessionhouse')(moment, minutes)) -}}
{% endmacro %}

{% macro duckdb__add_minutes(moment, minutes) -%}
    {{ moment }} + interval '{{ minutes }} minutes'
{%- endmacro %}


{% macro subtract_minutes(moment, minutes) -%}
    {{ add_minutes(moment, -minutes) }}
{%- endmacro %}


{% macro subtract_hours(moment, hours) %}
    {{- return(add_minutes(moment, -60 * hours) if hours else moment) -}}
{% endmacro %}


{% macro add_seconds(moment, seconds) %}
    {{- return(adapter.dispatch('add_seconds', 'sessionhouse')(moment, seconds)) -}}
{% endmacro %}

{% macro duckdb__add_seconds(moment, seconds) -%}
    {{ moment }} + to_microseconds(cast(round({{ seconds }} * 1000000) as bigint))
{%- endmacro %}


{% macro add_microsecond(moment) %}
    {{- return(adapter.dispatch('add_microsecond', 'sessionhouse')(moment)) -}}
{% endmacro %}

{% macro duckdb__add_microsecond(moment) -%}
    {{ moment }} + interval 1 microsecond
{%- endmacro %}


{% macro local_day(moment, time_zone) %}
    {{- return(adapter.dispatch('local_day', 'sessionhouse')(moment, time_zone)) -}}
{% endmacro %}

{% macro duckdb__local_day(moment, time_zone) -%}
    {%- if time_zone == 'UTC' -%}
        cast({{ moment }} as date)
    {%- else -%}
        cast({{ moment }} at time zone 'UTC' at time zone '{{ time_zone }}' as date)
    {%- endif -%}
{%- endmacro %}


{% macro days_between(earlier_day, later_day) %}
    {{- return(adapter.dispatch('days_between', 'sessionhouse')(earlier_day, later_day)) -}}
{% endmacro %}

{% macro duckdb__days_between(earlier_day, later_day) -%}
    cast({{ later_day }} - {{ earlier_day }} as integer)
{%- endmacro %}


{% macro total_minutes(earlier, later, condition='true') %}
    {{- return(adapter.dispatch('total_minutes', 'sessionhouse')(earlier, later, condition)) -}}
{% endmacro %}

{#- Summed in whole microseconds: a sum of fractions depends on the order of its rows. -#}
{% macro duckdb__total_minutes(earlier, later, condition) -%}
    coalesce(sum(epoch_us({{ later }}) - epoch_us({{ earlier }})) filter (where {{ condition }}), 0) / 60000000.0::double
{%- endmacro %}


{#- Whole seconds of the clock that begin between two moments: 1.9 to 3.1 are two. -#}
{% macro clock_seconds_between(earlier, later) %}
    {{- return(adapter.dispatch('clock_seconds_between', 'sessionhouse')(earlier, later)) -}}
{% endmacro %}

{% macro duckdb__clock_seconds_between(earlier, later) -%}
    date_diff('second', {{ earlier }}, {{ later }})
{%- endmacro %}


{% macro heartbeat_number(moment, seconds) %}
    {{- return(adapter.dispatch('heartbeat_number', 'sessionhouse')(moment, seconds)) -}}
{% endmacro %}

{% macro duckdb__heartbeat_number(moment, seconds) -%}
    epoch_us({{ moment }}) // {{ 1000000 * seconds }}
{%- endmacro %}


{% macro day_after(day, days) %}
    {{- return(adapter.dispatch('day_after', 'sessionhouse')(day, days)) -}}
{% endmacro %}

{% macro duckdb__day_after(day, days) -%}
    cast({{ day }} + {{ days }} as date)
{%- endmacro %}


{#- Engines do not agree about what the least of something and null is. -#}
{% macro earlier_day(day_or_null, day) -%}
    case when {{ day_or_null }} < {{ day }} then {{ day_or_null }} else {{ day }} end
{%- endmacro %}
