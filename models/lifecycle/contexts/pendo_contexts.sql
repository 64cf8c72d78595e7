{{ config(materialized='ephemeral') }}

{%- set paths = [
    '$.title', '$.referrer', '$.userAgent', '$.country', '$.region', '$.city', '$.appVersion',
] -%}
with due as (

    select * from {{ ref('contexts_due') }}
    where source = 'pendo' and role <> 'record'

),

events as (

    select * from {{ ref('stg_pendo__events') }}

),

found as (

    select
        due.session_key,
        due.role,
        events.url,
        events.account_id,
        events.record,
    from due
    inner join events
        on
            due._load_id = events._load_id
            and due._file = events._file
            and due._line = events._line

),

parts as (

    select
        *,
        {{ json_texts('record', paths) }} as texts,
    from found

),

final as (

    select
        session_key,
        role,
        {{ context_of({
            'page_url': 'url',
            'page_title': 'texts[1]',
            'referrer_url': 'texts[2]',
            'user_agent': 'texts[3]',
            'country': 'upper(texts[4])',
            'region': 'texts[5]',
            'city': 'texts[6]',
            'app_version': 'texts[7]',
            'account_id': 'account_id',
        }) }}
    from parts

)

select * from final
