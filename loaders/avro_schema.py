"""Schemas of Avro files that may be decoded: a decoder trusts them, and some would never let it end.

A type that contains itself makes decoding as deep as the data says; items without bytes make any count
possible in a file of a few bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LEVELS_LIMIT = 100
VALUES_LIMIT = 100_000
# Digits of a decimal. Its text holds them all.
DIGITS_LIMIT = 1_000
NAMED_TYPES = ("record", "error", "enum", "fixed")


@dataclass(frozen=True, slots=True)
class _Extent:
    """What one value of a type takes: the fewest bytes, and the most values without those of arrays."""

    fewest_bytes: int
    values: int


@dataclass(slots=True)
class _Survey:
    """The types that were named so far, None while their own definition goes on."""

    named: dict[str, _Extent | None] = field(default_factory=dict)


def check_schema(schema: Any) -> None:
    """Raise ValueError for a schema whose values may be endless, endlessly deep or out of all proportion."""
    _extent(schema, "", _Survey(), 0)


def _extent(schema: Any, namespace: str, survey: _Survey, level: int) -> _Extent:
    if level > LEVELS_LIMIT:
        raise ValueError(f"types stand more than {LEVELS_LIMIT} levels in each other")
    if isinstance(schema, list):
        branches = [_extent(branch, namespace, survey, level + 1) for branch in schema]
        return _bounded(1, 1 + max((branch.values for branch in branches), default=0))
    if isinstance(schema, dict) and schema.get("type") not in (*NAMED_TYPES, "array", "map"):
        _check_decimal(schema)
        return _extent(schema.get("type"), namespace, survey, level + 1)
    if isinstance(schema, dict):
        return _complex(schema, namespace, survey, level)
    return _simple(schema, namespace, survey)


def _simple(name: Any, namespace: str, survey: _Survey) -> _Extent:
    for full_name in (f"{namespace}.{name}", str(name)):
        if full_name in survey.named:
            extent = survey.named[full_name]
            if extent is None:
                raise ValueError(f"the type {name} contains itself")
            return extent
    return _Extent(0 if name == "null" else 1, 1)


def _complex(schema: dict[str, Any], namespace: str, survey: _Survey, level: int) -> _Extent:
    kind = schema["type"]
    if kind in ("array", "map"):
        # Further values come with further bytes, which the file has or has not.
        key_bytes = 1 if kind == "map" else 0
        item = _extent(schema.get("items" if kind == "array" else "values"), namespace, survey, level + 1)
        if item.fewest_bytes + key_bytes == 0:
            raise ValueError("it has arrays of items without content, which any count fits")
        return _bounded(1, 1 + item.values)
    namespace = str(schema.get("namespace") or namespace)
    name = str(schema.get("name"))
    full_name = name if "." in name else f"{namespace}.{name}"
    survey.named[full_name] = survey.named[name] = None
    extent = _named(schema, full_name.rpartition(".")[0], survey, level)
    survey.named[full_name] = survey.named[name] = extent
    return extent


def _named(schema: dict[str, Any], namespace: str, survey: _Survey, level: int) -> _Extent:
    if schema["type"] == "enum":
        return _Extent(1, 1)
    if schema["type"] == "fixed":
        _check_decimal(schema)
        size = schema.get("size")
        if not isinstance(size, int) or size < 0:
            raise ValueError(f"a fixed type has the size {str(size)[:40]}")
        return _Extent(size, 1)
    parts = [
        _extent(part.get("type") if isinstance(part, dict) else None, namespace, survey, level + 1)
        for part in _fields(schema)
    ]
    return _bounded(sum(part.fewest_bytes for part in parts), 1 + sum(part.values for part in parts))


def _fields(schema: dict[str, Any]) -> list[Any]:
    fields = schema.get("fields")
    if not isinstance(fields, list):
        raise ValueError("a record has no list of fields")
    return fields


def _bounded(fewest_bytes: int, values: int) -> _Extent:
    if values > VALUES_LIMIT:
        raise ValueError(f"one record has more than {VALUES_LIMIT:,} values")
    return _Extent(fewest_bytes, values)


def _check_decimal(schema: dict[str, Any]) -> None:
    for key in ("precision", "scale"):
        digits = schema.get(key, 0)
        if isinstance(digits, int) and abs(digits) > DIGITS_LIMIT:
            raise ValueError(f"a decimal has the {key} {digits:,.0f}"[:80])
