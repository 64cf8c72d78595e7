{#- The models whose progress the lifecycle keeps: every incremental mart. -#}
{% macro lifecycle_models() %}
    {% set names = [] %}
    {% if execute %}
        {% for node in graph.nodes.values()
            if node.resource_type == 'model' and node.config.materialized == 'incremental' and node.fqn[1] == 'marts' %}
            {% do names.append(node.name) %}
        {% endfor %}
    {% endif %}
    {{- return(names | sort) -}}
{% endmacro %}


{#- Those that have rows to go on from: a model whose table is gone, or is rebuilt, begins again. -#}
{% macro lifecycle_models_built() %}
    {% set names = [] %}
    {% if execute and not flags.FULL_REFRESH %}
        {% for name in lifecycle_models() if adapter.get_relation(target.database, 'marts', name) is not none %}
            {% do names.append(name) %}
        {% endfor %}
    {% endif %}
    {{- return(names) -}}
{% endmacro %}


{% macro backfill_limit_days() %}
    {% set days = checked_var('backfill_limit_days') %}
    {{- return(days if days is not none or uses_clock('loaded_at') else 30) -}}
{% endmacro %}


{% macro lookback_window_hours() %}
    {% set hours = checked_var('lookback_window_hours') %}
    {{- return(hours if hours is not none else (0 if uses_clock('loaded_at') else 6)) -}}
{% endmacro %}


{% macro last_success_of(model_name) -%}
    (
        select coalesce(max(last_success), {{ beginning_of_time() }})
        from {{ model_state() }}
        where model = '{{ model_name }}'
    )
{%- endmacro %}


{#- Whether a change concerns a mart: it is newer than the mart, or the run was asked to build it again. -#}
{% macro is_due_for(model_name) -%}
    {%- if uses_clock('loaded_at') -%}
        (is_forced or changed_at > {{ subtract_hours(last_success_of(model_name), lookback_window_hours()) }})
    {%- else -%}
        (
            is_forced
            or not (
                (select state from {{ ref('run_limits') }}) in ('new model', 'catch-up')
                and (select upper_limit from {{ ref('run_limits') }}) <= {{ last_success_of(model_name) }}
            )
        )
    {%- endif -%}
{%- endmacro %}


{% macro replace_due(model_name, changes, key) -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            {{ key }} in (
                select {{ key }} from {{ ref(changes) }} where {{ is_sought(key) }} and {{ is_due_for(model_name) }}
            )
    {%- endif -%}
{%- endmacro %}


{#- For a model whose rows all hang together. -#}
{% macro replace_all() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
    {%- endif -%}
{%- endmacro %}


{% macro changes_taken_on() -%}
    {%- if uses_clock('loaded_at') -%}
        (select upper_limit from {{ ref('run_limits') }})
    {%- else -%}
        {{ changed_through(['int_session_versions']) }}
    {%- endif -%}
{%- endmacro %}


{#- On received_at the last event taken on is the success; a model that catches up is as far as its window was. -#}
{% macro remember_success() -%}
    {%- set limits = ref('run_limits') -%}
    {#- Not what the stores have by now: a mart may be run alone, on the changes of an earlier run. -#}
    {%- set through = changed_through(['session_changes']) -%}
    {%- if uses_clock('loaded_at') -%}
        {{ remember(through, through) }}
    {%- else -%}
        {%- set state = '(select state from ' ~ limits ~ ')' -%}
        {%- set taken = '(select max(lifecycle_at) from ' ~ ref('events_this_run') ~ ')' -%}
        {%- set success -%}
            greatest(
                case when {{ state }} <> 'first run' then {{ last_success_of(this.identifier) }} end,
                {{ taken }},
                case when {{ state }} in ('new model', 'catch-up') then (select upper_limit from {{ limits }}) end,
                {#- What no session will ever take on, such as a quarantined one's new events, must not hold up what follows. #}
                (
                    select upper_limit from {{ limits }}
                    where
                        next_moment <= upper_limit
                        and upper_limit < target_limit
                        and coalesce({{ taken }} < next_moment, true)
                )
            )
        {%- endset -%}
        {{ remember(through, 'nullif(' ~ success ~ ', ' ~ beginning_of_time() ~ ')') }}
    {%- endif -%}
{%- endmacro %}


{#- Nothing that left before this is still in a mart. -#}
{% macro least_change_of_marts() -%}
    (
        select coalesce(min(changed_through), {{ beginning_of_time() }})
        from {{ model_state() }}
        where model in {{ text_list(lifecycle_models_built() + ['']) }}
    )
{%- endmacro %}


{#- Only on received_at: on loaded_at the manifest is what the sessions are. -#}
{% macro forget_vanished_sessions() -%}
    {%- if not uses_clock('loaded_at') and is_incremental() -%}
        delete from {{ this }}
        where session_key not in (select session_key from {{ ref('int_sessions') }})
    {%- endif -%}
{%- endmacro %}


{#- Former selves have served when every model has seen that they are gone. -#}
{% macro forget_former_selves() %}
    {% if execute and flags.WHICH in ('build', 'run') and not flags.EMPTY %}
        {% for name in version_stores() if adapter.get_relation(target.database, 'intermediate', name) is not none %}
            {% call statement('forget_former_selves') %}
                delete from {{ api.Relation.create(database=target.database, schema='intermediate', identifier=name) }}
                where
                    not is_current
                    and changed_at <= (
                        select min(changed_through) from {{ model_state() }}
                        where model in {{ text_list(stateful_models()) }}
                    );
            {% endcall %}
            {% do adapter.commit() %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro version_stores() %}
    {% set names = [] %}
    {% for name in ordered_stores() if name.startswith('int_') %}
        {% do names.append(name) %}
    {% endfor %}
    {{- return(names) -}}
{% endmacro %}


{% macro stateful_models() %}
    {{- return(version_stores() + lifecycle_models()) -}}
{% endmacro %}


{#- What of a session's events stands in the marts; none of those that no run has reached yet. -#}
{% macro is_published(places, manifest) -%}
    {%- if uses_clock('loaded_at') -%}
        not {{ places }}.is_beyond_cap
    {%- else -%}
        {{ places }}.lifecycle_at between {{ manifest }}.start_tstamp and {{ manifest }}.end_tstamp
    {%- endif -%}
{%- endmacro %}
