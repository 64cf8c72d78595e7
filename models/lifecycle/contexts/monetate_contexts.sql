{{ config(materialized='ephemeral') }}

with due as (

    select * from {{ ref('contexts_due') }}
    where source = 'monetate' and role = 'record'

),

sessions as (

    select * from {{ ref('stg_monetate__sessions') }}

),

final as (

    select
        due.session_key,
        due.role,
        {{ context_of({
            'device_type': device_type_of('sessions.device_type'),
            'operating_system': operating_system_of('sessions.os'),
            'operating_system_version': 'sessions.os_version',
            'browser': browser_of('sessions.browser'),
            'browser_version': 'sessions.browser_version',
            'country': 'upper(sessions.country_code)',
            'region': 'sessions.region',
            'city': 'sessions.city',
            'page_views': 'case when due.is_of_session then sessions.page_views end',
            'is_bounce': 'case when due.is_of_session then sessions.is_bounce end',
            'revenue': 'case when due.is_of_session then sessions.purchase_value_ss end',
            'purchases': 'case when due.is_of_session then sessions.purchase_count end',
            'cart_lines': 'case when due.is_of_session then coalesce(' ~ json_length('sessions.cart_lines') ~ ', 0) end',
            'offers_seen': 'case when due.is_of_session then '
                ~ number_of_ids('sessions.offers', ['offer_id', 'id'], ['timestamp', 'time', 'value']) ~ ' end',
        }) }}
    from due
    inner join sessions
        on
            due._load_id = sessions._load_id
            and due._file = sessions._file
            and due._line = sessions._line

)

select * from final
