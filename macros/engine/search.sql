{#- What finds a row again within one transaction; where the engine has nothing quicker, its key. -#}
{% macro row_locator(key) %}
    {{- return(adapter.dispatch('row_locator', 'sessionhouse')(key)) -}}
{% endmacro %}

{% macro duckdb__row_locator(key) -%}
    rowid
{%- endmacro %}

{% macro default__row_locator(key) -%}
    {{ key }}
{%- endmacro %}


{#-
    Of keys that are sought in a large table: true. DuckDB leaves out what cannot match while it reads that table only
    where the keys are filtered themselves, and keys that a CTE holds are not.
-#}
{% macro is_sought(key) %}
    {{- return(adapter.dispatch('is_sought', 'sessionhouse')(key)) -}}
{% endmacro %}

{% macro duckdb__is_sought(key) -%}
    {{ key }} is not null
{%- endmacro %}

{% macro default__is_sought(key) -%}
    true
{%- endmacro %}
