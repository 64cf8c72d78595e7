"""Random Avro schemas with records that fit them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

Shaped = tuple[Any, st.SearchStrategy[Any]]

FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)
TEXTS = st.text(max_size=8) | st.sampled_from(['"\\\n\x1f\x00/', "\u2028\x7f", "\\u001f", "ä€😀"])
KEYS = st.text(max_size=3)


def whole_millis(moment: datetime | time) -> Any:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def moments(**keys: Any) -> st.SearchStrategy[datetime]:
    return st.datetimes(FIRST, LAST, **keys)


def decimals(digits: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    # Not by scaleb, which rounds to the precision of the context.
    return st.integers(-most, most).map(lambda n: Decimal((n < 0, tuple(map(int, str(abs(n)))), -scale)))


UTC_MOMENTS = moments(timezones=st.just(UTC))
LEAVES: list[Shaped] = [
    # A plain null takes no bytes, and nothing would bound a list of them.
    (["null"], st.none()),
    ("boolean", st.booleans()),
    ("int", st.integers(-(2**31), 2**31 - 1)),
    ("long", st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**53 + 1, -(2**53) - 1])),
    ("float", st.floats(width=32)),
    ("double", st.floats()),
    ("string", TEXTS),
    ("bytes", st.binary(max_size=6)),
    ({"type": "int", "logicalType": "date"}, st.dates()),
    ({"type": "int", "logicalType": "time-millis"}, st.times().map(whole_millis)),
    ({"type": "long", "logicalType": "time-micros"}, st.times()),
    ({"type": "long", "logicalType": "timestamp-millis"}, UTC_MOMENTS.map(whole_millis)),
    ({"type": "long", "logicalType": "timestamp-micros"}, UTC_MOMENTS),
    ({"type": "long", "logicalType": "local-timestamp-millis"}, moments().map(whole_millis)),
    ({"type": "long", "logicalType": "local-timestamp-micros"}, moments()),
    ({"type": "string", "logicalType": "uuid"}, st.uuids()),
    ({"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}, decimals(20, 4)),
    ({"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 38}, decimals(38, 38)),
    ({"type": "bytes", "logicalType": "decimal", "precision": 5}, decimals(5, 0)),
    ({"type": "long", "logicalType": "timestamp-nanos"}, st.integers(0, 2**60)),
    ({"type": "string", "logicalType": "something"}, TEXTS),
]


class Names:
    """Hands out names that are used once in a schema."""

    def __init__(self) -> None:
        self._number = 0

    def new(self) -> str:
        self._number += 1
        return f"N{self._number}"


def _named(draw: st.DrawFn, names: Names) -> Shaped:
    kind = draw(st.sampled_from(["fixed", "enum", "fixed decimal"]))
    if kind == "enum":
        return {"type": "enum", "name": names.new(), "symbols": ["A", "b_2"]}, st.sampled_from(["A", "b_2"])
    if kind == "fixed":
        return {"type": "fixed", "name": names.new(), "size": 3}, st.binary(min_size=3, max_size=3)
    fixed = {"type": "fixed", "name": names.new(), "size": 9, "logicalType": "decimal", "precision": 18}
    return {**fixed, "scale": 2}, decimals(18, 2)


def _shape(draw: st.DrawFn, names: Names, depth: int) -> Shaped:
    kinds = ["leaf", "leaf", "leaf", "named", "optional"]
    kind = draw(st.sampled_from(kinds + (["array", "map", "record", "union"] if depth else [])))
    match kind:
        case "array":
            items, values = _shape(draw, names, depth - 1)
            return {"type": "array", "items": items}, st.lists(values, max_size=3)
        case "map":
            items, values = _shape(draw, names, depth - 1)
            return {"type": "map", "values": items}, st.dictionaries(KEYS, values, max_size=3)
        case "record":
            return _record(draw, names, depth - 1)
        case "union":
            return _union(draw, names, depth - 1)
    return _simple(draw, names, kind)


def _simple(draw: st.DrawFn, names: Names, kind: str) -> Shaped:
    if kind == "leaf":
        return draw(st.sampled_from(LEAVES))
    return _named(draw, names) if kind == "named" else _optional(draw, names)


def _optional(draw: st.DrawFn, names: Names) -> Shaped:
    kind, values = draw(st.sampled_from([*LEAVES[1:], _named(draw, names)]))
    branches = ["null", kind] if draw(st.booleans()) else [kind, "null"]
    return branches, st.none() | values


def _union(draw: st.DrawFn, names: Names, depth: int) -> Shaped:
    branches: list[Shaped] = [
        ("null", st.none()),
        ("string", TEXTS),
        ("long", st.integers(-(2**63), 2**63 - 1)),
        ("double", st.floats()),
        ("boolean", st.booleans()),
    ]
    chosen = draw(st.lists(st.sampled_from(branches), min_size=1, max_size=4, unique_by=lambda each: each[0]))
    items, values = _shape(draw, names, depth) if depth else ("bytes", st.binary(max_size=2))
    if depth and draw(st.booleans()):
        chosen.append(({"type": "array", "items": items}, st.lists(values, max_size=2)))
    return [kind for kind, _ in chosen], st.one_of([each for _, each in chosen])


def _record(draw: st.DrawFn, names: Names, depth: int) -> Shaped:
    shapes = [_shape(draw, names, depth) for _ in range(draw(st.integers(1, 4)))]
    # Names that differ by case only are different names.
    keys = draw(st.lists(st.sampled_from(["a", "A", "id", "ID", "x_1"]), min_size=4, max_size=4, unique=True))
    fields = [{"name": key, "type": kind} for key, (kind, _) in zip(keys, shapes, strict=False)]
    values = {key: each for key, (_, each) in zip(keys, shapes, strict=False)}
    return {"type": "record", "name": names.new(), "fields": fields}, st.fixed_dictionaries(values)


@st.composite
def files(draw: st.DrawFn) -> tuple[Any, list[Any]]:
    """A schema of records, and up to five records. Every record takes at least one byte."""
    schema, values = _record(draw, Names(), 3)
    schema["fields"].append({"name": "last", "type": "int"})
    records = draw(st.lists(values, min_size=1, max_size=5))
    return schema, [{**record, "last": number} for number, record in enumerate(records)]


# One value of every shape that is decoded in bulk.
SHAPES: dict[str, tuple[Any, Any]] = {
    "optional text": (["null", "string"], "a"),
    "text or nothing": (["string", "null"], None),
    "several types": (["string", "null", "long"], -(2**63)),
    "one type": (["long"], 2**63 - 1),
    "nothing": ("null", None),
    "number": ("double", 0.1),
    "short number": ("float", 0.1),
    "no number": ("double", float("nan")),
    "bytes": ("bytes", b"\x00\xff"),
    "fixed": ({"type": "fixed", "name": "F", "size": 2}, b"ab"),
    "enum": ({"type": "enum", "name": "E", "symbols": ["X", "Y"]}, "Y"),
    "date": ({"type": "int", "logicalType": "date"}, date(1, 1, 1)),
    "time": ({"type": "int", "logicalType": "time-millis"}, time(1, 2, 3, 4000)),
    "millis": ({"type": "long", "logicalType": "timestamp-millis"}, datetime(9999, 12, 31, tzinfo=UTC)),
    "micros": ({"type": "long", "logicalType": "timestamp-micros"}, datetime(1969, 1, 1, 1, 1, 1, 1, UTC)),
    "uuid": ({"type": "string", "logicalType": "uuid"}, UUID(int=1)),
    "decimal": ({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, Decimal("-0.10")),
    "map of several types": ({"type": "map", "values": ["null", "string", "long"]}, {"a": 1, "b": None}),
    "optional list of numbers": (["null", {"type": "array", "items": "double"}], [1.5]),
    "records in a list": (
        {"type": "array", "items": {"type": "record", "name": "P", "fields": [{"name": "x", "type": "int"}]}},
        [{"x": 1}, {"x": 2}],
    ),
}
