{#-
    Views read the seeds, and a run without them (`dbt run`, or a selection of models) must work on a fresh database:
    so every seed's table is there, empty, before anything else.
-#}
{% macro create_seed_tables() %}
    {% if execute and flags.WHICH in ('build', 'run', 'test') %}
        {% for seed in graph.nodes.values() if seed.resource_type == 'seed' %}
            {% set table = api.Relation.create(
                database=seed.database, schema=seed.schema, identifier=seed.alias, type='table'
            ) %}
            {% if not adapter.get_relation(table.database, table.schema, table.identifier) %}
                {% set columns = [] %}
                {% for name, type in seed.config.column_types.items() %}
                    {% do columns.append(adapter.quote(name) ~ ' ' ~ type) %}
                {% endfor %}
                {% call statement('create_seed_table') %}
                    create schema if not exists {{ table.without_identifier() }};
                    create table {{ table }} ({{ columns | join(', ') }});
                {% endcall %}
                {#- What dbt knows of the schema is older than this table; its seed would create it again. -#}
                {% do adapter.cache_added(table) %}
            {% endif %}
        {% endfor %}
        {#- dbt rolls back what a project's hooks leave open. -#}
        {% do adapter.commit() %}
    {% endif %}
{% endmacro %}
