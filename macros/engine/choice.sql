{% macro value_of_last(value, ordering, condition='true') %}
    {{- return(adapter.dispatch('value_of_last', 'sessionhouse')(value, ordering, condition)) -}}
{% endmacro %}

{% macro duckdb__value_of_last(value, ordering, condition) -%}
    arg_max({{ value }}, row({{ ordering | join(', ') }})) filter (where {{ condition }})
{%- endmacro %}


{% macro value_of_first(value, ordering, condition='true') %}
    {{- return(adapter.dispatch('value_of_first', 'sessionhouse')(value, ordering, condition)) -}}
{% endmacro %}

{% macro duckdb__value_of_first(value, ordering, condition) -%}
    arg_min({{ value }}, row({{ ordering | join(', ') }})) filter (where {{ condition }})
{%- endmacro %}


{#- What finds a row again within one statement; where the engine has nothing quicker, its key. -#}
{% macro row_locator(key) %}
    {{- return(adapter.dispatch('row_locator', 'sessionhouse')(key)) -}}
{% endmacro %}

{% macro duckdb__row_locator(key) -%}
    rowid
{%- endmacro %}

{% macro default__row_locator(key) -%}
    {{ key }}
{%- endmacro %}
