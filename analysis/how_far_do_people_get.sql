{%- set steps = checked_var('funnel_steps') -%}
{%- set days = checked_var('funnel_days') -%}
with events as (

    select
        source,
        session_key,
        visitor_key,
        event_name,
        occurred_at,
        row_number() over (
            partition by visitor_key order by occurred_at, session_key, event_sequence_number
        ) as place,
    from {{ ref('fct_events') }}
    where event_name in {{ text_list(steps) }}

),

-- Within a session the steps have its length of time; a visitor has some days from any first step on.
tries as (

    select
        'session' as within,
        source,
        session_key as whose,
        event_name,
        occurred_at,
        place,
        cast(null as timestamp) as ends_at,
    from events
    union all
    select
        '{{ days }} {{ 'day' if days == 1 else 'days' }}' as within,
        source,
        visitor_key as whose,
        event_name,
        occurred_at,
        place,
        {{ add_days('occurred_at', days) }} as ends_at,
    from events

),

{% for step in steps -%}
reached_{{ loop.index }} as (
    {% if loop.first %}
    select
        within,
        source,
        whose,
        place as started,
        place,
        ends_at,
    from tries
    where event_name = {{ text_literal(step) }}
    {%- else %}
    select
        before.within,
        before.source,
        before.whose,
        before.started,
        min(tries.place) as place,
        before.ends_at,
    from reached_{{ loop.index - 1 }} as before
    inner join tries
        on
            before.within = tries.within
            and before.whose = tries.whose
            and before.place < tries.place
            and coalesce(before.ends_at >= tries.occurred_at, true)
    where tries.event_name = {{ text_literal(step) }}
    group by before.within, before.source, before.whose, before.started, before.ends_at
    {%- endif %}

),

{% endfor -%}
counts as (
    {% for step in steps %}
    select
        within,
        source,
        {{ loop.index }} as step,
        {{ text_literal(step) }} as event_name,
        count(distinct whose) as reached,
    from reached_{{ loop.index }}
    group by all
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

)

select
    within,
    source,
    step,
    event_name,
    reached,
    round(100.0 * reached / first_value(reached) over funnel, 1) as percent_of_first_step,
    round(100.0 * reached / lag(reached) over funnel, 1) as percent_of_step_before,
from counts
window funnel as (partition by within, source order by step)
order by within, source, step
