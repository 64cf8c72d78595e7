{#- Numbers run 1, 2, 3, ... in every partition, without holes and repeats; rows without a number are left out. -#}
{% test sequential_numbers(model, column_name, partition_by) %}
    select
        {{ partition_by | join(', ') }},
        count(*) as rows_found,
        min({{ column_name }}) as least,
        max({{ column_name }}) as most,
    from {{ model }}
    where {{ column_name }} is not null
    group by all
    having
        min({{ column_name }}) <> 1
        or max({{ column_name }}) <> count(*)
        or count(distinct {{ column_name }}) <> count(*)
{% endtest %}
