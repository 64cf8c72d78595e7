{#- Raw tables that events and sessions come from: what changes in them is what a run takes on. -#}
{% macro counted_raw_tables() %}
    {{- return({
        'leanplum_sessions': ['raw_leanplum', 'sessions'],
        'leanplum_events': ['raw_leanplum', 'events'],
        'monetate_sessions': ['raw_monetate', 'sessions'],
        'pendo_events': ['raw_pendo', 'allevents'],
        'rudderstack_tracks': ['raw_rudderstack', 'tracks'],
        'snowplow_events': ['raw_snowplow', 'events'],
    }) -}}
{% endmacro %}


{% macro rows_by_load(tables) -%}
{% for name, relation in tables.items() %}
{{- name }} as (

    select
        '{{ name }}' as raw_table,
        _load_id as load_id,
        max(_loaded_at) as loaded_at,
        count(*) as row_count,
    from {{ relation }}
    group by _load_id

),

{% endfor -%}
rows_by_load as (
    {% for name in tables %}
    select * from {{ name }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

)
{%- endmacro %}
