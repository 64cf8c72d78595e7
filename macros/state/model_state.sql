{#-
    How far each incremental model has come. A table of its own, made before any model runs: models write their row
    in their own transaction, so that state and data never part.
-#}
{% macro model_state() %}
    {{- return(api.Relation.create(database=target.database, schema='lifecycle', identifier='model_state')) -}}
{% endmacro %}


{% macro create_model_state() %}
    {% if execute and flags.WHICH in ('build', 'run', 'test') %}
        {% call statement('create_model_state') %}
            create schema if not exists {{ model_state().without_identifier() }};
            create table if not exists {{ model_state() }} (
                model varchar not null,
                last_success timestamp,
                changed_through timestamp,
                rules varchar
            );
            create table if not exists {{ noted_changes() }} (
                reader varchar not null,
                noted_by varchar not null,
                source varchar not null,
                app_id varchar,
                visitor_key uuid,
                day date not null,
                change bigint not null
            );
        {% endcall %}
        {#- dbt rolls back what a project's hooks leave open. -#}
        {% do adapter.commit() %}
    {% endif %}
{% endmacro %}


{#- Before everything: no load and no change is as old. -#}
{% macro beginning_of_time() -%}
    timestamp '1970-01-01 00:00:00'
{%- endmacro %}


{% macro changed_after(model_name) -%}
    (
        select coalesce(max(changed_through), {{ beginning_of_time() }})
        from {{ model_state() }}
        where model = '{{ model_name }}'
    )
{%- endmacro %}


{% macro changed_through(parents) -%}
    (
        select coalesce(min(changed_through), {{ beginning_of_time() }})
        from {{ model_state() }}
        where model in {{ text_list(parents) }}
    )
{%- endmacro %}


{% macro is_news_for(model_name, parents, changed_at='changed_at') -%}
    ({{ changed_at }} > {{ changed_after(model_name) }} and {{ changed_at }} <= {{ changed_through(parents) }})
{%- endmacro %}


{#-
    Whether the model that runs, and is built, has seen every change that any model has seen: then it has nothing to do. The
    first store reads the raw tables themselves, and on received_at a mart has windows to take on without any change.
-#}
{% macro is_level() %}
    {% set is_store = model.name in ordered_stores()[1:] %}
    {% set is_mart = model.fqn[1] == 'marts' and uses_clock('loaded_at') and not lookback_window_hours() %}
    {% if not execute or flags.EMPTY or not (is_store or is_mart) or checked_var('reprocess') %}
        {{- return(false) -}}
    {% endif %}
    {% set answer %}
        select coalesce(max(case when model = '{{ model.name }}' then changed_through end) >= max(changed_through), false)
        from {{ model_state() }}
        where model in {{ text_list(ordered_stores() + ['session_changes', model.name]) }}
    {% endset %}
    {{- return(run_query(answer).columns[0].values()[0]) -}}
{% endmacro %}


{#- A build with --empty has seen nothing, so it notes nothing. -#}
{% macro remember(through, last_success='null') -%}
    {%- if not flags.EMPTY -%}
        create or replace temp table state_of_{{ this.identifier }} as
        select
            '{{ this.identifier }}' as model,
            {{ last_success }} as last_success,
            {{ through }} as changed_through,
            {{ text_literal(rules_in_force()) }} as rules;
        delete from {{ model_state() }} where model = '{{ this.identifier }}';
        insert into {{ model_state() }} select * from state_of_{{ this.identifier }};
        drop table state_of_{{ this.identifier }};
    {%- endif -%}
{%- endmacro %}


{% macro latest_change(relation) -%}
    (select coalesce(max(changed_at), {{ beginning_of_time() }}) from {{ relation }})
{%- endmacro %}


{#- Whether the run goes on from what the model holds; a scratch table asks this of the model it prepares. -#}
{% macro continues(relation) %}
    {{- return(
        execute and not flags.FULL_REFRESH
        and adapter.get_relation(relation.database, relation.schema, relation.identifier) is not none
    ) -}}
{% endmacro %}


{#-
    The last CTE of a model that keeps versions: rows that are new or other than before, and the former selves of those
    that are other or gone. Rows that stayed the same are not written, so that later models see only real changes. Columns
    that are carried are written along, and make no change.
-#}
{% macro changes(present, former, key, columns, changed_at, carried=[]) -%}
changes as (

    select
        {{ present }}.{{ key }},
        {%- for column in columns + carried %}
        {{ present }}.{{ column }},
        {%- endfor %}
        true as is_current,
        {{ changed_at }} as changed_at,
    from {{ present }}
    left join {{ former }} on {{ present }}.{{ key }} = {{ former }}.{{ key }}
    where {{ former }}.{{ key }} is null or {{ differs(columns, present, former) }}
    union all
    select
        {{ former }}.{{ key }},
        {%- for column in columns + carried %}
        {{ former }}.{{ column }},
        {%- endfor %}
        false as is_current,
        {{ changed_at }} as changed_at,
    from {{ former }}
    left join {{ present }} on {{ former }}.{{ key }} = {{ present }}.{{ key }}
    where {{ present }}.{{ key }} is null or {{ differs(columns, present, former) }}

)
{%- endmacro %}


{% macro differs(columns, left, right) -%}
    (
        {%- for column in columns %}
        {{ left }}.{{ column }} is distinct from {{ right }}.{{ column }}
        {{- ' or' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
