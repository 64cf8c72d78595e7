{#-
    Leanplum's JSON files hold a session with all its parts in one line; CSV files name their type and hold
    the parts of many sessions, each type in files of its own.
-#}
{% macro is_leanplum_json_file(file) %}
    {{- return(adapter.dispatch('is_leanplum_json_file', 'sessionhouse')(file)) -}}
{% endmacro %}

{% macro duckdb__is_leanplum_json_file(file) -%}
    regexp_matches({{ file }}, '-output-[0-9]+[^/]*$')
{%- endmacro %}


{#- `part` is a row of a session's children, `delivery` the row that names the delivery which counts. -#}
{% macro is_part_of_delivery(part, delivery) -%}
    {{ part }}._load_id = {{ delivery }}._load_id
    and (
        not {{ is_leanplum_json_file(part ~ '._file') }}
        or ({{ part }}._file = {{ delivery }}._file and {{ part }}._line = {{ delivery }}._line)
    )
{%- endmacro %}


{#- What a delivery of a session is told by within its load: its line in JSON form, nothing in CSV form. -#}
{% macro line_of_delivery(part) -%}
    case
        when {{ is_leanplum_json_file(part ~ '._file') }}
            then concat_ws(':', {{ part }}._file, {{ part }}._line)
    end
{%- endmacro %}
