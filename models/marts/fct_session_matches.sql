{{ config(materialized='view') }}

with sessions as (

    select
        session_key,
        source,
    from {{ ref('fct_sessions') }}

),

events as (

    select
        event_key,
        session_key,
    from {{ ref('fct_events') }}
    where source = 'pendo'

),

matched_events as (

    select
        {{ content_key(["'pendo'", "concat_ws('/', subscription_id, app_id)", 'event_id']) }} as event_key,
        subscription_id,
        app_id,
        matchable_type,
        matchable_id,
    from {{ ref('stg_pendo__matched_events') }}

),

pages as (

    select * from {{ ref('stg_pendo__pages') }}

),

features as (

    select * from {{ ref('stg_pendo__features') }}

),

track_types as (

    select * from {{ ref('stg_pendo__track_types') }}

),

experiments as (

    select * from {{ ref('stg_leanplum__experiments') }}

),

offers as (

    select * from {{ ref('stg_monetate__offers') }}

),

offer_names as (

    select * from {{ ref('monetate_offers') }}

),

definitions as (

    select
        'Page' as matchable_type,
        subscription_id,
        app_id,
        page_id as matchable_id,
        name,
    from pages
    union all
    select
        'Feature' as matchable_type,
        subscription_id,
        app_id,
        feature_id as matchable_id,
        name,
    from features
    union all
    select
        'TrackType' as matchable_type,
        subscription_id,
        app_id,
        track_type_id as matchable_id,
        name,
    from track_types

),

pendo_counts as (

    select
        events.session_key,
        matched_events.subscription_id,
        matched_events.app_id,
        matched_events.matchable_type,
        matched_events.matchable_id,
        count(*) as events,
    from matched_events
    inner join events on matched_events.event_key = events.event_key
    group by all

),

pendo_matches as (

    select
        pendo_counts.session_key,
        'pendo' as source,
        case pendo_counts.matchable_type
            when 'Page' then 'page'
            when 'Feature' then 'feature'
            when 'TrackType' then 'track_type'
            else lower(pendo_counts.matchable_type)
        end as kind,
        pendo_counts.matchable_id as matched_id,
        definitions.name,
        cast(null as varchar) as variant_id,
        pendo_counts.events,
    from pendo_counts
    left join definitions
        on
            pendo_counts.matchable_type = definitions.matchable_type
            and pendo_counts.subscription_id = definitions.subscription_id
            and pendo_counts.app_id = definitions.app_id
            and pendo_counts.matchable_id = definitions.matchable_id

),

keyed_experiments as (

    select
        'leanplum' as source,
        app_id as session_scope,
        session_id as native_session_id,
        experiment_id,
        variant_id,
    from experiments

),

leanplum_matches as (

    select
        {{ native_session_key() }} as session_key,
        source,
        'experiment' as kind,
        experiment_id as matched_id,
        cast(null as varchar) as name,
        variant_id,
        cast(null as bigint) as events,
    from keyed_experiments

),

keyed_offers as (

    select
        'monetate' as source,
        cast(null as varchar) as session_scope,
        session_id as native_session_id,
        offer_id,
        count(*) as events,
    from offers
    group by session_id, offer_id

),

monetate_matches as (

    select
        {{ native_session_key('keyed_offers') }} as session_key,
        keyed_offers.source,
        'offer' as kind,
        keyed_offers.offer_id as matched_id,
        concat_ws(': ', offer_names.experience_name, offer_names.split_name) as name,
        cast(null as varchar) as variant_id,
        keyed_offers.events,
    from keyed_offers
    left join offer_names on keyed_offers.offer_id = offer_names.offer_id

),

matches as (

    select * from pendo_matches
    union all
    select * from leanplum_matches
    union all
    select * from monetate_matches

),

final as (

    select
        matches.session_key,
        matches.source,
        matches.kind,
        matches.matched_id,
        nullif(matches.name, '') as name,
        matches.variant_id,
        matches.events,
    from matches
    inner join sessions on matches.session_key = sessions.session_key

)

select * from final
