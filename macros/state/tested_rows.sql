{#-
    In a `dbt build` the costly tests look at what the run wrote, and at the rows these could clash with: what is older has
    been looked at when it was written. `dbt test` always looks at every row. In one macro, since dbt knows no others of a
    project while it renders a test.
-#}
{% macro default__get_where_subquery(relation) %}
    {% set conditions = [config.get('where')] if config.get('where') else [] %}
    {% set key = (config.get('meta') or {}).get('this_run_by') %}
    {% if key and execute and flags.WHICH == 'build' and not flags.FULL_REFRESH %}
        {% set limits = adapter.get_relation(relation.database, 'lifecycle', 'run_limits') %}
        {% if limits is not none %}
            {% if relation.schema == 'intermediate' %}
                {#- Before this run's limits are known, those of the run before let more rows through. -#}
                {% set written = 'changed_at >= (select lower_limit from ' ~ limits ~ ')' %}
            {% else %}
                {% set changes = adapter.get_relation(relation.database, 'lifecycle', 'session_changes') %}
                {% set written = 'session_key in (select session_key from ' ~ changes ~ ')' %}
            {% endif %}
            {% do conditions.append(
                key ~ ' in (select ' ~ key ~ ' from ' ~ relation ~ ' where ' ~ written ~ ') or exists (select 1 from ' ~ limits
                ~ " where state in ('first run', 'new model'))"
            ) %}
        {% endif %}
    {% endif %}
    {{- return(
        '(select * from ' ~ relation ~ ' where (' ~ conditions | join(') and (') ~ ')) as tested_rows'
        if conditions else relation
    ) -}}
{% endmacro %}
