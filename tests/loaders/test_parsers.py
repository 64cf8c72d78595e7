from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from loaders.warehouse import connect

Parse = Callable[[str, str | None], Any]


@pytest.fixture(scope="module")
def parsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connect(tmp_path_factory.mktemp("parsers") / "warehouse.duckdb")
    yield connection
    connection.close()


@pytest.fixture
def parse(parsers: duckdb.DuckDBPyConnection) -> Parse:
    """Run one parser of `raw/parsers.sql` on one text."""

    def run(parser: str, text: str | None) -> Any:
        row = parsers.execute(f"SELECT {parser}($text)", {"text": text}).fetchone()
        assert row is not None
        return row[0]

    return run


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-5", -5),
        ("+7", 7),
        ("9007199254740993", 9007199254740993),
        ("-9223372036854775808", -9223372036854775808),
        ("9223372036854775807.0", 9223372036854775807),
        ("12.0", 12),
        ("12.", 12),
        (" 12 ", 12),
        ("1e3", 1000),
        ("1.0E7", 10_000_000),
        ("-1.5e1", -15),
    ],
)
def test_whole_numbers_are_exact_in_every_notation(parse: Parse, text: str, value: int) -> None:
    assert parse("as_integer", text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("12.5", "1.5e0", "1e-12", "1.0000000001e0", "9223372036854775808", "9.3E18", "1e400", "1_000"),
        *("0x1F", "", " ", "x", "nan", "inf", "true", "1,000", "12 13", "--1", "."),
    ],
)
def test_what_is_no_whole_number_is_no_integer(parse: Parse, text: str) -> None:
    assert parse("as_integer", text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", "0.1"),
        ("-12.34", "-12.34"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("1.5E-3", "0.0015"),
        ("999999999.999999999", "999999999.999999999"),
        ("12345678901234567890123456789.987654321", "12345678901234567890123456789.987654321"),
        ("12.340000000000002", "12.34"),
    ],
)
def test_decimals_are_exact_to_nine_digits_behind_the_point(parse: Parse, text: str, value: str) -> None:
    assert parse("as_decimal", text) == Decimal(value)


@pytest.mark.parametrize("parser", ["as_decimal", "as_double"])
@pytest.mark.parametrize(
    "text", ["", "x", "nan", "NaN", "inf", "-Infinity", "1_000", "1,5", "0x1F", "1e", "$5"]
)
def test_what_is_no_finite_number_is_no_number(parse: Parse, parser: str, text: str) -> None:
    assert parse(parser, text) is None


def test_a_decimal_too_wide_for_its_column_is_none(parse: Parse) -> None:
    assert parse("as_decimal", "1" * 30) is None


