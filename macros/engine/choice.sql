{% macro value_of_last(value, ordering) %}
    {{- return(adapter.dispatch('value_of_last', 'sessionhouse')(value, ordering)) -}}
{% endmacro %}

{% macro duckdb__value_of_last(value, ordering) -%}
    arg_max({{ value }}, row({{ ordering | join(', ') }}))
{%- endmacro %}


{% macro value_of_first(value, ordering) %}
    {{- return(adapter.dispatch('value_of_first', 'sessionhouse')(value, ordering)) -}}
{% endmacro %}

{% macro duckdb__value_of_first(value, ordering) -%}
    arg_min({{ value }}, row({{ ordering | join(', ') }}))
{%- endmacro %}
