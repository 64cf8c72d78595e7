{#- Incremental models that later ones go on from, each before those that read it. -#}
{% macro ordered_stores() %}
    {{- return([
        'stg_ledger__loads',
        'stg_leanplum__repeated_sessions',
        'stg_leanplum__repeated_events',
        'stg_monetate__repeated_sessions',
        'stg_pendo__repeated_events',
        'stg_rudderstack__repeated_tracks',
        'stg_snowplow__repeated_events',
        'int_session_record_versions',
        'int_event_versions',
        'int_identity_versions',
        'int_alias_versions',
        'int_sessionized_event_versions',
        'int_session_versions',
    ]) -}}
{% endmacro %}


{#-
    A model can go on only from a table that it finished itself, on top of stores that did not begin anew since. Where
    that is not so - a table dropped, a full refresh of a part or one that was killed, a build with --empty, a model to
    remove - its state is forgotten, and what is selected of it is dropped, so that this run builds it whole.
-#}
{% macro prepare_state() %}
    {% if execute and flags.WHICH in ('build', 'run') and not flags.EMPTY %}
        {% set anew = models_to_build_anew() %}
        {% do check_stores_below(anew) %}
        {% if anew %}
            {% call statement('forget_state') %}
                delete from {{ model_state() }} where model in {{ text_list(anew) }}
            {% endcall %}
            {% for name in anew if name in selected_models() and not flags.FULL_REFRESH %}
                {% set relation = adapter.get_relation(target.database, schema_of(name), name) %}
                {% if relation is not none %}
                    {% do adapter.drop_relation(relation) %}
                {% endif %}
            {% endfor %}
            {% do adapter.commit() %}
        {% endif %}
    {% endif %}
{% endmacro %}


{% macro models_to_build_anew() %}
    {% set wanted = checked_var('models_to_remove') %}
    {% set unknown = wanted | reject('in', lifecycle_models()) | list %}
    {% if unknown %}
        {% do exceptions.raise_compiler_error(
            'models_to_remove names ' ~ unknown | join(', ') ~ '; it takes incremental models of the marts: '
            ~ lifecycle_models() | join(', ') ~ '.'
        ) %}
    {% endif %}
    {% set known = run_query('select model from ' ~ model_state()).columns[0].values() %}
    {% set anew = [] %}
    {% for name in ordered_stores() + lifecycle_models() %}
        {% set is_store = name in ordered_stores() %}
        {% set follows = anew | select('in', ordered_stores()) | list | length > 0 %}
        {% set is_refreshed = flags.FULL_REFRESH and name in selected_models() %}
        {% set is_whole = name in known and adapter.get_relation(target.database, schema_of(name), name) is not none %}
        {% if follows or is_refreshed or name in wanted or not is_whole %}
            {% do anew.append(name) %}
        {% endif %}
    {% endfor %}
    {% for reader, counted in readers_of_notes().items() if reader not in anew and counted | select('in', anew) | list %}
        {% do anew.append(reader) %}
    {% endfor %}
    {{- return(anew) -}}
{% endmacro %}


{#-
    A store that is built whole reads all of raw, but which of several deliveries counts it takes from the stores below
    it: those must have seen the same rows, or a later run would not find what they missed.
-#}
{% macro check_stores_below(anew) %}
    {% set faults = [] %}
    {% for name in anew if name in ordered_stores() and name in selected_models() %}
        {% for store in stores_below('model.sessionhouse.' ~ name) | unique if store not in selected_models() %}
            {% do faults.append({'store': store, 'reader': name}) %}
        {% endfor %}
    {% endfor %}
    {% if faults and has_unseen_rows(faults | map(attribute='store') | unique | list) %}
        {% do exceptions.raise_compiler_error(
            'Raw tables have changed since ' ~ faults[0].store ~ ' was built, and ' ~ faults[0].reader
            ~ ', which is to be built whole, goes on from it. Build what it goes on from in the same run: --select +'
            ~ faults[0].reader ~ ' instead of ' ~ faults[0].reader ~ '.'
        ) %}
    {% endif %}
{% endmacro %}


{% macro stores_below(unique_id) %}
    {% set names = [] %}
    {% for parent in graph.nodes[unique_id].depends_on.nodes if parent in graph.nodes %}
        {% set name = graph.nodes[parent].name %}
        {% do names.extend(([name] if name in ordered_stores() else []) + stores_below(parent)) %}
    {% endfor %}
    {{- return(names) -}}
{% endmacro %}


{% macro selected_models() %}
    {% set names = [] %}
    {% for unique_id in selected_resources if unique_id.startswith('model.') %}
        {% do names.append(unique_id.split('.')[-1]) %}
    {% endfor %}
    {{- return(names) -}}
{% endmacro %}


{% macro schema_of(model_name) %}
    {{- return(
        'staging' if model_name.startswith('stg_') else 'intermediate' if model_name.startswith('int_') else 'marts'
    ) -}}
{% endmacro %}


{#- How often something was asked to be built again. -#}
{% macro reprocess_number() -%}
    {%- if is_incremental() -%}
        (select coalesce(max(row_count), 0) + 1 from {{ this }} where raw_table = 'reprocess')
    {%- else -%}
        1
    {%- endif -%}
{%- endmacro %}
