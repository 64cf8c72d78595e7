with sessions as (

    select * from {{ source('raw_leanplum', 'sessions') }}

),

-- The delivery that counts has rank 1.
superseded as (

    select * from {{ ref('stg_leanplum__repeated_sessions') }}
    where delivery_rank > 1

),

final as (

    select
        sessions.app_id,
        sessions.session_id,
        nullif(sessions.user_id, '') as user_id,
        nullif(sessions.device_id, '') as device_id,
        coalesce(sessions.is_session, true) as is_session,
        coalesce(sessions.is_developer, false) as is_developer,
        sessions.time as started_at,
        sessions.duration as duration_seconds,
        sessions.first_run as user_started_at,
        sessions.user_bucket,
        sessions.country,
        sessions.region,
        sessions.city,
        {{ parse_double('sessions.lat') }} as lat,
        {{ parse_double('sessions.lon') }} as lon,
        sessions.locale,
        sessions.timezone,
        sessions.timezone_offset_seconds,
        sessions.app_version,
        sessions.client,
        sessions.sdk_version,
        sessions.system_name,
        sessions.system_version,
        sessions.device_model,
        sessions.browser_name,
        sessions.browser_version,
        sessions.prior_events,
        sessions.prior_sessions,
        sessions.prior_states,
        sessions.prior_time_spent_in_app,
        nullif(sessions.source_publisher_id, '') as source_publisher_id,
        sessions.source_publisher,
        sessions.source_sub_publisher,
        sessions.source_site,
        sessions.source_campaign,
        sessions.source_ad_group,
        sessions.source_ad,
        sessions.extras,
        sessions.job_id,
        sessions.export_date,
        sessions._load_id,
        sessions._loaded_at,
        sessions._file,
        sessions._line,
    from sessions
    left join superseded
        on
            sessions._load_id = superseded._load_id
            and sessions._file = superseded._file
            and sessions._line = superseded._line
    where superseded._load_id is null

)

select * from final
