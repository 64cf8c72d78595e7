{{ config(contract={'enforced': has_default_session_columns()}) }}

with sessions as (

    select * from {{ ref('fct_sessions') }}
    where source = 'rudderstack'

),

renamed as (

    select
        session_id,
        ended_at,
        event_count as num_pvs,
        {%- for event_name in checked_var('session_event_counts') %}
        {{ event_count_column(event_name) }},
        {%- endfor %}
    from sessions

)

select * from renamed
