{#-
    The columns of a context, in order, with their types. Every vendor fills those that it knows, and the others are null:
    one shape, whoever tells.
-#}
{% macro context_columns() %}
    {{- return({
        'page_url': 'varchar',
        'page_title': 'varchar',
        'referrer_url': 'varchar',
        'referrer_medium': 'varchar',
        'referrer_source': 'varchar',
        'utm_source': 'varchar',
        'utm_medium': 'varchar',
        'utm_campaign': 'varchar',
        'utm_term': 'varchar',
        'utm_content': 'varchar',
        'click_id': 'varchar',
        'user_agent': 'varchar',
        'device_type': 'varchar',
        'operating_system': 'varchar',
        'operating_system_version': 'varchar',
        'browser': 'varchar',
        'browser_version': 'varchar',
        'app_version': 'varchar',
        'country': 'varchar',
        'region': 'varchar',
        'city': 'varchar',
        'account_id': 'varchar',
        'attributed_publisher': 'varchar',
        'attributed_sub_publisher': 'varchar',
        'attributed_site': 'varchar',
        'attributed_campaign': 'varchar',
        'attributed_ad_group': 'varchar',
        'attributed_ad': 'varchar',
        'page_views': 'bigint',
        'is_bounce': 'boolean',
        'revenue': 'decimal(16, 4)',
        'purchases': 'bigint',
        'cart_lines': 'bigint',
        'offers_seen': 'bigint',
    }) -}}
{% endmacro %}


{% macro context_of(expressions) -%}
    {%- for name in expressions if name not in context_columns() -%}
        {%- do exceptions.raise_compiler_error(name ~ ' is no column of a context') -%}
    {%- endfor -%}
    {%- for name, data_type in context_columns().items() -%}
        cast({{ expressions.get(name, 'null') }} as {{ data_type }}) as {{ name }},
    {% endfor -%}
{%- endmacro %}


{#- What the vendors' words say, whoever tells: dbt takes apart every word of a query, so that it is written out once. -#}
{% macro told_columns() -%}
    {%- set told_text = told('#') -%}
    {%- for name, data_type in context_columns().items() -%}
        {{ told_text | replace('#', name) if data_type == 'varchar' else name }} as {{ name }},
    {% endfor -%}
{%- endmacro %}


{% macro words_for_nothing() %}
    {{- return(['', 'unknown', 'null', 'undefined', '(not set)']) -}}
{% endmacro %}


{% macro told(expression) -%}
    case
        when not {{ is_one_of('lower(trim(' ~ expression ~ '))', words_for_nothing()) }} then trim({{ expression }})
    end
{%- endmacro %}
