{#- Every row has a value in each of the columns: one scan where not_null would take one for each column. -#}
{% test no_nulls(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where
        {%- for column in columns %}
        {{ 'or ' if not loop.first }}{{ column }} is null
        {%- endfor %}
{% endtest %}
