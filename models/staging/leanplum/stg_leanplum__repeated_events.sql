{{
    config(
        materialized='incremental',
        unique_key=['app_id', 'session_id'],
        post_hook="{{ remember(changed_through(['stg_leanplum__repeated_sessions'])) }}",
    )
}}

-- depends_on: {{ ref('stg_ledger__loads') }}
with
{% if is_incremental() -%}
changed_loads as (

    select load_id from {{ ref('stg_ledger__loads') }}
    where {{ is_news_for('stg_leanplum__repeated_events', ['stg_leanplum__repeated_sessions']) }}

),

known as (

    select * from {{ this }}

),

suspects as (

    select
        app_id,
        session_id,
    from {{ source('raw_leanplum', 'events') }}
    where _load_id in (select load_id from changed_loads)
    union
    select
        app_id,
        session_id,
    from {{ source('raw_leanplum', 'sessions') }}
    where _load_id in (select load_id from changed_loads)
    union
    select
        app_id,
        session_id,
    from known
    where
        _load_id in (select load_id from changed_loads)
        or _session_load_id in (select load_id from changed_loads)

),

{% endif -%}
events as (

    select * from {{ source('raw_leanplum', 'events') }}
    {%- if is_incremental() %}
    where (app_id, session_id) in (select (app_id, session_id) from suspects)
    {%- endif %}

),

sessions as (

    select
        app_id,
        session_id,
        _load_id,
        _file,
        _line,
    from {{ ref('stg_leanplum__sessions') }}

),

-- In CSV form a session may have parts and no row of its own: its latest export counts.
unaccompanied as (

    select
        events.app_id,
        events.session_id,
        max(events._load_id) as _load_id,
    from events
    left join sessions
        on
            events.app_id = sessions.app_id
            and events.session_id = sessions.session_id
    where sessions.session_id is null
    group by events.app_id, events.session_id

),

-- Few ids repeat: ranking only those spares a sort of the whole table.
repeated as (

    select
        app_id,
        session_id,
        event_id,
        _load_id,
    from events
    group by app_id, session_id, event_id, _load_id
    having count(*) > 1

),

ranked as (

    select
        events._load_id,
        events._file,
        events._line,
        events._ordinal,
        row_number() over (
            partition by
                events.app_id, events.session_id, events.state_id, events.event_id, events.name,
                events.time, events.value, events.info, events._load_id,
                {{ line_of_delivery('events') }}
            order by events._file, events._line, events._ordinal
        ) as repeat_number,
    from events
    inner join repeated
        on
            events.app_id = repeated.app_id
            and events.session_id = repeated.session_id
            and events.event_id = repeated.event_id
            and events._load_id = repeated._load_id

),

judged as (

    select
        events.app_id,
        events.session_id,
        events._load_id,
        events._file,
        events._line,
        events._ordinal,
        ranked._load_id is not null
        or not (
            coalesce({{ is_part_of_delivery('events', 'sessions') }}, false)
            or unaccompanied._load_id is not null
        ) as is_left_out,
        sessions._load_id as _session_load_id,
    from events
    left join sessions
        on
            events.app_id = sessions.app_id
            and events.session_id = sessions.session_id
    left join unaccompanied
        on
            events.app_id = unaccompanied.app_id
            and events.session_id = unaccompanied.session_id
            and events._load_id = unaccompanied._load_id
    left join ranked
        on
            events._load_id = ranked._load_id
            and events._file = ranked._file
            and events._line = ranked._line
            and events._ordinal = ranked._ordinal
            and ranked.repeat_number > 1

),

-- A session that has nothing left out any more must be written too, in place of what it had.
doubtful as (

    select distinct
        app_id,
        session_id,
    from judged
    where is_left_out
    {%- if is_incremental() %}
    union
    select
        app_id,
        session_id,
    from known
    {%- endif %}

),

final as (

    select
        judged.app_id,
        judged.session_id,
        judged.is_left_out,
        judged._session_load_id,
        judged._load_id,
        judged._file,
        judged._line,
        judged._ordinal,
    from judged
    inner join doubtful
        on
            judged.app_id = doubtful.app_id
            and judged.session_id = doubtful.session_id

)

select * from final
