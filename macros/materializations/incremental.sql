{#-
    What a run costs that changes little is mostly dbt's own statements about each model. Where a table goes on, this
    takes one batch of them; everything else - a first build, a full refresh - is left to the adapter's materialization.
-#}
{% materialization incremental, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is none or not existing.is_table or should_full_refresh() -%}
        {{ return(dbt.materialization_incremental_duckdb()) }}
    {%- endif -%}

    {%- if is_level() -%}
        {#- Nothing that the model reads has changed since it was built. -#}
        {% do store_raw_result('main', message='NOTHING NEW', code='NOTHING NEW', rows_affected=0) %}
        {{ return({'relations': [existing]}) }}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        {{ go_on(this, compiled_code) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [this.incorporate(type='table')]}) }}
{% endmaterialization %}


{% macro go_on(target, query) -%}
    {%- set strategy = config.get('incremental_strategy') -%}
    {%- set unique_key = config.get('unique_key') or [] -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {%- if strategy not in ('append', 'delete+insert') or (strategy == 'append') == (keys | length > 0) -%}
        {% do exceptions.raise_compiler_error(
            target.identifier ~ ' has incremental_strategy ' ~ strategy ~ ' and unique_key ' ~ unique_key
            ~ '; it takes append without a key, or delete+insert with one.'
        ) %}
    {%- endif -%}
    {#- Not a correlated exists: that reads the whole table, even for no rows. -#}
    {%- set key = keys[0] if keys | length == 1 else '(' ~ keys | join(', ') ~ ')' -%}
    {%- set arrived = adapter.quote('arrived_for_' ~ target.identifier) -%}
    create or replace temp table {{ arrived }} as (
        {{ query }}
    );
    {{ check_columns(target, 'arrived_for_' ~ target.identifier) }}
    {%- if strategy == 'delete+insert' %}
    delete from {{ target }}
    where
        {{ key }} in (select {{ key }} from {{ arrived }}{{ ' where ' ~ is_sought(key) if keys | length == 1 }})
        {%- for predicate in config.get('incremental_predicates') or [] %}
        and {{ predicate }}
        {%- endfor %};
    {%- endif %}
    {%- if config.get('meta', {}).get('is_rewritten') %}
    delete from {{ target }};
    {%- endif %}
    insert into {{ target }} by name select * from {{ arrived }};
    {{- note_changes(target.identifier, arrived) }}
    drop table {{ arrived }};
{%- endmacro %}
