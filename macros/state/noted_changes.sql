{#-
    Marts that count what other marts hold, and these. How the counts change follows from the rows that left the others
    and the rows that came, which those note as they are written, once for every reader. A reader's own progress does not
    tell it: not every former self in the stores was published.
-#}
{% macro readers_of_notes() %}
    {{- return({
        'fct_daily_metrics': ['fct_events', 'fct_sessions'],
        'fct_retention': ['fct_sessions'],
    }) -}}
{% endmacro %}


{% macro noted_changes() %}
    {{- return(lifecycle_table('noted_changes')) -}}
{% endmacro %}


{#- What is built again by a wish may differ from what was counted because somebody changed it by hand, which no note tells. -#}
{% macro counts_changes() %}
    {{- return(is_incremental() and not checked_var('reprocess')) -}}
{% endmacro %}


{% macro noted_for(reader) -%}
    (select * from {{ noted_changes() }} where reader = '{{ reader }}'{{ ' and false' if flags.EMPTY }})
{%- endmacro %}


{% macro forget_notes() -%}
    {%- if not flags.EMPTY -%}
        delete from {{ noted_changes() }} where reader = '{{ this.identifier }}'
    {%- endif -%}
{%- endmacro %}


{#- The rows that are due, set aside until those that take their place are there. -#}
{% macro set_due_aside(model_name, changes, key, columns) -%}
    {%- if is_incremental() -%}
        create or replace temp table {{ rows_aside(model_name) }} as
        select
            {{ row_locator(key) }} as row_locator,
            {{ columns | join(', ') }}
        from {{ this }}
        where
            {{ key }} in (
                select {{ key }} from {{ ref(changes) }} where {{ is_sought(key) }} and {{ is_due_for(model_name) }}
            );
        delete from {{ this }}
        where
            {{ row_locator(key) }} in (
                select row_locator from {{ rows_aside(model_name) }} where {{ is_sought('row_locator') }}
            )
    {%- endif -%}
{%- endmacro %}


{% macro rows_aside(model_name) -%}
    {{ adapter.quote('aside_of_' ~ model_name) }}
{%- endmacro %}


{#- What changed is found once, and written once for every reader. -#}
{% macro note_changes(model_name, arrived) -%}
    {%- set readers = [] -%}
    {%- for reader, counted in readers_of_notes().items() if model_name in counted -%}
        {%- do readers.append(reader) -%}
    {%- endfor -%}
    {%- set built = readers | select('in', lifecycle_models_built()) | list -%}
    {%- if built %}
    insert into {{ noted_changes() }} by name
    select
        readers.reader,
        notes.*,
    from (
        {{ notes_of_events(arrived) if model_name == 'fct_events' else notes_of_sessions(arrived) }}
    ) as notes
    cross join (
        values {% for reader in built %}({{ text_literal(reader) }}){{ ', ' if not loop.last }}{% endfor %}
    ) as readers (reader);
    {%- endif %}
    {%- if readers %}
    drop table {{ rows_aside(model_name) }};
    {%- endif %}
{%- endmacro %}


{% macro notes_of_events(arrived) -%}
    with steps as (

        select
            source,
            app_id,
            day,
            -1 as step,
        from {{ rows_aside('fct_events') }}
        union all
        select
            source,
            app_id,
            day,
            1 as step,
        from {{ arrived }}

    )

    select
        'fct_events' as noted_by,
        source,
        app_id,
        day,
        sum(step) as change,
    from steps
    group by source, app_id, day
    having sum(step) <> 0
{%- endmacro %}


{#- A session that merely has another number or neighbour than before counts as it did. -#}
{% macro notes_of_sessions(arrived) -%}
    {%- set columns = counted_session_columns() | join(', ') -%}
    with former as (

        select {{ columns }} from {{ rows_aside('fct_sessions') }}
        where is_interaction and started_at is not null

    ),

    present as (

        select {{ columns }} from {{ arrived }}
        where is_interaction and started_at is not null

    ),

    lost as (

        select * from former
        except
        select * from present

    ),

    gained as (

        select * from present
        except
        select * from former

    ),

    steps as (

        select
            *,
            -1 as step,
        from lost
        union all
        select
            *,
            1 as step,
        from gained

    )

    -- No change in the number of a visitor's sessions on a day may be one in their lengths.
    select
        'fct_sessions' as noted_by,
        source,
        app_id,
        visitor_key,
        day,
        sum(step) as change,
    from steps
    group by source, app_id, visitor_key, day
{%- endmacro %}


{% macro counted_session_columns() %}
    {{- return(['session_key', 'source', 'app_id', 'visitor_key', 'started_at', 'ended_at', 'day', 'is_interaction']) -}}
{% endmacro %}


{#-
    The CTEs that end in `changed_visits`: of every visitor of whom something is noted, the days on which they came, with
    step 1 as they are now, and with step -1 as they were before.
-#}
{% macro changed_visits(noted, sessions) -%}
session_steps as (

    select
        source,
        app_id,
        visitor_key,
        day,
        count(*) as sessions_now,
        count(*) as sessions_then,
    from {{ sessions }}
    where visitor_key in (select visitor_key from {{ noted }})
    group by source, app_id, visitor_key, day
    union all
    select
        source,
        app_id,
        visitor_key,
        day,
        0 as sessions_now,
        -change as sessions_then,
    from {{ noted }}
    where visitor_key is not null

),

visits_then_and_now as (

    select
        source,
        app_id,
        visitor_key,
        day,
        sum(sessions_now) > 0 as is_visit,
        sum(sessions_then) > 0 as was_visit,
    from session_steps
    group by source, app_id, visitor_key, day

),

changed_visits as (
    {% for step, condition in [(1, 'is_visit'), (-1, 'was_visit')] %}
    select
        source,
        app_id,
        visitor_key,
        day,
        {{ step }} as step,
    from visits_then_and_now
    where {{ condition }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

)
{%- endmacro %}
