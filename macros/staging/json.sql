{% macro json_text(document, path) %}
    {{- return(adapter.dispatch('json_text', 'sessionhouse')(document, path)) -}}
{% endmacro %}

{% macro duckdb__json_text(document, path) -%}
    json_extract_string({{ document }}, '{{ path }}')
{%- endmacro %}


{% macro json_part(document, path) %}
    {{- return(adapter.dispatch('json_part', 'sessionhouse')(document, path)) -}}
{% endmacro %}

{% macro duckdb__json_part(document, path) -%}
    json_extract({{ document }}, '{{ path }}')
{%- endmacro %}


{% macro unnested(list) %}
    {{- return(adapter.dispatch('unnested', 'sessionhouse')(list)) -}}
{% endmacro %}

{% macro duckdb__unnested(list) -%}
    unnest({{ list }})
{%- endmacro %}


{% macro numbered(entries) %}
    {{- return(adapter.dispatch('numbered', 'sessionhouse')(entries)) -}}
{% endmacro %}

{% macro duckdb__numbered(entries) -%}
    [
        {'ordinal': position, 'id': {{ entries }}[position].id, 'value': {{ entries }}[position].value}
        for position in range(1, len({{ entries }}) + 1)
    ]
{%- endmacro %}


{#-
    Writers disagree about the shape of a set of ids with values: {id: value}, [[id, value]], [{id, value}] or
    [id]; an empty object may come as []. All become one list, an id with a list of values one entry a value.
-#}
{% macro json_entries(document, id_keys, value_keys=[]) %}
    {{- return(adapter.dispatch('json_entries', 'sessionhouse')(document, id_keys, value_keys)) -}}
{% endmacro %}

{% macro duckdb__json_entries(document, id_keys, value_keys) -%}
    flatten([
        case
            when json_type(pair.value) = 'ARRAY' and json_array_length(pair.value) > 0
                then [{'id': pair.id, 'value': single} for single in json_extract(pair.value, '$[*]')]
            when json_type(pair.value) = 'ARRAY' then [{'id': pair.id, 'value': cast(null as json)}]
            else [pair]
        end
        for pair in [
            {
                'id': written.id,
                'value': case
                    when json_type(written.value) = 'OBJECT'
                        then {{ duckdb__json_first(value_keys, 'written.value', 'json') }}
                    else written.value
                end
            }
            for written in {{ duckdb__json_pairs(document, id_keys, value_keys) }}
        ]
    ])
{%- endmacro %}

{#- List of {id, value} as written; null for a document that is neither an object nor an array. -#}
{% macro duckdb__json_pairs(document, id_keys, value_keys) -%}
    flatten(
        case json_type({{ document }})
            when 'OBJECT' then [{{ duckdb__json_pairs_of_object(document, id_keys, false) }}]
            when 'ARRAY'
                then [
                    case json_type(element)
                        when 'OBJECT'
                            then {{ duckdb__json_pairs_of_object('element', id_keys, not value_keys) }}
                        when 'ARRAY' then [{
                            'id': json_extract_string(element, '$[0]'), 'value': json_extract(element, '$[1]')
                        }]
                        else [{'id': json_extract_string(element, '$'), 'value': cast(null as json)}]
                    end
                    for element in json_extract({{ document }}, '$[*]') if json_type(element) <> 'NULL'
                ]
        end
    )
{%- endmacro %}

{#- An object that names its id is one entry, with itself as the value; any other maps ids to values. -#}
{% macro duckdb__json_pairs_of_object(document, id_keys, always_names_its_id) -%}
    {%- set id = duckdb__json_first(id_keys, document, 'text') -%}
    case
        when {{ 'true' if always_names_its_id else id ~ ' is not null' }}
            then [{'id': {{ id }}, 'value': {{ document }}}]
        else cast(
            list_zip(json_keys({{ document }}), json_extract({{ document }}, '$.*'))
            as struct(id varchar, value json)[]
        )
    end
{%- endmacro %}

{#- The first of the keys that the object has, as text or as JSON; the whole object without keys. -#}
{% macro duckdb__json_first(keys, document, kind) -%}
    {%- set extract = 'json_extract_string' if kind == 'text' else 'json_extract' -%}
    {%- if keys -%}
        coalesce(
            {%- for key in keys -%}
                {{ extract }}({{ document }}, '$.{{ key }}'){{ ', ' if not loop.last }}
            {%- endfor -%}
        )
    {%- else -%}
        {{ document }}
    {%- endif -%}
{%- endmacro %}


{% macro json_has(document, path) %}
    {{- return(adapter.dispatch('json_has', 'sessionhouse')(document, path)) -}}
{% endmacro %}

{% macro duckdb__json_has(document, path) -%}
    json_exists({{ document }}, '{{ path }}')
{%- endmacro %}


{#- Of many parts at once: a document is taken apart once for all of them. -#}
{% macro json_texts(document, paths) %}
    {{- return(adapter.dispatch('json_texts', 'sessionhouse')(document, paths)) -}}
{% endmacro %}

{% macro duckdb__json_texts(document, paths) -%}
    json_extract_string({{ document }}, [{% for path in paths %}'{{ path }}'{{ ', ' if not loop.last }}{% endfor %}])
{%- endmacro %}


{% macro json_length(document) %}
    {{- return(adapter.dispatch('json_length', 'sessionhouse')(document)) -}}
{% endmacro %}

{% macro duckdb__json_length(document) -%}
    case when json_type({{ document }}) = 'ARRAY' then cast(json_array_length({{ document }}) as bigint) end
{%- endmacro %}


{#- How many different ids a set of ids with values names, in whatever shape it is written. -#}
{% macro number_of_ids(document, id_keys, value_keys=[]) %}
    {{- return(adapter.dispatch('number_of_ids', 'sessionhouse')(document, id_keys, value_keys)) -}}
{% endmacro %}

{% macro duckdb__number_of_ids(document, id_keys, value_keys) -%}
    coalesce(len(list_distinct(
        [entry.id for entry in {{ duckdb__json_pairs(document, id_keys, value_keys) }}]
    )), 0)
{%- endmacro %}


{#- The id of the page view that Snowplow's web page entity names, in an enriched line or in a column of a warehouse. -#}
{% macro snowplow_page_view_id(contexts, extras) %}
    {{- return(adapter.dispatch('snowplow_page_view_id', 'sessionhouse')(contexts, extras)) -}}
{% endmacro %}

{% macro duckdb__snowplow_page_view_id(contexts, extras) -%}
    {%- set column = 'contexts_com_snowplowanalytics_snowplow_web_page_1' -%}
    nullif(coalesce(
        list_filter(
            json_extract({{ contexts }}, '$.data[*]'),
            lambda entity: starts_with(
                json_extract_string(entity, '$.schema'), 'iglu:com.snowplowanalytics.snowplow/web_page/'
            )
        )[1] ->> '$.data.id',
        {%- for name in [column, column ~ '_0_0'] %}
        json_extract_string({{ extras }}, '$.{{ name }}[0].id'),
        json_extract_string({{ extras }}, '$.{{ name }}.id'),
        {%- endfor %}
        cast(null as varchar)
    ), '')
{%- endmacro %}
