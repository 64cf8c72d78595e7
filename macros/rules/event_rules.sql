{% macro is_late(created_at, sent_at) -%}
    coalesce({{ sent_at }} > {{ add_days(created_at, checked_var('days_late_allowed')) }}, false)
{%- endmacro %}


{% macro lacks_device_time(source, created_at, sent_at) -%}
    {%- if checked_var('allow_null_device_times') -%}
        false
    {%- else -%}
        ({{ source }} = 'snowplow' and ({{ created_at }} is null or {{ sent_at }} is null))
    {%- endif -%}
{%- endmacro %}


{% macro is_of_other_app(app_id) -%}
    {%- set apps = checked_var('app_ids') -%}
    {%- set named = apps | reject('none') | list -%}
    {%- if not apps -%}
        false
    {%- else -%}
        not (
            {{ 'coalesce(' ~ app_id ~ ' in ' ~ text_list(named) ~ ', false)' if named else 'false' }}
            {{- ' or ' ~ app_id ~ ' is null' if none in apps }})
    {%- endif -%}
{%- endmacro %}


{% macro rejection_reason() -%}
    case
        when {{ is_before_start('loaded_at') }} then 'before_start_date'
        when occurred_at is null then 'missing_time'
        when anonymous_id is null and user_id is null then 'missing_identity'
        when native_session_id is null and {{ uses_session_method('native') }} then 'missing_session'
        when {{ is_of_other_app('app_id') }} then 'app'
        when {{ lacks_device_time('source', 'created_at', 'sent_at') }} then 'missing_device_time'
        when {{ is_late('created_at', 'sent_at') }} then 'late'
        when is_excluded then 'excluded'
    end
{%- endmacro %}


{#- On received_at the limits of the runs keep what is earlier out, and other runs may have other limits. -#}
{% macro is_before_start(loaded_at) -%}
    {%- set start_date = checked_var('start_date') -%}
    {%- if start_date and uses_clock('loaded_at') -%}
        {{ loaded_at }} < cast({{ text_literal(start_date) }} as timestamp)
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}


{% macro is_excluded_from_pendo(visitor_id, account_id, url, ip) -%}
    {%- set lists = checked_var('pendo_exclude') -%}
    {%- set tests = {
        'visitors': visitor_id,
        'accounts': account_id,
        'domains': url_host(url),
        'ips': ip,
    } -%}
    coalesce(
        {%- for name, value in tests.items() if lists.get(name) %}
        {{ value }} in {{ text_list(lists[name]) }} or
        {%- endfor %}
        false, false)
{%- endmacro %}
