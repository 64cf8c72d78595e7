{{ config(materialized='ephemeral') }}

{#- Paths in a call as it was sent; a row of a warehouse table has columns, such as context_page_url. -#}
{%- set parts = {
    'page_url': 'page.url',
    'page_title': 'page.title',
    'referrer_url': 'page.referrer',
    'utm_source': 'campaign.source',
    'utm_medium': 'campaign.medium',
    'utm_campaign': 'campaign.name',
    'utm_term': 'campaign.term',
    'utm_content': 'campaign.content',
    'user_agent': 'userAgent',
    'device_type': 'device.type',
    'operating_system': 'os.name',
    'operating_system_version': 'os.version',
    'app_version': 'app.version',
    'country': 'geo.country',
    'region': 'geo.region',
    'city': 'geo.city',
} -%}
{%- set sent_paths = [] -%}
{%- set row_paths = [] -%}
{%- set expressions = {} -%}
{%- for name, path in parts.items() -%}
{%- do sent_paths.append('$.context.' ~ path) -%}
{%- do row_paths.append('$.context_' ~ path | replace('.', '_') | replace('userAgent', 'user_agent')) -%}
{%- do expressions.update({name: 'texts[' ~ loop.index ~ ']'}) -%}
{%- endfor -%}
{%- do expressions.update({
    'device_type': device_type_of(expressions.device_type),
    'operating_system': operating_system_of(expressions.operating_system),
    'country': 'upper(' ~ expressions.country ~ ')',
}) -%}
with due as (

    select * from {{ ref('contexts_due') }}
    where source = 'rudderstack' and role <> 'record'

),

tracks as (

    select * from {{ ref('stg_rudderstack__tracks') }}

),

found as (

    select
        due.session_key,
        due.role,
        tracks.extras,
    from due
    inner join tracks
        on
            due._load_id = tracks._load_id
            and due._file = tracks._file
            and due._line = tracks._line

),

parts as (

    select
        *,
        -- Of the last event only the page is of interest.
        case
            when role = 'last' and {{ json_has('extras', '$.context') }}
                then {{ json_texts('extras', sent_paths[:2]) }}
            when role = 'last' then {{ json_texts('extras', row_paths[:2]) }}
            when {{ json_has('extras', '$.context') }} then {{ json_texts('extras', sent_paths) }}
            else {{ json_texts('extras', row_paths) }}
        end as texts,
    from found

),

final as (

    select
        session_key,
        role,
        {{ context_of(expressions) }}
    from parts

)

select * from final
