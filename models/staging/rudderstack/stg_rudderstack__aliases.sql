with calls as (

    select * from {{ source('raw_rudderstack', 'aliases') }}

),

-- Few ids repeat: ranking only those spares a sort of the whole table.
repeated as (

    select id
    from {{ source('raw_rudderstack', 'aliases') }}
    group by id
    having count(*) > 1

),

ranked as (

    select
        _load_id,
        _file,
        _line,
        row_number() over (
            partition by id
            order by received_at nulls last, _load_id, _file, _line
        ) as delivery_rank,
    from {{ source('raw_rudderstack', 'aliases') }}
    where id in (select id from repeated)

),

superseded as (

    select * from ranked
    where delivery_rank > 1

),

final as (

    select
        calls.id,
        nullif(calls.anonymous_id, '') as anonymous_id,
        nullif(calls.user_id, '') as user_id,
        nullif(calls.previous_id, '') as previous_id,
        calls.original_timestamp,
        calls.sent_at,
        calls.received_at,
        calls."timestamp",
        nullif(calls.channel, '') as channel,
        nullif(calls.context_ip, '') as context_ip,
        nullif(calls.context_request_ip, '') as context_request_ip,
        nullif(calls.context_passed_ip, '') as context_passed_ip,
        nullif(calls.context_source_id, '') as context_source_id,
        nullif(calls.context_source_type, '') as context_source_type,
        nullif(calls.context_destination_id, '') as context_destination_id,
        nullif(calls.context_destination_type, '') as context_destination_type,
        calls.context_session_id,
        calls.context_session_start,
        nullif(calls.record_id, '') as record_id,
        calls.uuid_ts,
        nullif(calls.source_id, '') as source_id,
        calls.extras,
        calls._load_id,
        calls._loaded_at,
        calls._file,
        calls._line,
    from calls
    left join superseded
        on
            calls._load_id = superseded._load_id
            and calls._file = superseded._file
            and calls._line = superseded._line
    where superseded._load_id is null

)

select * from final
