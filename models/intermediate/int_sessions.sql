with events as (

    select * from {{ ref('int_events') }}

),

sessionized as (

    select * from {{ ref('int_events_sessionized') }}

),

records as (

    select * from {{ ref('int_session_records') }}
    where not is_rejected

),

aliases as (

    select * from {{ ref('int_aliases') }}

),

event_sessions as (

    select
        session_key,
        any_value(source) as source,
        {{ value_of_first('app_id', event_order()) }} as app_id,
        {{ value_of_first('native_session_id', event_order()) }} as native_session_id,
        {{ value_of_first('visitor_id', event_order()) }} as visitor_id,
        {{ value_of_first('event_name', event_order()) }} as first_event,
        {{ value_of_last('event_name', event_order()) }} as last_event,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as event_count,
        {{ count_of_each_event('event_name') }}
    from events
    group by session_key

),

capped_sessions as (

    select
        session_key,
        count(*) as rejected_event_count,
    from sessionized
    where is_beyond_cap
    group by session_key

),

identified_records as (

    select
        records.*,
        coalesce(aliases.visitor_id, records.user_id, records.anonymous_id) as visitor_id,
    from records
    left join aliases
        on
            records.source = aliases.source
            and coalesce(records.user_id, records.anonymous_id) = aliases.alias

),

merged as (

    select
        session_key,
        coalesce(identified_records.source, event_sessions.source) as source,
        coalesce(identified_records.app_id, event_sessions.app_id) as app_id,
        coalesce(identified_records.native_session_id, event_sessions.native_session_id) as native_session_id,
        coalesce(identified_records.visitor_id, event_sessions.visitor_id) as visitor_id,
        coalesce(identified_records.started_at, event_sessions.started_at) as started_at,
        coalesce(identified_records.ended_at, event_sessions.ended_at) as ended_at,
        coalesce(event_sessions.event_count, 0) as event_count,
        event_sessions.first_event,
        event_sessions.last_event,
        {%- for event_name in checked_var('session_event_counts') %}
        coalesce(event_sessions.{{ event_count_column(event_name) }}, 0)
            as {{ event_count_column(event_name) }},
        {%- endfor %}
        coalesce(identified_records.is_interaction, true) as is_interaction,
    from event_sessions
    full outer join identified_records using (session_key)

),

bounded as (

    select
        merged.* replace (
            greatest(
                merged.started_at,
                least(merged.ended_at, {{ add_days('merged.started_at', checked_var('max_session_days')) }})
            ) as ended_at
        ),
        capped_sessions.session_key is not null
        or coalesce({{ is_beyond_session_cap('merged.ended_at', 'merged.started_at') }}, false) as is_capped,
        coalesce(capped_sessions.rejected_event_count, 0) as rejected_event_count,
    from merged
    left join capped_sessions on merged.session_key = capped_sessions.session_key

),

numbered as (

    select
        *,
        case when visitor_id is not null then row_number() over visitor_sessions end
            as session_sequence_number,
        case when visitor_id is not null then lead(started_at) over visitor_sessions end
            as next_session_started_at,
    from bounded
    window visitor_sessions as (
        partition by source, visitor_id order by started_at nulls last, session_key
    )

),

named as (

    select
        *,
        case
            when {{ uses_session_method('idle') }} then concat_ws(' - ', session_sequence_number, visitor_id)
            else native_session_id
        end as session_id,
    from numbered

)

select * from named
