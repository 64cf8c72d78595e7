with sessions as (

    select * from {{ ref('stg_monetate__sessions') }}

),

final as (

    select
        session_id,
        {{ cast_or_null('account_id', 'integer') }} as account_id,
        browser,
        browser_version,
        city,
        country_code,
        customer_id,
        customer_link,
        device_type,
        {{ epoch_milliseconds('end_time') }} as end_time,
        guid,
        {{ mysql_flag('has_cart') }} as has_cart,
        {{ mysql_flag('has_new_customer') }} as has_new_customer,
        {{ mysql_flag('has_product_view') }} as has_product_view,
        {{ mysql_flag('has_purchase') }} as has_purchase,
        {{ mysql_flag('has_stealth') }} as has_stealth,
        {{ mysql_flag('is_bounce') }} as is_bounce,
        {{ mysql_flag('is_closed') }} as is_closed,
        os,
        os_version,
        {{ cast_or_null('page_views', 'integer') }} as page_views,
        {{ cast_or_null('page_views_ss', 'integer') }} as page_views_ss,
        {{ cast_or_null('product_view_count', 'integer') }} as product_view_count,
        {{ cast_or_null('purchase_count', 'integer') }} as purchase_count,
        purchase_value_ss,
        region,
        {{ cast_or_null('screen_height', 'integer') }} as screen_height,
        {{ cast_or_null('screen_width', 'integer') }} as screen_width,
        {{ cast_or_null('session_count', 'integer') }} as session_count,
        session_value,
        session_value_ss,
        {{ epoch_milliseconds('start_time') }} as start_time,
        {{ cast_or_null('time_on_site', 'integer') }} as time_on_site,
        {{ cast_or_null('time_on_site_ss', 'integer') }} as time_on_site_ss,
    from sessions

)

select * from final
