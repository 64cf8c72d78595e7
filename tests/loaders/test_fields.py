from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from loaders.exports import Export
from loaders.fields import Field, Kind, columns, extras, projection
from loaders.landing import open_landing
from loaders.load import Load

FIELDS = (
    Field("id", "id", required=True),
    Field("name", "theName"),
    Field("n", "n", Kind.INTEGER),
    Field("x", "x", Kind.DOUBLE),
    Field("money", "money", Kind.DECIMAL),
    Field("flag", "flag", Kind.BOOLEAN),
    Field("at_time", "at", Kind.TIME),
    Field("nested", "nested", Kind.JSON),
)
Parsed = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def parsed(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Parsed:
    """Parse lines with FIELDS (or others); return `line, reason, extras` and the columns of each line."""

    def run(*lines: str, fields: tuple[Field, ...] = FIELDS) -> list[dict[str, Any]]:
        path = tmp_path / "lines.json"
        path.write_text("\n".join(lines), encoding="utf-8")
        landing = open_landing(str(path))
        export = Export(vendor="v", export_id="e", order=())
        load = Load(connection, landing, [export], 1, datetime(2020, 1, 1))
        load.read_lines({"lines.json": landing.list_files()[0]})
        load.parse_objects(fields)
        rows = connection.execute(
            f"SELECT line, reason, {extras(fields)}::VARCHAR AS extras, {projection(fields)} "
            "FROM landing_records ORDER BY line"
        ).fetchall()
        names = ["line", "reason", "extras", *(field.column for field in fields)]
        return [dict(zip(names, row, strict=True)) for row in rows]

    return run


def test_every_kind_reads_its_values(parsed: Parsed) -> None:
    line = (
        '{"id": "a", "theName": "é \\u00e9", "n": 9007199254740993, "x": 1.5, "money": 12.30, "flag": true, '
        '"at": "2020-01-24T11:59:02.403+05:30", "nested": {"k": [1, null]}}'
    )
    (row,) = parsed(line)
    assert row == {
        "line": 1,
        "reason": None,
        "extras": None,
        "id": "a",
        "name": "é é",
        "n": 9007199254740993,
        "x": 1.5,
        "money": Decimal("12.30"),
        "flag": True,
        "at_time": datetime(2020, 1, 24, 6, 29, 2, 403000),
        "nested": '{"k":[1,null]}',
    }


def test_values_written_as_text_are_read_like_the_others(parsed: Parsed) -> None:
    (row,) = parsed('{"id": 7, "n": "-3", "x": "2e3", "money": "0.10", "flag": "F", "at": "1591474962"}')
    assert (row["id"], row["n"], row["x"], row["money"], row["flag"]) == (
        "7",
        -3,
        2000.0,
        Decimal("0.1"),
        False,
    )
    assert row["at_time"] == datetime(2020, 6, 6, 20, 22, 42)


def test_absent_null_and_empty_values_are_null_and_no_fault(parsed: Parsed) -> None:
    absent, null, empty = parsed(
        '{"id": "a"}',
        '{"id": "a", "n": null, "x": null, "money": null, "flag": null, "at": null, "nested": null}',
        '{"id": "a", "n": "", "x": "", "money": "", "flag": "", "at": ""}',
    )
    for row in (absent, null, empty):
        assert [row[name] for name in ("reason", "extras", "n", "x", "money", "flag", "at_time")] == [
            None
        ] * 7
    assert absent["nested"] is None
    assert null["nested"] in (None, "null")


def test_an_empty_text_stays_an_empty_text(parsed: Parsed) -> None:
    assert parsed('{"id": "a", "theName": ""}')[0]["name"] == ""


def test_unknown_keys_stay_in_extras_with_exact_numbers_and_nulls(parsed: Parsed) -> None:
    unknown = (
        '"big":9007199254740993,"huge":123456789012345678901234567890,"neg":-9223372036854775808,'
        '"price":19.99,"null":null,"deep":{"n":null,"l":[null,{"x":null}]},"empty":{},"text":"12.0"'
    )
    (row,) = parsed(f'{{"id": "a", {unknown}, "n": 1}}')
    assert row["extras"] == f"{{{unknown}}}"


def test_unknown_keys_may_hold_quotes_dots_and_control_characters(parsed: Parsed) -> None:
    keys = {
        'a"b': 1,
        "a'b": 2,
        "$.c": 3,
        "": 4,
        "a\\b": 5,
        "a\nb": 6,
        "ключ": 7,
        "id ": 8,
        "ID": 9,
        "a.b": 10,
    }
    (row,) = parsed(json.dumps({"id": "a", **keys}))
    assert json.loads(row["extras"]) == keys


def test_a_known_key_of_another_case_is_unknown(parsed: Parsed) -> None:
    (row,) = parsed('{"id": "a", "TheName": "x"}')
    assert (row["name"], row["extras"]) == (None, '{"TheName":"x"}')


def test_values_of_another_shape_are_kept_as_json_text(parsed: Parsed) -> None:
    (row,) = parsed('{"id": {"k": 1}, "theName": ["a", null]}')
    assert (row["id"], row["name"], row["reason"]) == ('{"k":1}', '["a",null]', None)


@pytest.mark.parametrize("line", ['{"theName": "x"}', '{"id": null}', '{"id": ""}'])
def test_a_required_value_must_be_there(parsed: Parsed, line: str) -> None:
    assert parsed(line)[0]["reason"] == "id is missing"


def test_a_required_json_value_may_not_be_null(parsed: Parsed) -> None:
    fields = (Field("data", "data", Kind.JSON, required=True),)
    reasons = [row["reason"] for row in parsed("{}", '{"data": null}', '{"data": {}}', fields=fields)]
    assert reasons == ["data is missing", "data is missing", None]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('"n": "12.5"', "n: 12.5 is not an integer"),
        ('"n": 9223372036854775808', "n: 9223372036854775808 is not an integer"),
        ('"n": [1]', "n: [1] is not an integer"),
        ('"x": "one"', "x: one is not a number"),
        ('"x": "NaN"', "x: NaN is not a number"),
        ('"money": {"k": 1}', 'money: {"k":1} is not a decimal number'),
        ('"flag": "maybe"', "flag: maybe is not true or false"),
        ('"at": "-2006-10-15T00:00:00Z"', "at: -2006-10-15T00:00:00Z is not a time between 1970 and 2100"),
        ('"at": 99999999999999999999', "at: 99999999999999999999 is not a time between 1970 and 2100"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_with_its_key(parsed: Parsed, value: str, reason: str) -> None:
    assert parsed(f'{{"id": "a", {value}}}')[0]["reason"] == reason


def test_a_long_value_is_told_in_part(parsed: Parsed) -> None:
    (row,) = parsed(json.dumps({"id": "a", "n": "y" * 500}))
    assert row["reason"] == f"n: {'y' * 80} is not an integer"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not valid JSON"),
        ('{"id": "a"} {"id": "b"}', "not valid JSON"),
        ('{"id": "\\ud800"}', "not valid JSON"),
        ("null", "not a JSON object"),
        ("[]", "not a JSON object"),
        ('["{"]', "not a JSON object"),
        ('"{}"', "not a JSON object"),
        ("12", "not a JSON object"),
    ],
)
def test_a_line_that_is_no_json_object_is_told_apart(parsed: Parsed, line: str, reason: str) -> None:
    good, bad = parsed(' \t{"id": "good"}', line)
    assert (good["id"], good["reason"]) == ("good", None)
    assert (bad["reason"], bad["line"]) == (reason, 2)


