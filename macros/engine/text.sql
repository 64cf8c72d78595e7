{% macro content_key(expressions) %}
    {{- return(adapter.dispatch('content_key', 'sessionhouse')(expressions)) -}}
{% endmacro %}

{#-
    Two control characters part and mark nulls: no vendor's id contains them, so no two lists of values meet. A UUID is made
    of the digest's bytes in less time than of its text.
-#}
{% macro duckdb__content_key(expressions) -%}
    cast(unhex(md5(concat_ws(
        chr(31)
        {%- for expression in expressions %}, coalesce({{ expression }}, chr(30)){% endfor -%}
    ))) as uuid)
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


{% macro json_string(document, path) %}
    {{- return(adapter.dispatch('json_string', 'sessionhouse')(document, path)) -}}
{% endmacro %}

{% macro duckdb__json_string(document, path) -%}
    nullif(json_extract_string({{ document }}, '{{ path }}'), '')
{%- endmacro %}


{% macro text_literal(value) -%}
    '{{ value | string | replace("'", "''") }}'
{%- endmacro %}


{#- A pattern is an RE2 regular expression; case does not matter. -#}
{% macro matches(text, pattern) %}
    {{- return(adapter.dispatch('matches', 'sessionhouse')(text, pattern)) -}}
{% endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ text_literal(pattern) }}, 'i')
{%- endmacro %}


{% macro first_group(text, pattern) %}
    {{- return(adapter.dispatch('first_group', 'sessionhouse')(text, pattern)) -}}
{% endmacro %}

{% macro duckdb__first_group(text, pattern) -%}
    nullif(regexp_extract({{ text }}, {{ text_literal(pattern) }}, 1), '')
{%- endmacro %}


{#- Within an expression, `in` makes DuckDB join the rows with a table of the values. -#}
{% macro is_one_of(text, values) %}
    {{- return(adapter.dispatch('is_one_of', 'sessionhouse')(text, values)) -}}
{% endmacro %}

{% macro duckdb__is_one_of(text, values) -%}
    list_contains([{% for value in values %}{{ text_literal(value) }}{{ ', ' if not loop.last }}{% endfor %}], {{ text }})
{%- endmacro %}

{% macro default__is_one_of(text, values) -%}
    {{ text }} in {{ text_list(values) }}
{%- endmacro %}
