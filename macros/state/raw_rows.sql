{#- Raw tables that events, sessions and identities come from: what changes in them is what a run takes on. -#}
{% macro counted_raw_tables() %}
    {{- return({
        'leanplum_sessions': ['raw_leanplum', 'sessions'],
        'leanplum_events': ['raw_leanplum', 'events'],
        'monetate_sessions': ['raw_monetate', 'sessions'],
        'pendo_events': ['raw_pendo', 'allevents'],
        'rudderstack_tracks': ['raw_rudderstack', 'tracks'],
        'rudderstack_identifies': ['raw_rudderstack', 'identifies'],
        'rudderstack_aliases': ['raw_rudderstack', 'aliases'],
        'snowplow_events': ['raw_snowplow', 'events'],
    }) -}}
{% endmacro %}


{% macro has_unseen_rows(stores) %}
    {% set ledger = adapter.get_relation(target.database, 'staging', 'stg_ledger__loads') %}
    {% if ledger is none %}
        {{- return(true) -}}
    {% endif %}
    {% set answer %}
        with landed as (
            {% for name, place in counted_raw_tables().items() %}
            select '{{ name }}' as raw_table, _load_id as load_id, count(*) as row_count
            from {{ api.Relation.create(database=target.database, schema=place[0], identifier=place[1]) }}
            group by _load_id
            {{ 'union all' if not loop.last }}
            {% endfor %}
        ),
        known as (
            select raw_table, load_id, row_count from {{ ledger }}
            where row_count > 0 and raw_table <> 'reprocess'
        )
        select
            exists (from landed except from known)
            or exists (from known except from landed)
            or {{ changed_through(stores) }} < {{ latest_change(ledger) }}
    {% endset %}
    {{- return(run_query(answer).columns[0].values()[0]) -}}
{% endmacro %}
