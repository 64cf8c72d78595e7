{% macro check_vars() %}
    {#- Whole numbers with their range, by name. -#}
    {% set ranges = {
        'session_idle_minutes': [1, 1440],
        'max_session_days': [1, 365],
        'days_late_allowed': [0, 3650],
        'flow_length': [2, 20],
    } %}
    {% set known = [
        'session_methods', 'session_idle_minutes', 'max_session_days', 'days_late_allowed',
        'allow_null_device_times', 'app_ids', 'pendo_exclude', 'session_event_counts', 'flow_length',
        'analytics_time_zones',
    ] %}
    {% set sources = ['leanplum', 'monetate', 'pendo', 'rudderstack', 'snowplow'] %}
    {% set faults = [] %}

    {% for name in invocation_args_dict.get('vars', {}) if name not in known %}
        {% do faults.append(name ~ ' is not a var of this project; known are ' ~ known | join(', ')) %}
    {% endfor %}

    {% for name, (least, most) in ranges.items() %}
        {% set value = var(name) %}
        {% if value is not integer or value is boolean or value < least or value > most %}
            {% do faults.append(name ~ ' is ' ~ value ~ '; it takes a whole number from ' ~ least ~ ' to ' ~ most) %}
        {% endif %}
    {% endfor %}

    {% if var('allow_null_device_times') is not boolean %}
        {% do faults.append('allow_null_device_times is ' ~ var('allow_null_device_times') ~ '; it takes true or false') %}
    {% endif %}

    {% for name in ['app_ids', 'session_event_counts'] %}
        {% if not is_list(var(name)) %}
            {% do faults.append(name ~ ' is ' ~ var(name) ~ '; it takes a list') %}
        {% endif %}
    {% endfor %}

    {{ check_mapping(faults, 'session_methods', sources, ['idle', 'native']) }}
    {{ check_mapping(faults, 'analytics_time_zones', sources, modules.pytz.all_timezones) }}
    {{ check_exclude_lists(faults) }}
    {{ check_event_counts(faults) }}

    {% if faults %}
        {% do exceptions.raise_compiler_error('Vars: ' ~ faults | join('. ') ~ '.') %}
    {% endif %}
{% endmacro %}


{% macro is_list(value) %}
    {{- return(value is sequence and value is not string and value is not mapping) -}}
{% endmacro %}


{% macro check_mapping(faults, name, keys, values) %}
    {% set mapping = var(name) %}
    {% if mapping is not mapping %}
        {% do faults.append(name ~ ' is ' ~ mapping ~ '; it takes a mapping with the keys ' ~ keys | join(', ')) %}
    {% else %}
        {% for key in mapping if key not in keys %}
            {% do faults.append(name ~ ' names ' ~ key ~ '; it takes ' ~ keys | join(', ')) %}
        {% endfor %}
        {% for key in keys if key not in mapping %}
            {% do faults.append(name ~ ' lacks ' ~ key) %}
        {% endfor %}
        {% for key, value in mapping.items() if key in keys and value not in values %}
            {% set choice = values | join(', ') if values | length < 10 else 'an IANA time zone' %}
            {% do faults.append(name ~ ': ' ~ key ~ ' is ' ~ value ~ '; it takes ' ~ choice) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro check_exclude_lists(faults) %}
    {% set names = ['visitors', 'accounts', 'domains', 'ips'] %}
    {% set lists = var('pendo_exclude') %}
    {% if lists is not mapping %}
        {% do faults.append('pendo_exclude is ' ~ lists ~ '; it takes a mapping with the keys ' ~ names | join(', ')) %}
    {% else %}
        {% for name, values in lists.items() %}
            {% if name not in names or not is_list(values) %}
                {% do faults.append('pendo_exclude: ' ~ name ~ '; it takes lists under ' ~ names | join(', ')) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro check_event_counts(faults) %}
    {% set columns = [] %}
    {% for event_name in var('session_event_counts') if is_list(var('session_event_counts')) %}
        {% do columns.append(event_count_column(event_name)) %}
    {% endfor %}
    {% if columns | unique | list | length < columns | length %}
        {% do faults.append('session_event_counts makes the same column twice: ' ~ columns | join(', ')) %}
    {% endif %}
{% endmacro %}