@pytest.mark.parametrize(
    ("text", "value"), [("1.5", 1.5), ("-2E-3", -0.002), ("1e308", 1e308), ("1e400", None), (" 7 ", 7.0)]
)
def test_doubles_are_finite(parse: Parse, text: str, value: float | None) -> None:
    assert parse("as_double", text) == value


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (("t", "T", "true", "TRUE", "1"), True),
        (("f", "False", "0"), False),
        (("", "yes", "no", "2", "null", "10"), None),
    ],
)
def test_booleans_are_words_letters_or_digits(
    parse: Parse, texts: tuple[str, ...], value: bool | None
) -> None:
    assert [parse("as_boolean", text) for text in texts] == [value] * len(texts)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1.591474962721E9", datetime(2020, 6, 6, 20, 22, 42, 721000)),
        ("1591474962", datetime(2020, 6, 6, 20, 22, 42)),
        ("1591474962.000001", datetime(2020, 6, 6, 20, 22, 42, 1)),
        ("1591474962721", datetime(2020, 6, 6, 20, 22, 42, 721000)),
        ("1000000000000", datetime(2001, 9, 9, 1, 46, 40)),
        ("999999999999", datetime(2001, 9, 9, 1, 46, 39, 999000)),
        ("0001591474962", datetime(2020, 6, 6, 20, 22, 42)),
        ("3999999999999", datetime(2096, 10, 2, 7, 6, 39, 999000)),
        ("4102444799999", datetime(2099, 12, 31, 23, 59, 59, 999000)),
        ("1591474962721.5", datetime(2020, 6, 6, 20, 22, 42, 721500)),
        ("1591474962721001", datetime(2020, 6, 6, 20, 22, 42, 721001)),
        ("4102444799.999999", datetime(2099, 12, 31, 23, 59, 59, 999999)),
        ("4102444799999999", datetime(2099, 12, 31, 23, 59, 59, 999999)),
        ("0", datetime(1970, 1, 1)),
    ],
)
def test_numbers_are_seconds_milliseconds_or_microseconds(parse: Parse, text: str, moment: datetime) -> None:
    assert parse("as_time", text) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-01-24T11:59:02.403+05:30", datetime(2020, 1, 24, 6, 29, 2, 403000)),
        ("2020-01-24T11:59:02.403+0530", datetime(2020, 1, 24, 6, 29, 2, 403000)),
        ("2020-01-24 11:59:02.403 +0530", datetime(2020, 1, 24, 6, 29, 2, 403000)),
        ("2020-01-24 11:59:02.403 +05:30", datetime(2020, 1, 24, 6, 29, 2, 403000)),
        ("2020-01-24 11:59:02.403 +0530 IST", datetime(2020, 1, 24, 6, 29, 2, 403000)),
        ("2020-01-24 11:59:02.403 +0000 UTC", datetime(2020, 1, 24, 11, 59, 2, 403000)),
        ("2020-01-24T11:59:02-08", datetime(2020, 1, 24, 19, 59, 2)),
        ("2020-01-24T11:59:02.403Z", datetime(2020, 1, 24, 11, 59, 2, 403000)),
        ("2020-01-24T11:59:02.403z", datetime(2020, 1, 24, 11, 59, 2, 403000)),
        ("2020-01-24 11:59:02.403 UTC", datetime(2020, 1, 24, 11, 59, 2, 403000)),
        ("2020-01-24T11:59:02.403UTC", datetime(2020, 1, 24, 11, 59, 2, 403000)),
        ("2020-01-24 11:59:02", datetime(2020, 1, 24, 11, 59, 2)),
        ("2020-01-24", datetime(2020, 1, 24)),
        ("2020-01-24T11:59:02.123456789Z", datetime(2020, 1, 24, 11, 59, 2, 123456)),
        ("2020-01-24T11:59:02.9999999Z", datetime(2020, 1, 24, 11, 59, 2, 999999)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1)),
        ("2099-12-31T23:59:59.999999Z", datetime(2099, 12, 31, 23, 59, 59, 999999)),
    ],
)
def test_offsets_are_applied_and_times_without_one_are_utc(parse: Parse, text: str, moment: datetime) -> None:
    assert parse("as_time", text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "x", "now", "epoch", "infinity", "-infinity", "nan", "inf", "11:59:02", "2020-02-30"),
        *("-2006-10-15T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T05:00:00+05:30", "2100-01-01"),
        *("99999-01-01", "-1", "4102444800", "4102444800000", "4102444800000000", "1591474962721000000"),
        *("99999999999999999999", "9223372036854775807", "-9223372036854775808", "1e28", "1e400", "1" * 60),
    ],
)
def test_what_is_no_time_between_1970_and_2100_is_none(parse: Parse, text: str) -> None:
    assert parse("as_time", text) is None


@pytest.mark.parametrize(
    "parser", ["as_integer", "as_double", "as_decimal", "as_boolean", "as_time", "as_epoch", "as_moment"]
)
def test_null_stays_null(parse: Parse, parser: str) -> None:
    assert parse(parser, None) is None


def test_times_do_not_depend_on_the_time_zone_of_the_connection_where_they_tell_their_own(
    parsers: duckdb.DuckDBPyConnection, parse: Parse
) -> None:
    parsers.execute("SET TimeZone = 'Asia/Tokyo'")
    try:
        for text in ("1591474962", "2020-06-06T22:22:42+02:00", "2020-06-06 20:22:42 UTC"):
            assert parse("as_time", text) == datetime(2020, 6, 6, 20, 22, 42)
    finally:
        parsers.execute("SET TimeZone = 'UTC'")


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        # A cast of text to DECIMAL(38, 9) takes 25 microseconds a value.
        ("as_decimal", "123.25"),
        ("as_time", "1591474962.721"),
        ("as_time", "1591474962721"),
        # A cast of an offset behind a space takes a millisecond a value, to fail.
        ("as_time", "2020-01-24 11:59:02.403 +0530"),
    ],
)
def test_no_parser_runs_into_a_slow_cast(parsers: duckdb.DuckDBPyConnection, parser: str, text: str) -> None:
    parsers.execute(
        "CREATE OR REPLACE TEMP TABLE texts AS SELECT $text || '' AS x FROM range(150000)", {"text": text}
    )
    begun = time.process_time()
    row = parsers.execute(f"SELECT count(*) FROM texts WHERE {parser}(x) IS NOT NULL").fetchone()
    assert row == (150000,)
    assert time.process_time() - begun < 1.0
