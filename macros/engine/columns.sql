{#- Inserted by name, a column that the query lacks would be null without a word. -#}
{% macro check_columns(target, arrived) -%}
    {{- return(adapter.dispatch('check_columns', 'sessionhouse')(target, arrived)) -}}
{%- endmacro %}


{% macro duckdb__check_columns(target, arrived) -%}
    with described as (
        select column_name || ' ' || data_type as described
        from duckdb_columns()
        where
            (database_name = 'temp' and table_name = {{ text_literal(arrived) }})
            or (
                database_name = {{ text_literal(target.database) }}
                and schema_name = {{ text_literal(target.schema) }}
                and table_name = {{ text_literal(target.identifier) }}
            )
    ),
    unpaired as (
        select described from described
        group by described
        having count(*) <> 2
    )
    select
        error(
            {{ text_literal(target.identifier ~ ' and its table differ in these columns: ') }}
            || string_agg(described, ', ' order by described)
            || '. Rebuild it, and what is built from it: dbt build --full-refresh --select '
            || {{ text_literal(target.identifier ~ '+') }}
        )
    from unpaired
    having count(*) > 0;
{%- endmacro %}
