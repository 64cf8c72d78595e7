"""SQL that writes flat columns of decoded records as JSON texts.

Names in a file's schema never enter a statement: columns and members are called `f0`, `f1`, ..., and the
JSON keys are parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from loaders.avro_records import json_text
from loaders.avro_shapes import Kind, Shape


@dataclass(frozen=True, slots=True)
class Parameters:
    """Values of a statement that is being written, by the name of their parameter."""

    values: dict[str, str] = field(default_factory=dict)

    def add(self, value: str) -> str:
        """Return the reference to a new parameter."""
        name = f"k{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def record_expression(shape: Shape, parameters: Parameters) -> str:
    """Return SQL for the JSON text of a row of `flat_columns`, and add its keys to the parameters."""
    return _object(shape, shape.places, parameters, depth=0)


def _object(shape: Shape, members: list[str], parameters: Parameters, depth: int) -> str:
    texts = []
    for place, (name, part) in enumerate(zip(shape.names, shape.parts, strict=True)):
        key = parameters.add(f"{',' if place else '{'}{json_text(name)}:")
        texts.append(f"{key}, {_or_null(part, members[place], parameters, depth)}")
    return f"concat({', '.join(texts)}, '}}')"


def _or_null(shape: Shape, value: str, parameters: Parameters, depth: int) -> str:
    return f"coalesce({_expression(shape, value, parameters, depth)}, 'null')"


def _expression(shape: Shape, value: str, parameters: Parameters, depth: int) -> str:
    members = [f"struct_extract({value}, '{place}')" for place in shape.places]
    item = f"e{depth}"
    match shape.kind:
        case Kind.RECORD:
            return f"CASE WHEN {value} IS NOT NULL THEN {_object(shape, members, parameters, depth)} END"
        case Kind.UNION:
            branches = zip(shape.parts, members, strict=True)
            return f"coalesce({', '.join(_expression(p, m, parameters, depth) for p, m in branches)})"
        case Kind.ARRAY:
            text = _or_null(shape.parts[0], item, parameters, depth + 1)
            return f"'[' || array_to_string(list_transform({value}, lambda {item}: {text}), ',') || ']'"
        case Kind.MAP:
            text = _or_null(shape.parts[0], f"struct_extract({item}, 'f1')", parameters, depth + 1)
            pair = f"to_json(struct_extract({item}, 'f0'))::VARCHAR || ':' || {text}"
            keys = f"list_transform({value}, lambda {item}: struct_extract({item}, 'f0'))"
            return (
                f"CASE WHEN len(list_distinct({keys})) < len({value}) THEN error('a key stands twice') ELSE "
                f"'{{' || array_to_string(list_transform({value}, lambda {item}: {pair}), ',') || '}}' END"
            )
    return shape.leaf.sql.format(value) if shape.leaf else "NULL::VARCHAR"