def test_a_key_that_stands_twice_is_a_fault_of_its_own_line_only(parsed: Parsed) -> None:
    rows = parsed(
        '{"id": "a", "theName": "x"}',
        '{"id": "b", "id": "b"}',
        '{"id": "c", "unknown": 1, "unknown": 2}',
        '{"id": "d", "nested": {"k": 1, "k": 2}}',
        '{"id": "e", "Id": "f"}',
    )
    twice = "a key stands twice in the object"
    assert [row["reason"] for row in rows] == [None, twice, twice, None, None]


def test_good_lines_are_not_touched_by_bad_ones_around_them(parsed: Parsed) -> None:
    lines = [f'{{"id": "{number}"}}' if number % 3 else "{broken" for number in range(6000)]
    rows = parsed(*lines)
    assert [row["line"] for row in rows if row["reason"]] == list(range(1, 6001, 3))
    assert all(row["id"] == str(row["line"] - 1) for row in rows if not row["reason"])


def test_a_deeply_nested_value_is_kept(parsed: Parsed) -> None:
    deep = "[" * 998 + "]" * 998
    (row,) = parsed(f'{{"id": "a", "deep": {deep}}}')
    assert (row["reason"], row["extras"]) == (None, f'{{"deep":{deep}}}')


def test_columns_are_quoted_in_order() -> None:
    assert columns((Field("timestamp", "a"), Field("order", "b"))) == '"timestamp", "order"'
