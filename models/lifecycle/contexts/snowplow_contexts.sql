{{ config(materialized='ephemeral') }}

with due as (

    select * from {{ ref('contexts_due') }}
    where source = 'snowplow' and role <> 'record'

),

events as (

    select * from {{ ref('stg_snowplow__events') }}

),

final as (

    select
        due.session_key,
        due.role,
        {{ context_of({
            'page_url': 'events.page_url',
            'page_title': 'events.page_title',
            'referrer_url': 'events.page_referrer',
            'referrer_medium': 'events.refr_medium',
            'referrer_source': 'events.refr_source',
            'utm_source': 'events.mkt_source',
            'utm_medium': 'events.mkt_medium',
            'utm_campaign': 'events.mkt_campaign',
            'utm_term': 'events.mkt_term',
            'utm_content': 'events.mkt_content',
            'click_id': 'events.mkt_clickid',
            'user_agent': 'events.useragent',
            'device_type': device_type_of('events.dvce_type'),
            'operating_system': operating_system_of("coalesce(nullif(events.os_family, ''), events.os_name)"),
            'browser': browser_of("coalesce(nullif(events.br_family, ''), events.br_name)"),
            'browser_version': 'events.br_version',
            'country': 'upper(events.geo_country)',
            'region': "coalesce(nullif(events.geo_region_name, ''), events.geo_region)",
            'city': 'events.geo_city',
        }) }}
    from due
    inner join events
        on
            due._load_id = events._load_id
            and due._file = events._file
            and due._line = events._line

)

select * from final
