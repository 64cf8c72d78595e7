{#- Every text of the delivered table reads as the type that the model gives its column. -#}
{% test no_failed_casts(model, delivered) %}
    {%- set typed = [] -%}
    {%- if execute -%}
        {%- set delivered_columns = adapter.get_columns_in_relation(delivered) -%}
        {%- set texts = delivered_columns | selectattr('dtype', 'equalto', 'VARCHAR') -%}
        {%- set names = texts | map(attribute='name') | list -%}
        {%- for column in adapter.get_columns_in_relation(model) -%}
            {%- if column.name in names and column.dtype != 'VARCHAR' -%}
                {%- do typed.append(column) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif %}

    with delivered as (

        select * from {{ delivered }}

    ),

    judged as (

        select
            _load_id,
            _file,
            _line,
            concat_ws(
                ', '
                {%- for column in typed %},
                case
                    when {{ column.name }} <> '' and {{ parse_as(column.name, column.data_type) }} is null
                        then '{{ column.name }}: ' || {{ column.name }}
                end
                {%- endfor %}
            ) as failed_casts,
        from delivered

    )

    select * from judged
    where failed_casts <> ''
{% endtest %}
