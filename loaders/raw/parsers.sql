-- How text of an export becomes a typed value. Each returns null for text that is not of its type.

CREATE OR REPLACE TEMP MACRO as_integer(x) AS
    CASE WHEN regexp_full_match(x, '[+-]?[0-9]+(\.0*)?') THEN try_cast(split_part(x, '.', 1) AS BIGINT) END;

CREATE OR REPLACE TEMP MACRO as_double(x) AS
    CASE WHEN isfinite(try_cast(x AS DOUBLE)) THEN try_cast(x AS DOUBLE) END;

CREATE OR REPLACE TEMP MACRO as_decimal(x) AS
    try_cast(x AS DECIMAL(38, 9));

CREATE OR REPLACE TEMP MACRO as_boolean(x) AS
    CASE
        WHEN lower(x) IN ('t', 'true', '1') THEN true
        WHEN lower(x) IN ('f', 'false', '0') THEN false
    END;

-- A number is seconds since 1970, or milliseconds above 1e11, or microseconds above 1e14.
CREATE OR REPLACE TEMP MACRO as_epoch(x) AS
    make_timestamp(
        CASE
            WHEN abs(try_cast(x AS DECIMAL(38, 9))) > 1e14 THEN try_cast(x AS DECIMAL(38, 9))
            WHEN abs(try_cast(x AS DECIMAL(38, 9))) > 1e11 THEN try_cast(x AS DECIMAL(38, 9)) * 1000
            ELSE try_cast(x AS DECIMAL(38, 9)) * 1000000
        END::BIGINT
    );

-- An offset in the text is applied; without one the text is UTC. Digits beyond microseconds are cut.
CREATE OR REPLACE TEMP MACRO as_moment(x) AS
    try_cast(regexp_replace(x, ' ?UTC$', 'Z') AS TIMESTAMPTZ) AT TIME ZONE 'UTC';

CREATE OR REPLACE TEMP MACRO in_range(moment) AS
    CASE WHEN moment >= TIMESTAMP '1970-01-01' AND moment < TIMESTAMP '2100-01-01' THEN moment END;

CREATE OR REPLACE TEMP MACRO as_time(x) AS
    in_range(
        CASE
            WHEN regexp_full_match(x, '[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?') THEN as_epoch(x)
            ELSE as_moment(x)
        END
    );
