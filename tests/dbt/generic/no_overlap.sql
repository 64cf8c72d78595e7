{#- Intervals of a partition do not share a moment, among the sources that split sessions by this method. -#}
{% test no_overlap(model, start_column, end_column, partition_by, session_method) %}
    with ordered as (

        select
            *,
            lead({{ start_column }}) over (
                partition by {{ partition_by | join(', ') }} order by {{ start_column }}, {{ end_column }}
            ) as next_start,
        from {{ model }}
        where {{ uses_session_method(session_method) }}

    )

    select * from ordered
    where next_start <= {{ end_column }}
{% endtest %}
