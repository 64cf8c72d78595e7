{#- One line a run: what the run took on, and what it left out. -#}
{% macro tell_run() %}
    {% if execute and flags.WHICH in ('build', 'run') and not flags.EMPTY and was_built('session_changes') %}
        {% set limits = run_query(
            'select state, lower_limit, upper_limit, (select count(*) from ' ~ lifecycle_table('sessions_this_run') ~ '), '
            ~ '(select count(*) from ' ~ lifecycle_table('events_this_run') ~ ') from ' ~ lifecycle_table('run_limits')
        ).rows[0] %}
        {% set rejected = [] %}
        {% for row in run_query(rejected_this_run()).rows %}
            {% do rejected.append('{:,} {}'.format(row[1] | int, row[0])) %}
        {% endfor %}
        {% set span = 'nothing new since ' ~ limits[2] if limits[1] > limits[2] else limits[1] ~ ' to ' ~ limits[2] %}
        {% do log(
            'Lifecycle on ' ~ checked_var('lifecycle_clock') ~ ': ' ~ limits[0] ~ ', ' ~ span ~ ', '
            ~ '{:,} sessions and {:,} events this run, rejected: '.format(limits[3] | int, limits[4] | int)
            ~ (rejected | join(', ') or 'none'),
            info=true
        ) %}
    {% endif %}
{% endmacro %}


{% macro rejected_this_run() -%}
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
    from rejected
    inner join limits
        on
            rejected.moment >= limits.lower_limit
            and rejected.moment <= limits.upper_limit
    group by rejected.reason
    order by rejected.reason
{%- endmacro %}


{% macro lifecycle_table(name) %}
    {{- return(api.Relation.create(database=target.database, schema='lifecycle', identifier=name)) -}}
{% endmacro %}


{% macro was_built(model_name) %}
    {% for result in results if result.node.name == model_name and result.status == 'success' %}
        {{- return(true) -}}
    {% endfor %}
    {{- return(false) -}}
{% endmacro %}
