{{ config(materialized='ephemeral') }}

{%- set heartbeat = checked_var('page_ping_heartbeat_seconds') -%}
{%- set minimum_visit = checked_var('page_ping_minimum_visit_seconds') -%}
with places as (

    select * from {{ ref('places_due') }}
    where source = 'snowplow'

),

versions as (

    select
        event_key,
        event_name,
        occurred_at,
        _load_id,
        _file,
        _line,
    from {{ ref('int_event_versions') }}
    where is_current and source = 'snowplow' and event_name in ('page_view', 'page_ping')

),

events as (

    select * from {{ ref('stg_snowplow__events') }}

),

due as (

    select
        places.session_key,
        versions.*,
    from places
    inner join versions on places.event_key = versions.event_key

),

found as (

    select
        due.session_key,
        due.event_name,
        due.occurred_at,
        {{ heartbeat_number('coalesce(events.dvce_created_tstamp, due.occurred_at)', heartbeat) }}
            as heartbeat_number,
        {{ snowplow_page_view_id('events.contexts', 'events.extras') }} as page_view_id,
    from due
    inner join events
        on
            due._load_id = events._load_id
            and due._file = events._file
            and due._line = events._line

),

page_views as (

    select
        session_key,
        page_view_id,
        count(distinct case when event_name = 'page_ping' then heartbeat_number end) as heartbeats,
        min(case when event_name = 'page_ping' then {{ add_seconds('occurred_at', -minimum_visit) }} end)
            as visited_from,
    from found
    group by session_key, page_view_id

),

-- What names no page view belongs to none. The first ping says that the minimum visit has passed, each
-- further one that a heartbeat more has.
final as (

    select
        session_key,
        count(page_view_id) as page_views,
        cast(coalesce(sum(
            case
                when page_view_id is not null and heartbeats > 0
                    then {{ minimum_visit }} + {{ heartbeat }} * (heartbeats - 1)
            end
        ), 0) as bigint) as engaged_seconds,
        min(visited_from) as visited_from,
    from page_views
    group by session_key

)

select * from final
