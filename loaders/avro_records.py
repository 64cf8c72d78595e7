"""Decoding the records of an Avro file one by one: for every schema, and for files with damage in them.

What a value becomes is said here; `loaders.avro_bulk` does the same faster for the schemas it knows.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO
from math import isfinite
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException

from loaders.avro_blocks import UNREADABLE_BYTES, damaged, told
from loaders.avro_codecs import DECOMPRESSORS
from loaders.errors import DamagedFileError
from loaders.exports import DataFile

# What bytes of the right length that are no date, time, number or text make fastavro raise.
UNREADABLE_VALUE = (ArithmeticError, ValueError)
ROWS_AT_ONCE = 20_000
# fastavro rounds to the precision that a schema states, whatever the value is: with this one it never does.
UNLIMITED_DIGITS = 1 << 20
BITS_PER_DIGIT = 3.3219281


class Decoder:
    """Turns the blocks of one file into JSON texts.

    Raises DamagedFileError for a schema that is not valid, or of values without field names.
    """

    def __init__(self, schema: Any, file: DataFile) -> None:
        self._file = file
        try:
            self._schema = fastavro.parse_schema(_without_rounding(schema))
            self._undecorated = fastavro.parse_schema(_without_logical_types(schema))
        except (SchemaParseException, *UNREADABLE_BYTES) as error:
            raise damaged(file, f"its Avro schema is not valid ({told(error)})") from error
        if not isinstance(self._schema, dict) or self._schema["type"] != "record":
            raise DamagedFileError(f"{file.path} holds Avro values without field names; export it again.")

    def decode(self, data: bytes, codec: str, count: int) -> Iterator[tuple[str, str | None]]:
        """Yield `text, damage` of the `count` records in a block's compressed bytes.

        Raises DamagedFileError for a block that does not decode to just its records.
        """
        try:
            content = DECOMPRESSORS[codec](data)
        except UNREADABLE_BYTES as error:
            raise damaged(self._file, f"a block cannot be decoded ({told(error)})") from error
        if count > len(content):
            raise damaged(self._file, f"a block announces {count:,} records in {len(content):,} bytes")
        stream = BytesIO(content)
        for first in range(0, count, ROWS_AT_ONCE):
            for record, damage in self._records(stream, min(ROWS_AT_ONCE, count - first)):
                yield _to_json(record), damage
        if stream.read(1):
            raise damaged(self._file, f"a block holds more than its {count} records")

    def _records(self, stream: BytesIO, count: int) -> list[tuple[Any, str | None]]:
        start = stream.tell()
        try:
            try:
                return [(self._read(stream), None) for _ in range(count)]
            except UNREADABLE_VALUE:
                stream.seek(start)
                return [self._read_carefully(stream) for _ in range(count)]
        except UNREADABLE_BYTES as error:
            raise damaged(self._file, f"a block cannot be decoded ({told(error)})") from error

    def _read(self, stream: BytesIO) -> Any:
        return fastavro.schemaless_reader(stream, self._schema, None)

    def _read_carefully(self, stream: BytesIO) -> tuple[Any, str | None]:
        start = stream.tell()
        try:
            return self._read(stream), None
        except UNREADABLE_VALUE as error:
            # Without conversions it can be read, and the next record begins where this one ends.
            stream.seek(start)
            record: Any = fastavro.schemaless_reader(
                stream, self._undecorated, None, handle_unicode_errors="backslashreplace"
            )
            return record, f"a value cannot be read: {told(error)}"


def json_text(text: str) -> str:
    """Return the text as JSON, control characters written as DuckDB writes them."""
    return _with_upper_case_escapes(json.dumps(text, ensure_ascii=False))


def _without_logical_types(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [_without_logical_types(part) for part in schema]
    return schema


def _without_rounding(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_rounding(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    content = {key: _without_rounding(value) for key, value in schema.items()}
    if content.get("logicalType") == "decimal" and isinstance(content.get("precision"), int):
        size = content.get("size")
        most = int((8 * size - 1) / BITS_PER_DIGIT) if isinstance(size, int) else UNLIMITED_DIGITS
        content["precision"] = max(content["precision"], most)
    return content


def _as_json_value(value: Any) -> str:
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return moment.isoformat() + "Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


_encode = json.JSONEncoder(
    default=_as_json_value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode


def _to_json(record: Any) -> str:
    try:
        text = _encode(record)
    except ValueError:
        text = _encode(_with_finite_numbers(record))
    return _with_upper_case_escapes(text)


def _with_upper_case_escapes(text: str) -> str:
    if "\\u00" not in text:
        return text
    return re.sub(r"\\(u00[01][a-f]|.)", lambda found: f"\\{_upper_case_escape(found[1])}", text)


def _upper_case_escape(escape: str) -> str:
    return f"u{escape[1:].upper()}" if len(escape) > 1 else escape


def _with_finite_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_finite_numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_finite_numbers(part) for part in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
