{% macro url_host(url) %}
    {{- return(adapter.dispatch('url_host', 'sessionhouse')(url)) -}}
{% endmacro %}

{% macro duckdb__url_host(url) -%}
    nullif(lower(regexp_extract({{ url }}, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)', 1)), '')
{%- endmacro %}


{% macro url_path(url) %}
    {{- return(adapter.dispatch('url_path', 'sessionhouse')(url)) -}}
{% endmacro %}

{#- A page without a path is the root of its host; text that is no address has none. -#}
{% macro duckdb__url_path(url) -%}
    case
        when regexp_matches({{ url }}, '^[A-Za-z][A-Za-z0-9+.-]*://')
            then coalesce(
                nullif(regexp_extract({{ url }}, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*(/[^?#]*)', 1), ''), '/'
            )
    end
{%- endmacro %}


{% macro url_parameter(url, name) %}
    {{- return(adapter.dispatch('url_parameter', 'sessionhouse')(url, name)) -}}
{% endmacro %}

{#- What does not decode to text stays as it is written. -#}
{% macro duckdb__url_parameter(url, name) -%}
    {%- set written = "replace(regexp_extract(" ~ url ~ ", '[?&]" ~ name ~ "=([^&#]*)', 1), '+', ' ')" -%}
    nullif(coalesce(try(url_decode({{ written }})), {{ written }}), '')
{%- endmacro %}


{% macro has_url_parameter(url, names) %}
    {{- return(adapter.dispatch('has_url_parameter', 'sessionhouse')(url, names)) -}}
{% endmacro %}

{% macro duckdb__has_url_parameter(url, names) -%}
    coalesce(regexp_matches({{ url }}, '[?&]({{ names | join('|') }})=[^&#]'), false)
{%- endmacro %}
