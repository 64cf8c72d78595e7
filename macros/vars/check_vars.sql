{% macro check_vars() %}
    {% set faults = [] %}
    {% for name in invocation_args_dict.get('vars', {}) if name not in var_specs() %}
        {% do faults.append(name ~ ' is not a var of this project; known are ' ~ var_specs() | join(', ')) %}
    {% endfor %}
    {% for name in var_specs() %}
        {% do faults.extend(var_faults(name)) %}
    {% endfor %}
    {% if faults %}
        {% do exceptions.raise_compiler_error('Vars: ' ~ faults | join('. ') ~ '.') %}
    {% endif %}
{% endmacro %}


{#- Models read their vars through this: a wrong one is refused by name already when they are parsed. -#}
{% macro checked_var(name) %}
    {% if var_faults(name) %}
        {% do check_vars() %}
    {% endif %}
    {{- return(var(name)) -}}
{% endmacro %}


{% macro var_specs() %}
    {% set sources = ['leanplum', 'monetate', 'pendo', 'rudderstack', 'snowplow'] %}
    {{- return({
        'session_methods': {'kind': 'choices', 'keys': sources, 'values': ['idle', 'native']},
        'session_idle_minutes': {'kind': 'integer', 'least': 1, 'most': 1440},
        'max_session_days': {'kind': 'integer', 'least': 1, 'most': 365},
        'days_late_allowed': {'kind': 'integer', 'least': 0, 'most': 3650},
        'allow_null_device_times': {'kind': 'boolean'},
        'app_ids': {'kind': 'list'},
        'pendo_exclude': {'kind': 'lists', 'keys': ['visitors', 'accounts', 'domains', 'ips']},
        'session_event_counts': {'kind': 'event_names'},
        'flow_length': {'kind': 'integer', 'least': 2, 'most': 20},
        'page_ping_heartbeat_seconds': {'kind': 'integer', 'least': 1, 'most': 3600},
        'page_ping_minimum_visit_seconds': {'kind': 'integer', 'least': 0, 'most': 3600},
        'funnel_steps': {'kind': 'list', 'least': 1},
        'funnel_days': {'kind': 'integer', 'least': 1, 'most': 365},
        'lifecycle_clock': {'kind': 'choice', 'values': ['loaded_at', 'received_at']},
        'start_date': {'kind': 'moment'},
        'backfill_limit_days': {'kind': 'optional_integer', 'least': 1, 'most': 36500},
        'lookback_window_hours': {'kind': 'optional_integer', 'least': 0, 'most': 87600},
        'session_lookback_days': {'kind': 'integer', 'least': 1, 'most': 36500},
        'reprocess': {'kind': 'reprocess', 'keys': ['from', 'to', 'visitors']},
        'models_to_remove': {'kind': 'list'},
        'analytics_time_zones': {
            'kind': 'choices', 'keys': sources, 'values': modules.pytz.all_timezones, 'title': 'an IANA time zone',
        },
    }) -}}
{% endmacro %}


{% macro var_faults(name) %}
    {% set spec = var_specs()[name] %}
    {% set value = var(name) %}
    {% set told = name ~ ' is ' ~ value %}
    {% set faults = [] %}
    {% if spec.kind == 'optional_integer' and value is none %}
    {% elif spec.kind in ('integer', 'optional_integer') %}
        {% if value is not integer or value is boolean or value < spec.least or value > spec.most %}
            {% do faults.append(told ~ '; it takes a whole number from ' ~ spec.least ~ ' to ' ~ spec.most) %}
        {% endif %}
    {% elif spec.kind == 'boolean' %}
        {% if value is not boolean %}
            {% do faults.append(told ~ '; it takes true or false') %}
        {% endif %}
    {% elif spec.kind == 'choice' %}
        {% if value not in spec['values'] %}
            {% do faults.append(told ~ '; it takes ' ~ spec['values'] | join(' or ')) %}
        {% endif %}
    {% elif spec.kind == 'moment' %}
        {% do faults.extend(moment_faults(name, value)) %}
    {% elif spec.kind in ('list', 'event_names') %}
        {% if not is_list(value) %}
            {% do faults.append(told ~ '; it takes a list') %}
        {% elif value | length < spec.get('least', 0) %}
            {% do faults.append(name ~ ' is empty; it takes a list with an entry at least') %}
        {% elif spec.kind == 'event_names' %}
            {% do faults.extend(event_name_faults(name, value)) %}
        {% endif %}
    {% elif value is not mapping %}
        {% do faults.append(told ~ '; it takes a mapping with the keys ' ~ spec['keys'] | join(', ')) %}
    {% elif spec.kind == 'reprocess' %}
        {% do faults.extend(reprocess_faults(name, value, spec)) %}
    {% elif spec.kind == 'choices' %}
        {% do faults.extend(choice_faults(name, value, spec)) %}
    {% else %}
        {% for key, entry in value.items() if key not in spec['keys'] or not is_list(entry) %}
            {% do faults.append(name ~ ': ' ~ key ~ '; it takes lists under ' ~ spec['keys'] | join(', ')) %}
        {% endfor %}
    {% endif %}
    {{- return(faults) -}}
{% endmacro %}


{% macro choice_faults(name, mapping, spec) %}
    {% set faults = [] %}
    {% for key in mapping if key not in spec['keys'] %}
        {% do faults.append(name ~ ' names ' ~ key ~ '; it takes ' ~ spec['keys'] | join(', ')) %}
    {% endfor %}
    {% for key in spec['keys'] if key not in mapping %}
        {% do faults.append(name ~ ' lacks ' ~ key) %}
    {% endfor %}
    {% for key, value in mapping.items() if key in spec['keys'] and value not in spec['values'] %}
        {% set choice = spec.title or spec['values'] | join(', ') %}
        {% do faults.append(name ~ ': ' ~ key ~ ' is ' ~ value ~ '; it takes ' ~ choice) %}
    {% endfor %}
    {{- return(faults) -}}
{% endmacro %}


{% macro event_name_faults(name, event_names) %}
    {% set columns = [] %}
    {% for event_name in event_names %}
        {% do columns.append(event_count_column(event_name)) %}
    {% endfor %}
    {% if columns | unique | list | length < columns | length %}
        {{- return([name ~ ' makes the same column twice: ' ~ columns | join(', ')]) -}}
    {% endif %}
    {{- return([]) -}}
{% endmacro %}


{% macro is_list(value) %}
    {{- return(value is sequence and value is not string and value is not mapping) -}}
{% endmacro %}


{% macro moment_faults(name, value) %}
    {% if value is not none and not modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?)?', value | string) %}
        {{- return([name ~ ' is ' ~ value ~ '; it takes a date or a time in UTC such as 2026-01-31 or 2026-01-31 12:00:00']) -}}
    {% endif %}
    {{- return([]) -}}
{% endmacro %}


{% macro reprocess_faults(name, mapping, spec) %}
    {% set faults = [] %}
    {% for key in mapping if key not in spec['keys'] %}
        {% do faults.append(name ~ ' names ' ~ key ~ '; it takes ' ~ spec['keys'] | join(', ')) %}
    {% endfor %}
    {% for key in ['from', 'to'] %}
        {% do faults.extend(moment_faults(name ~ ': ' ~ key, mapping.get(key))) %}
    {% endfor %}
    {% if mapping.get('visitors') is not none and not is_list(mapping.get('visitors')) %}
        {% do faults.append(name ~ ': visitors; it takes a list') %}
    {% endif %}
    {{- return(faults) -}}
{% endmacro %}
