{#- After a run, in a few lines: what it took on, what the marts it built hold, and what was left out, by reason. -#}
{% macro tell_run() %}
    {% if execute and flags.WHICH in ('build', 'run') and not flags.EMPTY and was_built('session_changes') %}
        {% set limits = run_query(
            'select state, lower_limit, upper_limit, (select count(*) from ' ~ lifecycle_table('sessions_this_run') ~ '), '
            ~ '(' ~ count_of_events_this_run() ~ ') from ' ~ lifecycle_table('run_limits')
        ).rows[0] %}
        {% set rejected = run_query(rejected_by_reason()).rows %}
        {% set span = 'nothing new since ' ~ limits[2] if limits[1] > limits[2] else limits[1] ~ ' to ' ~ limits[2] %}
        {% do log(
            'Lifecycle on ' ~ checked_var('lifecycle_clock') ~ ': ' ~ limits[0] ~ ', ' ~ span ~ ', '
            ~ '{:,} sessions and {:,} events this run, rejected: '.format(limits[3] | int, limits[4] | int)
            ~ told_counts(rejected, 'events_this_run'),
            info=true
        ) %}
        {% if built_marts() %}
            {% set counted = run_query(rows_of_each(built_marts())).rows %}
            {% set rows = [] %}
            {% for row in counted %}
                {% do rows.append('{} {:,}'.format(row['model'], row['rows'] | int)) %}
            {% endfor %}
            {% do log('Rows in the marts: ' ~ rows | join(', '), info=true) %}
        {% endif %}
        {% do log('Rejected events of all runs: ' ~ told_counts(rejected, 'events'), info=true) %}
    {% endif %}
{% endmacro %}


{#- As many as `events_this_run` has; that view looks every event's texts up, which takes longer than to count them. -#}
{% macro count_of_events_this_run() -%}
    {%- if uses_clock('loaded_at') -%}
        select count(*)
        from {{ api.Relation.create(
            database=target.database, schema='intermediate', identifier='int_events_sessionized'
        ) }}
        where not is_beyond_cap and session_key in (select session_key from {{ lifecycle_table('sessions_this_run') }})
    {%- else -%}
        select count(*) from {{ lifecycle_table('events_this_run') }}
    {%- endif -%}
{%- endmacro %}


{#- Both counts in one reading of the stores; how much was left out in all shows when a rule leaves out too much. -#}
{% macro rejected_by_reason() -%}
    with limits as (

        select * from {{ lifecycle_table('run_limits') }}

    ),

    rejected as (

        select
            reason,
            {{ 'changed_at' if uses_clock('loaded_at') else 'received_at' }} as moment,
        from {{ api.Relation.create(database=target.database, schema='intermediate', identifier='int_event_versions') }}
        where is_current and reason is not null
        union all
        select
            'beyond_session_cap' as reason,
            {{ 'changed_at' if uses_clock('loaded_at') else 'lifecycle_at' }} as moment,
        from {{ api.Relation.create(
            database=target.database, schema='intermediate', identifier='int_sessionized_event_versions'
        ) }}
        where is_current and is_beyond_cap

    )

    select
        rejected.reason,
        count(*) as events,
        count(case
            when rejected.moment >= limits.lower_limit and rejected.moment <= limits.upper_limit then 1
        end) as events_this_run,
    from rejected
    cross join limits
    group by rejected.reason
    order by rejected.reason
{%- endmacro %}


{% macro told_counts(rows, column) %}
    {% set told = [] %}
    {% for row in rows if row[column] %}
        {% do told.append('{:,} {}'.format(row[column] | int, row['reason'])) %}
    {% endfor %}
    {{- return(told | join(', ') or 'none') -}}
{% endmacro %}


{#- Tables only: the engine knows how many rows they have, a view would be computed. -#}
{% macro rows_of_each(models) -%}
    {%- for model in models %}
    select
        {{ text_literal(model.name) }} as model,
        count(*) as rows,
    from {{ api.Relation.create(database=target.database, schema=model.schema, identifier=model.name) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    order by model
{%- endmacro %}


{% macro built_marts() %}
    {% set models = [] %}
    {% for result in results if result.status == 'success' and result.node.fqn[1] == 'marts' %}
        {% if result.node.resource_type == 'model' and result.node.config.materialized != 'view' %}
            {% do models.append(result.node) %}
        {% endif %}
    {% endfor %}
    {{- return(models) -}}
{% endmacro %}


{% macro lifecycle_table(name) %}
    {{- return(api.Relation.create(database=target.database, schema='lifecycle', identifier=name)) -}}
{% endmacro %}


{% macro was_built(model_name) %}
    {% for result in results if result.node.name == model_name and result.status == 'success' %}
        {{- return(true) -}}
    {% endfor %}
    {{- return(false) -}}
{% endmacro %}
