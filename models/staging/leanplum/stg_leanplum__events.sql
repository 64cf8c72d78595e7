with events as (

    select * from {{ source('raw_leanplum', 'events') }}

),

left_out as (

    select * from {{ ref('stg_leanplum__repeated_events') }}
    where is_left_out

),

final as (

    select
        events.app_id,
        events.event_id,
        nullif(events.state_id, '') as state_id,
        events.session_id,
        events.name as event_name,
        events.time as occurred_at,
        events.value,
        events.info,
        events.time_until_first_for_user,
        events.extras,
        events._ordinal as ordinal,
        events._load_id,
        events._loaded_at,
        events._file,
        events._line,
    from events
    left join left_out
        on
            events._load_id = left_out._load_id
            and events._file = left_out._file
            and events._line = left_out._line
            and events._ordinal = left_out._ordinal
    where left_out._load_id is null

)

select * from final
