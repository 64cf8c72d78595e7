with sessions as (

    select * from {{ source('raw_monetate', 'sessions') }}

),

-- A session is in every file of a window it was seen in, open first and closed at last.
-- The delivery that counts has rank 1.
superseded as (

    select * from {{ ref('stg_monetate__repeated_sessions') }}
    where delivery_rank > 1

),

final as (

    select
        sessions.session_id,
        sessions.account_id,
        sessions.browser,
        sessions.browser_version,
        sessions.city,
        sessions.country_code,
        nullif(sessions.customer_id, '') as customer_id,
        nullif(sessions.customer_link, '') as customer_link,
        sessions.device_type,
        sessions.end_time,
        nullif(sessions.guid, '') as guid,
        sessions.has_cart,
        sessions.has_new_customer,
        sessions.has_product_view,
        sessions.has_purchase,
        sessions.has_stealth,
        sessions.is_bounce,
        sessions.is_closed,
        sessions.os,
        sessions.os_version,
        sessions.page_views,
        sessions.page_views_ss,
        sessions.product_view_count,
        sessions.purchase_count,
        {{ parse_decimal('sessions.purchase_value_ss', 'decimal(16, 4)') }} as purchase_value_ss,
        sessions.region,
        sessions.screen_height,
        sessions.screen_width,
        sessions.session_count,
        {{ parse_decimal('sessions.session_value', 'decimal(16, 4)') }} as session_value,
        {{ parse_decimal('sessions.session_value_ss', 'decimal(16, 4)') }} as session_value_ss,
        sessions.start_time,
        sessions.time_on_site,
        sessions.time_on_site_ss,
        sessions.custom_targets,
        sessions.offers,
        sessions.page_event_ids,
        sessions.purchases,
        sessions.cart_lines,
        sessions.view_lines,
        sessions.purchase_lines,
        sessions.extras,
        sessions.window_started_at,
        sessions.window_ended_at,
        sessions.window_sequence,
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
