"""The Avro schemas that are known to be decoded in bulk to what decoding one by one gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import fastavro
import pyarrow as pa


class Kind(Enum):
    """How a shape is made of others; a LEAF is not."""

    LEAF = auto()
    DECIMAL = auto()
    RECORD = auto()
    ARRAY = auto()
    MAP = auto()
    UNION = auto()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A type without parts: `arrow` as it is decoded, `seen_as` as DuckDB reads it, `sql` as JSON text.

    The SQL is null for null, and raises for a value that Python has no date or time for: decoding one by
    one says what is wrong with it.
    """

    arrow: pa.DataType
    sql: str
    seen_as: pa.DataType | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """A value of a schema. `parts` are the members, items, values or branches, `names` those of a record."""

    kind: Kind
    leaf: Leaf | None = None
    names: tuple[str, ...] = ()
    parts: tuple[Shape, ...] = ()

    @property
    def places(self) -> list[str]:
        """What the parts are called in statements: `f0`, `f1`, ..."""
        return [f"f{place}" for place in range(len(self.parts))]


def _within(first: int, last: int, text: str) -> str:
    return (
        f"CASE WHEN {{0}} BETWEEN {first} AND {last} THEN {text} "
        "WHEN {0} IS NOT NULL THEN error('a value that no calendar knows') END"
    )


def _moment(micros: str, pattern: str, suffix: str = "") -> str:
    """Return SQL for the moment, with a fraction of a second only where there is one."""
    moment = f"make_timestamp({micros})"
    return (
        f"CASE WHEN ({micros}) % 1000000 = 0 THEN strftime({moment}, '\"{pattern}{suffix}\"') "
        f"ELSE strftime({moment}, '\"{pattern}.%f{suffix}\"') END"
    )


# Days from 1970 to the first and the last day of Python's calendar.
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
DAY_MILLIS, DAY_MICROS = 86_400_000, 86_400_000_000
MOMENT, CLOCK = "%Y-%m-%dT%H:%M:%S", "%H:%M:%S"
_NUMBER = (
    "CASE WHEN isfinite({0}) THEN {0}::DOUBLE::VARCHAR WHEN isnan({0}) THEN '\"nan\"' "
    "WHEN {0} IS NOT NULL THEN '\"' || {0}::VARCHAR || '\"' END"
)
_TEXT = "to_json({0})::VARCHAR"
_BYTES = "'\"' || to_base64({0}) || '\"'"
_UUID = (
    "'\"' || regexp_replace(lower(hex({0})), '(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})', "
    "'\\1-\\2-\\3-\\4-\\5') || '\"'"
)
_MILLIS = _within(FIRST_DAY * DAY_MILLIS, (LAST_DAY + 1) * DAY_MILLIS - 1, _moment("{0} * 1000", MOMENT, "Z"))
_MICROS = _within(FIRST_DAY * DAY_MICROS, (LAST_DAY + 1) * DAY_MICROS - 1, _moment("{0}", MOMENT, "Z"))

# By Avro type and logical type; another logical type counts only where Arrow knows none either.
LEAVES: Mapping[tuple[str, str | None], Leaf] = {
    ("null", None): Leaf(pa.null(), "NULL::VARCHAR"),
    ("boolean", None): Leaf(pa.bool_(), "{0}::VARCHAR"),
    ("int", None): Leaf(pa.int32(), "{0}::VARCHAR"),
    ("long", None): Leaf(pa.int64(), "{0}::VARCHAR"),
    ("float", None): Leaf(pa.float32(), _NUMBER),
    ("double", None): Leaf(pa.float64(), _NUMBER),
    ("string", None): Leaf(pa.string(), _TEXT),
    ("bytes", None): Leaf(pa.binary(), _BYTES),
    ("string", "uuid"): Leaf(pa.binary(16), _UUID),
    ("int", "date"): Leaf(
        pa.date32(),
        _within(FIRST_DAY, LAST_DAY, "strftime(DATE '1970-01-01' + {0}, '\"%Y-%m-%d\"')"),
        pa.int32(),
    ),
    ("int", "time-millis"): Leaf(
        pa.time32("ms"), _within(0, DAY_MILLIS - 1, _moment("{0}::BIGINT * 1000", CLOCK)), pa.int32()
    ),
    ("long", "time-micros"): Leaf(
        pa.time64("us"), _within(0, DAY_MICROS - 1, _moment("{0}", CLOCK)), pa.int64()
    ),
    ("long", "timestamp-millis"): Leaf(pa.timestamp("ms", "+00:00"), _MILLIS, pa.int64()),
    ("long", "timestamp-micros"): Leaf(pa.timestamp("us", "+00:00"), _MICROS, pa.int64()),
    ("long", "local-timestamp-millis"): Leaf(pa.timestamp("ms"), _MILLIS, pa.int64()),
    ("long", "local-timestamp-micros"): Leaf(pa.timestamp("us"), _MICROS, pa.int64()),
}
ENUM_ARROW = pa.dictionary(pa.int32(), pa.string())
WIDEST_DECIMAL = 38


