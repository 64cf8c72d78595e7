-- How text of an export becomes a typed value. Each returns null for text that is not of its type, and
-- none of them raises: one odd value may cost its own line, never the whole export.

-- Narrower than a cast, which also takes digits grouped by underscores.
CREATE OR REPLACE TEMP MACRO is_number(x) AS
    regexp_full_match(x, '\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*');

CREATE OR REPLACE TEMP MACRO as_double(x) AS
    CASE WHEN is_number(x) AND isfinite(try_cast(x AS DOUBLE)) THEN try_cast(x AS DOUBLE) END;

-- Rounded to nine digits behind the point. A cast of text to a decimal wider than 18 digits takes some
-- hundred times as long as to a narrow one, which therefore goes first.
CREATE OR REPLACE TEMP MACRO as_decimal(x) AS
    CASE WHEN is_number(x) THEN
        coalesce(try_cast(x AS DECIMAL(18, 9))::DECIMAL(38, 9), try_cast(x AS DECIMAL(38, 9)))
    END;

-- Exact, or null: a number with an exponent or a fraction only counts where it is whole.
CREATE OR REPLACE TEMP MACRO as_integer(x) AS
    CASE
        WHEN regexp_full_match(x, '\s*[+-]?[0-9]+(\.0*)?\s*') THEN try_cast(split_part(x, '.', 1) AS BIGINT)
        WHEN is_number(x) AND try_cast(x AS DOUBLE) = trunc(try_cast(x AS DECIMAL(38, 9)))::DOUBLE
            THEN try_cast(try_cast(x AS DECIMAL(38, 9)) AS BIGINT)
    END;

CREATE OR REPLACE TEMP MACRO as_boolean(x) AS
    CASE
        WHEN lower(x) IN ('t', 'true', '1') THEN true
        WHEN lower(x) IN ('f', 'false', '0') THEN false
    END;

-- A number is seconds since 1970, or milliseconds above 1e11, or microseconds above 1e14; what is beyond
-- all of them is left out before it overflows. Rounded to the microsecond.
CREATE OR REPLACE TEMP MACRO as_epoch(x) AS
    make_timestamp(
        CASE
            WHEN abs(try_cast(x AS DOUBLE)) > 5e15 THEN NULL
            WHEN abs(try_cast(x AS DOUBLE)) > 1e14 THEN try_cast(x AS BIGINT)
            WHEN abs(try_cast(x AS DOUBLE)) > 1e11 THEN
                (try_cast(x AS DECIMAL(18, 3))::DECIMAL(25, 3) * 1000)::BIGINT
            ELSE (try_cast(x AS DECIMAL(18, 6))::DECIMAL(25, 6) * 1000000)::BIGINT
        END
    );

-- A date with or without a time. An offset in the text is applied; without one the text is UTC. Digits
-- beyond microseconds are cut. The cast searches the names of all time zones for a suffix it does not
-- know, a millisecond each: so a zone glued to the seconds, a small z and an offset behind a space are
-- brought into the common form first.
CREATE OR REPLACE TEMP MACRO as_moment(x) AS
    make_timestamp(
        epoch_us(
            try_cast(
                CASE
                    WHEN contains(x, ' ') OR ends_with(x, 'C') OR ends_with(x, 'z') THEN
                        regexp_replace(
                            regexp_replace(x, ' ?(UTC|z)$', 'Z'),
                            ' ([+-][0-9]{2}:?[0-9]{2})( ?[A-Z]+)?$',
                            '\1'
                        )
                    ELSE x
                END AS TIMESTAMPTZ
            )
        )
    );

-- The list names the moment once, so that its expression is neither planned nor computed twice.
CREATE OR REPLACE TEMP MACRO in_range(moment) AS
    list_filter(
        [moment],
        lambda m: m BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '2099-12-31 23:59:59.999999'
    )[1];

-- Dates begin with a year of four digits; words that the cast takes for a time (`epoch`) do not.
-- Milliseconds of this century, which most times are, need no more than a multiplication.
CREATE OR REPLACE TEMP MACRO as_time(x) AS
    CASE
        WHEN regexp_full_match(x, '[1-3][0-9]{12}') THEN make_timestamp(try_cast(x AS BIGINT) * 1000)
        ELSE in_range(CASE WHEN x[5] IN ('-', '/') THEN as_moment(x) WHEN is_number(x) THEN as_epoch(x) END)
    END;
