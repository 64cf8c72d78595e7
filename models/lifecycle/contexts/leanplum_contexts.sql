{{ config(materialized='ephemeral') }}

with due as (

    select * from {{ ref('contexts_due') }}
    where source = 'leanplum' and role = 'record'

),

sessions as (

    select * from {{ ref('stg_leanplum__sessions') }}

),

final as (

    select
        due.session_key,
        due.role,
        {{ context_of({
            'device_type': "coalesce("
                ~ device_type_of("case when sessions.device_model ilike '%ipad%' then 'tablet' end") ~ ", "
                ~ device_type_of("sessions.client") ~ ", " ~ device_type_of("sessions.system_name") ~ ")",
            'operating_system': operating_system_of('sessions.system_name'),
            'operating_system_version': 'sessions.system_version',
            'browser': browser_of('sessions.browser_name'),
            'browser_version': 'sessions.browser_version',
            'app_version': 'sessions.app_version',
            'country': 'upper(sessions.country)',
            'region': 'sessions.region',
            'city': 'sessions.city',
            'attributed_publisher': 'sessions.source_publisher',
            'attributed_sub_publisher': 'sessions.source_sub_publisher',
            'attributed_site': 'sessions.source_site',
            'attributed_campaign': 'sessions.source_campaign',
            'attributed_ad_group': 'sessions.source_ad_group',
            'attributed_ad': 'sessions.source_ad',
        }) }}
    from due
    inner join sessions
        on
            due._load_id = sessions._load_id
            and due._file = sessions._file
            and due._line = sessions._line

)

select * from final
