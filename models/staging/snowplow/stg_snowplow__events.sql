with events as (

    select * from {{ source('raw_snowplow', 'events') }}

),

-- Few ids repeat: ranking only those spares a sort of the whole table.
repeated as (

    select event_id
    from {{ source('raw_snowplow', 'events') }}
    group by event_id
    having count(*) > 1

),

ranked as (

    select
        _load_id,
        _file,
        _line,
        row_number() over (
            partition by event_id
            order by {{ parse_time('collector_tstamp') }} nulls last, _load_id, _file, _line
        ) as delivery_rank,
    from {{ source('raw_snowplow', 'events') }}
    where event_id in (select event_id from repeated)

),

superseded as (

    select * from ranked
    where delivery_rank > 1

),

final as (

    select
        nullif(events.app_id, '') as app_id,
        events.platform,
        {{ parse_as('events.etl_tstamp', 'timestamp') }} as etl_tstamp,
        {{ parse_as('events.collector_tstamp', 'timestamp') }} as collector_tstamp,
        {{ parse_as('events.dvce_created_tstamp', 'timestamp') }} as dvce_created_tstamp,
        events.event,
        events.event_id,
        {{ parse_as('events.txn_id', 'integer') }} as txn_id,
        events.name_tracker,
        events.v_tracker,
        events.v_collector,
        events.v_etl,
        nullif(events.user_id, '') as user_id,
        events.user_ipaddress,
        events.user_fingerprint,
        nullif(events.domain_userid, '') as domain_userid,
        {{ parse_as('events.domain_sessionidx', 'integer') }} as domain_sessionidx,
        nullif(events.network_userid, '') as network_userid,
        events.geo_country,
        events.geo_region,
        events.geo_city,
        events.geo_zipcode,
        {{ parse_as('events.geo_latitude', 'double') }} as geo_latitude,
        {{ parse_as('events.geo_longitude', 'double') }} as geo_longitude,
        events.geo_region_name,
        events.ip_isp,
        events.ip_organization,
        events.ip_domain,
        events.ip_netspeed,
        events.page_url,
        events.page_title,
        events.page_referrer,
        events.page_urlscheme,
        events.page_urlhost,
        {{ parse_as('events.page_urlport', 'integer') }} as page_urlport,
        events.page_urlpath,
        events.page_urlquery,
        events.page_urlfragment,
        events.refr_urlscheme,
        events.refr_urlhost,
        {{ parse_as('events.refr_urlport', 'integer') }} as refr_urlport,
        events.refr_urlpath,
        events.refr_urlquery,
        events.refr_urlfragment,
        events.refr_medium,
        events.refr_source,
        events.refr_term,
        events.mkt_medium,
        events.mkt_source,
        events.mkt_term,
        events.mkt_content,
        events.mkt_campaign,
        {{ parse_as('events.contexts', 'json') }} as contexts,
        events.se_category,
        events.se_action,
        events.se_label,
        events.se_property,
        {{ parse_as('events.se_value', 'double') }} as se_value,
        {{ parse_as('events.unstruct_event', 'json') }} as unstruct_event,
        events.tr_orderid,
        events.tr_affiliation,
        {{ parse_as('events.tr_total', 'decimal(18, 2)') }} as tr_total,
        {{ parse_as('events.tr_tax', 'decimal(18, 2)') }} as tr_tax,
        {{ parse_as('events.tr_shipping', 'decimal(18, 2)') }} as tr_shipping,
        events.tr_city,
        events.tr_state,
        events.tr_country,
        events.ti_orderid,
        events.ti_sku,
        events.ti_name,
        events.ti_category,
        {{ parse_as('events.ti_price', 'decimal(18, 2)') }} as ti_price,
        {{ parse_as('events.ti_quantity', 'integer') }} as ti_quantity,
        {{ parse_as('events.pp_xoffset_min', 'integer') }} as pp_xoffset_min,
        {{ parse_as('events.pp_xoffset_max', 'integer') }} as pp_xoffset_max,
        {{ parse_as('events.pp_yoffset_min', 'integer') }} as pp_yoffset_min,
        {{ parse_as('events.pp_yoffset_max', 'integer') }} as pp_yoffset_max,
        events.useragent,
        events.br_name,
        events.br_family,
        events.br_version,
        events.br_type,
        events.br_renderengine,
        events.br_lang,
        {{ parse_as('events.br_features_pdf', 'boolean') }} as br_features_pdf,
        {{ parse_as('events.br_features_flash', 'boolean') }} as br_features_flash,
        {{ parse_as('events.br_features_java', 'boolean') }} as br_features_java,
        {{ parse_as('events.br_features_director', 'boolean') }} as br_features_director,
        {{ parse_as('events.br_features_quicktime', 'boolean') }} as br_features_quicktime,
        {{ parse_as('events.br_features_realplayer', 'boolean') }} as br_features_realplayer,
        {{ parse_as('events.br_features_windowsmedia', 'boolean') }} as br_features_windowsmedia,
        {{ parse_as('events.br_features_gears', 'boolean') }} as br_features_gears,
        {{ parse_as('events.br_features_silverlight', 'boolean') }} as br_features_silverlight,
        {{ parse_as('events.br_cookies', 'boolean') }} as br_cookies,
        events.br_colordepth,
        {{ parse_as('events.br_viewwidth', 'integer') }} as br_viewwidth,
        {{ parse_as('events.br_viewheight', 'integer') }} as br_viewheight,
        events.os_name,
        events.os_family,
        events.os_manufacturer,
        events.os_timezone,
        events.dvce_type,
        {{ parse_as('events.dvce_ismobile', 'boolean') }} as dvce_ismobile,
        {{ parse_as('events.dvce_screenwidth', 'integer') }} as dvce_screenwidth,
        {{ parse_as('events.dvce_screenheight', 'integer') }} as dvce_screenheight,
        events.doc_charset,
        {{ parse_as('events.doc_width', 'integer') }} as doc_width,
        {{ parse_as('events.doc_height', 'integer') }} as doc_height,
        events.tr_currency,
        {{ parse_as('events.tr_total_base', 'decimal(18, 2)') }} as tr_total_base,
        {{ parse_as('events.tr_tax_base', 'decimal(18, 2)') }} as tr_tax_base,
        {{ parse_as('events.tr_shipping_base', 'decimal(18, 2)') }} as tr_shipping_base,
        events.ti_currency,
        {{ parse_as('events.ti_price_base', 'decimal(18, 2)') }} as ti_price_base,
        events.base_currency,
        events.geo_timezone,
        events.mkt_clickid,
        events.mkt_network,
        events.etl_tags,
        {{ parse_as('events.dvce_sent_tstamp', 'timestamp') }} as dvce_sent_tstamp,
        nullif(events.refr_domain_userid, '') as refr_domain_userid,
        {{ parse_as('events.refr_dvce_tstamp', 'timestamp') }} as refr_dvce_tstamp,
        {{ parse_as('events.derived_contexts', 'json') }} as derived_contexts,
        nullif(events.domain_sessionid, '') as domain_sessionid,
        {{ parse_as('events.derived_tstamp', 'timestamp') }} as derived_tstamp,
        events.event_vendor,
        events.event_name,
        events.event_format,
        events.event_version,
        events.event_fingerprint,
        {{ parse_as('events.true_tstamp', 'timestamp') }} as true_tstamp,
        {{ parse_as('events.load_tstamp', 'timestamp') }} as load_tstamp,
        events.extras,
        events._load_id,
        events._loaded_at,
        events._file,
        events._line,
    from events
    left join superseded
        on
            events._load_id = superseded._load_id
            and events._file = superseded._file
            and events._line = superseded._line
    where superseded._load_id is null

)

select * from final
