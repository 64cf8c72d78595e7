"""Arrow arrays of decoded records in the form that DuckDB reads without loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from loaders.avro_shapes import Kind, Shape


def flat_columns(batch: pa.RecordBatch, shape: Shape) -> pa.Table:
    """Return the batch as DuckDB reads it: members called `f0`, `f1`, ..., times as whole numbers."""
    columns = [_flat(column, part) for column, part in zip(batch.columns, shape.parts, strict=True)]
    return pa.Table.from_arrays(columns, names=shape.places)


def _flat(array: pa.Array, shape: Shape) -> pa.Array:
    if array.offset:
        array = array.take(pa.array(range(len(array)), pa.int64()))
    return FLATTENED[shape.kind](array, shape)


def _record(array: pa.StructArray, shape: Shape) -> pa.Array:
    parts = [_flat(array.field(place), part) for place, part in enumerate(shape.parts)]
    return pa.StructArray.from_arrays(parts, names=shape.places, mask=array.is_null())


def _array(array: pa.ListArray, shape: Shape) -> pa.Array:
    return _list(array, _flat(array.values, shape.parts[0]))


def _map(array: pa.MapArray, shape: Shape) -> pa.Array:
    members = [array.keys, _flat(array.items, shape.parts[0])]
    return _list(array, pa.StructArray.from_arrays(members, names=["f0", "f1"]))


def _union(array: pa.UnionArray, shape: Shape) -> pa.Array:
    parts = [_branch(array, place, part) for place, part in enumerate(shape.parts)]
    return pa.StructArray.from_arrays(parts, names=shape.places)


def _decimal(array: pa.Array, shape: Shape) -> pa.Array:
    # The same bytes: values may have more digits than the schema states.
    return pa.Array.from_buffers(_seen_as(shape), len(array), array.buffers())


def _leaf(array: pa.Array, shape: Shape) -> pa.Array:
    if isinstance(array, pa.DictionaryArray):
        return array.dictionary_decode()
    return array.view(_seen_as(shape)) if shape.leaf and shape.leaf.seen_as else array


def _list(array: pa.Array, values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(array.offsets, values, mask=array.is_null())


def _branch(array: pa.UnionArray, place: int, shape: Shape) -> pa.Array:
    chosen = pc.equal(array.type_codes, pa.scalar(place, pa.int8()))
    return _flat(array.field(place).take(pc.if_else(chosen, array.offsets, None)), shape)


def _seen_as(shape: Shape) -> pa.DataType:
    return shape.leaf.seen_as if shape.leaf else None


FLATTENED: Mapping[Kind, Callable[[pa.Array, Shape], pa.Array]] = {
    Kind.LEAF: _leaf,
    Kind.DECIMAL: _decimal,
    Kind.RECORD: _record,
    Kind.ARRAY: _array,
    Kind.MAP: _map,
    Kind.UNION: _union,
}