def shape_of(schema: Any, arrow: pa.Schema) -> Shape:
    """Return the shape of the records of an Avro schema that were decoded to the Arrow schema.

    Raises ValueError for a schema that is not known to mean the same to Avro and to Arrow.
    """
    named: dict[str, Any] = {}
    return _shape(fastavro.parse_schema(schema, named), pa.struct(list(arrow)), named)


def _shape(avro: Any, arrow: pa.DataType, named: Mapping[str, Any]) -> Shape:
    avro = named.get(avro, {"type": avro}) if isinstance(avro, str) else avro
    if isinstance(avro, list):
        return _union_shape(avro, arrow, named)
    match avro["type"]:
        case "record" if pa.types.is_struct(arrow) and avro["fields"]:
            names = tuple(each["name"] for each in avro["fields"])
            _expect(names == tuple(each.name for each in arrow), avro, arrow)
            parts = zip(avro["fields"], arrow, strict=True)
            return Shape(Kind.RECORD, None, names, tuple(_shape(a["type"], b.type, named) for a, b in parts))
        case "array" if pa.types.is_list(arrow):
            return Shape(Kind.ARRAY, parts=(_shape(avro["items"], arrow.value_type, named),))
        case "map" if pa.types.is_map(arrow):
            _expect(arrow.key_type == pa.string(), avro, arrow)
            return Shape(Kind.MAP, parts=(_shape(avro["values"], arrow.item_type, named),))
        case "enum" if arrow == ENUM_ARROW:
            return Shape(Kind.LEAF, Leaf(ENUM_ARROW, _TEXT, pa.string()))
    return _leaf_shape(avro, arrow)


def _leaf_shape(avro: Any, arrow: pa.DataType) -> Shape:
    kind, logical = avro["type"], avro.get("logicalType")
    if logical == "decimal" and kind in ("bytes", "fixed"):
        _expect(pa.types.is_decimal128(arrow) and arrow.scale == avro.get("scale", 0), avro, arrow)
        wide = pa.decimal128(WIDEST_DECIMAL, arrow.scale)
        return Shape(Kind.DECIMAL, Leaf(arrow, _decimal(arrow.scale), wide))
    if kind == "fixed":
        leaf = Leaf(pa.binary(avro["size"]), _BYTES)
    else:
        found = LEAVES.get((kind, logical)) or LEAVES.get((kind, None))
        _expect(found is not None, avro, arrow)
        leaf = found or LEAVES["null", None]
    _expect(leaf.arrow == arrow, avro, arrow)
    return Shape(Kind.LEAF, leaf)


def _decimal(scale: int) -> str:
    last = "9" * WIDEST_DECIMAL
    last = f"{last[scale:]}.{last[:scale]}" if scale else last
    kind = f"DECIMAL({WIDEST_DECIMAL}, {scale})"
    # With nothing but digits behind the point, DuckDB writes no zero before it.
    text = "regexp_replace({0}::VARCHAR, '^(-?)[.]', '\\10.')" if scale == WIDEST_DECIMAL else "{0}::VARCHAR"
    return (
        f"CASE WHEN {{0}} BETWEEN '-{last}'::{kind} AND '{last}'::{kind} THEN '\"' || {text} || '\"' "
        "WHEN {0} IS NOT NULL THEN error('a decimal number with too many digits') END"
    )


def _union_shape(avro: list[Any], arrow: pa.DataType, named: Mapping[str, Any]) -> Shape:
    if pa.types.is_union(arrow):
        _expect(arrow.mode == "dense" and arrow.num_fields == len(avro), avro, arrow)
        _expect(list(arrow.type_codes) == list(range(len(avro))), avro, arrow)
        parts = (_shape(branch, arrow.field(place).type, named) for place, branch in enumerate(avro))
        return Shape(Kind.UNION, parts=tuple(parts))
    real = [branch for branch in avro if branch not in ("null", {"type": "null"})]
    _expect(len(real) <= 1, avro, arrow)
    return _shape(real[0] if real else "null", arrow, named)


def _expect(is_so: bool, avro: Any, arrow: pa.DataType) -> None:
    if not is_so:
        raise ValueError(f"{avro!r} is not known to be decoded as {arrow}")
