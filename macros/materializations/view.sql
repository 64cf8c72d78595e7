{#-
    The adapter makes a view under another name, moves the old one out of its way, renames the new one, and drops the old.
    In one transaction nobody sees the old one go, and most of the time that a view takes is spared.
-#}
{% materialization view, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none and not existing.is_view -%}
        {{ return(dbt.materialization_view_default()) }}
    {%- endif -%}

    {%- set view = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        drop view if exists {{ view }};
        {{ get_create_view_as_sql(view, compiled_code) }}
        {%- if config.persist_relation_docs() and model.description %}
        {{ alter_relation_comment(view, model.description) }}
        {%- endif %}
    {%- endcall -%}
    {% do persist_docs(view, model, for_relation=false) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [view]}) }}
{% endmaterialization %}
