{#- Vars that decide what the rows of the models are: they must not change between two incremental runs. -#}
{% macro rule_vars() %}
    {#- On received_at a start date only says where a mart that begins anew begins. -#}
    {{- return((['start_date'] if uses_clock('loaded_at') else []) + [
        'session_methods',
        'session_idle_minutes',
        'max_session_days',
        'days_late_allowed',
        'allow_null_device_times',
        'app_ids',
        'pendo_exclude',
        'session_event_counts',
        'flow_length',
        'page_ping_heartbeat_seconds',
        'page_ping_minimum_visit_seconds',
        'analytics_time_zones',
        'lifecycle_clock',
    ]) -}}
{% endmacro %}


{% macro rules_in_force() %}
    {% set rules = {} %}
    {% for name in rule_vars() %}
        {% do rules.update({name: var(name)}) %}
    {% endfor %}
    {{- return(tojson(rules, sort_keys=true)) -}}
{% endmacro %}


{% macro check_rules() %}
    {% if execute and flags.WHICH in ('build', 'run') and not flags.FULL_REFRESH %}
        {% set faults = [] %}
        {% set kept = run_query(
            'select distinct rules from ' ~ model_state() ~ ' where model in '
            ~ text_list(ordered_stores() + lifecycle_models()) ~ ' and rules <> ' ~ text_literal(rules_in_force())
            ~ ' order by rules'
        ) %}
        {% for row in kept.rows %}
            {% set built_with = fromjson(row[0]) %}
            {% for name in rule_vars() if tojson(built_with.get(name), sort_keys=true) != tojson(var(name), sort_keys=true) %}
                {% do faults.append(name ~ ' was ' ~ built_with.get(name) ~ ' and is ' ~ var(name)) %}
            {% endfor %}
        {% endfor %}
        {% if faults %}
            {% do exceptions.raise_compiler_error(
                'The tables were built under other rules: ' ~ faults | unique | join('; ') ~ '. One table must not mix two '
                ~ 'rules: run dbt build --full-refresh to rebuild everything under the new ones, or set the old value again.'
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}
