{% macro content_key(expressions) %}
    {{- return(adapter.dispatch('content_key', 'sessionhouse')(expressions)) -}}
{% endmacro %}

{#- Two control characters part and mark nulls: no vendor's id contains them, so no two lists of values meet. -#}
{% macro duckdb__content_key(expressions) -%}
    cast(md5(concat_ws(
        chr(31)
        {%- for expression in expressions %}, coalesce({{ expression }}, chr(30)){% endfor -%}
    )) as uuid)
{%- endmacro %}


{% macro text_list(values) -%}
    ({% for value in values %}{{ text_literal(value) }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}


{% macro distinct_list(expression) %}
    {{- return(adapter.dispatch('distinct_list', 'sessionhouse')(expression)) -}}
{% endmacro %}

{% macro duckdb__distinct_list(expression) -%}
    list_sort(list(distinct {{ expression }}))
{%- endmacro %}


{% macro url_host(url) %}
    {{- return(adapter.dispatch('url_host', 'sessionhouse')(url)) -}}
{% endmacro %}

{% macro duckdb__url_host(url) -%}
    nullif(lower(regexp_extract({{ url }}, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)', 1)), '')
{%- endmacro %}


{% macro json_string(document, path) %}
    {{- return(adapter.dispatch('json_string', 'sessionhouse')(document, path)) -}}
{% endmacro %}

{% macro duckdb__json_string(document, path) -%}
    nullif(json_extract_string({{ document }}, '{{ path }}'), '')
{%- endmacro %}


{% macro text_literal(value) -%}
    '{{ value | string | replace("'", "''") }}'
{%- endmacro %}
