{{ config(materialized='view') }}

{%- set kinds = {
    'page_event': {'model': 'stg_monetate__page_events', 'id': 'event_id', 'time': '"timestamp"'},
    'offer': {'model': 'stg_monetate__offers', 'id': 'offer_id', 'time': '"timestamp"'},
    'view': {'model': 'stg_monetate__view_lines', 'id': 'product_id', 'time': '"time"'},
    'cart': {'model': 'stg_monetate__cart_lines', 'id': 'product_id', 'time': '"time"'},
    'purchase': {'model': 'stg_monetate__purchase_lines', 'id': 'purchase_id', 'time': '"time"'},
} -%}
with sessions as (

    select * from {{ ref('stg_monetate__sessions') }}

),

{% for kind, part in kinds.items() %}
{{ kind }}s as (

    select
        session_id,
        '{{ kind }}' as kind,
        cast({{ part.id }} as varchar) as id,
        ordinal,
        {{ part.time }} as occurred_at,
        _load_id,
        _loaded_at,
        _file,
        _line,
    from {{ ref(part.model) }}

),

{% endfor -%}
parts as (
    {% for kind in kinds %}
    select * from {{ kind }}s
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

),

shaped as (

    select
        'monetate' as source,
        cast(sessions.account_id as varchar) as app_id,
        concat_ws('/', parts.session_id, parts.kind, parts.id, parts.ordinal) as event_id,
        sessions.guid as anonymous_id,
        sessions.customer_id as user_id,
        parts.session_id as native_session_id,
        cast(null as varchar) as session_scope,
        cast(null as varchar) as event_scope,
        -- What a visitor did to a product is the event; which page event or offer it was is part of the name.
        case
            when parts.kind in ('page_event', 'offer') then concat_ws(' ', parts.kind, parts.id)
            else parts.kind
        end as event_name,
        parts.occurred_at,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as sent_at,
        sessions.window_ended_at as received_at,
        parts._loaded_at as loaded_at,
        false as is_excluded,
        parts._load_id,
        parts._file,
        parts._line,
    from parts
    inner join sessions on parts.session_id = sessions.session_id

)

select * from shaped
