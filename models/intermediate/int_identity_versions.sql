{{
    config(
        materialized='incremental',
        unique_key='call_key',
        incremental_predicates=['is_current'],
        post_hook="{{ remember(changed_through(['stg_ledger__loads'])) }}",
    )
}}

{%- set parents = ['stg_ledger__loads'] -%}
{%- set columns = ['source', 'call_id', 'alias', 'user_id', 'occurred_at', 'loaded_at', '_load_id'] -%}

with loads as (

    select * from {{ ref('stg_ledger__loads') }}
    where raw_table in ('rudderstack_identifies', 'rudderstack_aliases')

),

calls as (

    select * from {{ ref('int_identity_calls') }}

),

{% if is_incremental() -%}
changed_loads as (

    select load_id from loads
    where {{ is_news_for('int_identity_versions', parents) }}

),

-- Where a call's row may have gone, another delivery of it may count.
touched as (

    select call_key from calls
    where _load_id in (select load_id from changed_loads)
    union
    select call_key from {{ this }}
    where is_current and _load_id in (select load_id from changed_loads)

),

present as (

    select * from calls
    where call_key in (select call_key from touched)

),

former as (

    select * from {{ this }}
    where is_current and call_key in (select call_key from touched)

),

{{ changes('present', 'former', 'call_key', columns, changed_through(parents)) }}
{%- else -%}
load_changes as (

    select
        load_id,
        max(changed_at) as changed_at,
    from loads
    group by load_id

),

changes as (

    select
        calls.call_key,
        {%- for column in columns %}
        calls.{{ column }},
        {%- endfor %}
        true as is_current,
        load_changes.changed_at,
    from calls
    inner join load_changes on calls._load_id = load_changes.load_id

)
{%- endif %}

select * from changes
