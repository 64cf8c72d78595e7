{#- Without raw tables the first model would fail with a missing schema; this says what to do instead. -#}
{% macro check_raw_tables() %}
    {% if execute and flags.WHICH in ('build', 'run', 'test') and not adapter.get_relation(target.database, 'raw', 'loads') %}
        {% do exceptions.raise_compiler_error(
            'There are no raw tables in ' ~ target.path ~ '. Load an export first: sessionhouse load VENDOR URI '
            ~ '(it makes the raw tables of every vendor, so one vendor is enough).'
        ) %}
    {% endif %}
{% endmacro %}
