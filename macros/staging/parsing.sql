{#- Each macro turns text of a vendor into a typed value, and text that is not of the type into null. -#}

{% macro parse_as(text, data_type) -%}
    {%- set kind = data_type | lower -%}
    {%- if kind == 'timestamp' -%}
        {{ parse_time(text) }}
    {%- elif kind == 'boolean' -%}
        {{ parse_boolean(text) }}
    {%- elif kind in ('integer', 'bigint') -%}
        {{ parse_integer(text, kind) }}
    {%- elif kind == 'double' -%}
        {{ parse_double(text) }}
    {%- elif kind == 'json' -%}
        {{ parse_json(text) }}
    {%- else -%}
        {{ parse_decimal(text, kind) }}
    {%- endif -%}
{%- endmacro %}


{% macro parse_time(text) %}
    {{- return(adapter.dispatch('parse_time', 'sessionhouse')(text)) -}}
{% endmacro %}

{% macro duckdb__parse_time(text) -%}
    {%- set moment -%}
        case
            -- Whole numbers are the rule, and reading them as decimals takes a hundred times as long.
            when regexp_full_match({{ text }}, '[+-]?[0-9]{1,18}')
                then {{ duckdb__epoch_to_time('try_cast(' ~ text ~ ' as bigint)') }}
            when regexp_full_match({{ text }}, '[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?')
                then {{ duckdb__epoch_to_time('try_cast(' ~ text ~ ' as decimal(38, 9))') }}
            -- A cast to timestamp drops an offset; one to timestamptz reads a bare time in the client's zone.
            when regexp_matches({{ text }}, ':[0-9.]+ ?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)$')
                then cast(try_cast({{ text }} as timestamptz) at time zone 'UTC' as timestamp)
            else try_cast({{ text }} as timestamp)
        end
    {%- endset -%}
    case
        when {{ moment }} >= timestamp '1970-01-01' and {{ moment }} < timestamp '2100-01-01'
            then {{ moment }}
    end
{%- endmacro %}

{% macro duckdb__epoch_to_time(number) -%}
    make_timestamp(try_cast(
        case
            when abs({{ number }}) > 100000000000000 then {{ number }}
            when abs({{ number }}) > 100000000000 then {{ number }} * 1000
            else {{ number }} * 1000000
        end as bigint
    ))
{%- endmacro %}


{% macro parse_boolean(text) -%}
    case
        when lower({{ text }}) in ('1', 't', 'true') then true
        when lower({{ text }}) in ('0', 'f', 'false') then false
    end
{%- endmacro %}


{% macro parse_integer(text, data_type='bigint') %}
    {{- return(adapter.dispatch('parse_integer', 'sessionhouse')(text, data_type)) -}}
{% endmacro %}

{#- A plain cast would round 1.5 to 2. -#}
{% macro duckdb__parse_integer(text, data_type) -%}
    case
        when regexp_full_match({{ text }}, '[+-]?[0-9]+(\.0*)?')
            then try_cast(split_part({{ text }}, '.', 1) as {{ data_type }})
    end
{%- endmacro %}


{% macro parse_double(text) %}
    {{- return(adapter.dispatch('parse_double', 'sessionhouse')(text)) -}}
{% endmacro %}

{% macro duckdb__parse_double(text) -%}
    case when isfinite(try_cast({{ text }} as double)) then try_cast({{ text }} as double) end
{%- endmacro %}


{% macro parse_decimal(text, data_type) -%}
    {{ cast_or_null(text, data_type) }}
{%- endmacro %}


{% macro cast_or_null(expression, data_type) %}
    {{- return(adapter.dispatch('cast_or_null', 'sessionhouse')(expression, data_type)) -}}
{% endmacro %}

{% macro default__cast_or_null(expression, data_type) -%}
    try_cast({{ expression }} as {{ data_type }})
{%- endmacro %}


{% macro parse_json(text) %}
    {{- return(adapter.dispatch('parse_json', 'sessionhouse')(text)) -}}
{% endmacro %}

{#- Text that is no JSON becomes a JSON string, so that nothing is lost. -#}
{% macro duckdb__parse_json(text) -%}
    case
        when {{ text }} = '' then cast(null as json)
        when json_valid({{ text }}) then cast({{ text }} as json)
        else to_json({{ text }})
    end
{%- endmacro %}


{% macro epoch_milliseconds(moment) %}
    {{- return(adapter.dispatch('epoch_milliseconds', 'sessionhouse')(moment)) -}}
{% endmacro %}

{% macro duckdb__epoch_milliseconds(moment) -%}
    epoch_ms({{ moment }})
{%- endmacro %}


{#- MySQL keeps a flag as 1 or 0, and the vendor's own script writes 0 for a flag that is not set. -#}
{% macro mysql_flag(flag) -%}
    cast(case when {{ flag }} then 1 else 0 end as tinyint)
{%- endmacro %}
