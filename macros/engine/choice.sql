{% macro value_of_last(value, ordering, condition='true') %}
    {{- return(adapter.dispatch('value_of_last', 'sessionhouse')(value, ordering, condition)) -}}
{% endmacro %}

{% macro duckdb__value_of_last(value, ordering, condition) -%}
    arg_max({{ value }}, {{ duckdb__order_of(ordering) }}) filter (where {{ condition }})
{%- endmacro %}


{% macro value_of_first(value, ordering, condition='true') %}
    {{- return(adapter.dispatch('value_of_first', 'sessionhouse')(value, ordering, condition)) -}}
{% endmacro %}

{% macro duckdb__value_of_first(value, ordering, condition) -%}
    arg_min({{ value }}, {{ duckdb__order_of(ordering) }}) filter (where {{ condition }})
{%- endmacro %}


{#- A single value is compared several times as fast as a row of one. -#}
{% macro duckdb__order_of(ordering) -%}
    {{ ordering[0] if ordering | length == 1 else 'row(' ~ ordering | join(', ') ~ ')' }}
{%- endmacro %}


{#- For a condition that one row of the group meets, at most. -#}
{% macro the_one(value, condition) %}
    {{- return(adapter.dispatch('the_one', 'sessionhouse')(value, condition)) -}}
{% endmacro %}

{% macro default__the_one(value, condition) -%}
    any_value({{ value }}) filter (where {{ condition }})
{%- endmacro %}
