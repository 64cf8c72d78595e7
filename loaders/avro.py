"""Reading the records of Avro files in bounded memory, as JSON texts, with every damage noticed.

fastavro decodes them; a faster decoder has to keep no more than what `read_batches` promises.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO
from math import isfinite
from typing import Any

import fastavro
import pyarrow as pa
from fastavro.schema import SchemaParseException

from loaders.avro_blocks import UNREADABLE_BYTES, damaged, read_header, told, walk
from loaders.avro_codecs import DECOMPRESSORS
from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.landing import Landing

BATCH_ROWS = 20_000
BATCH_CHARACTERS = 16 << 20
RECORDS_SCHEMA = pa.schema([("line", pa.int64()), ("text", pa.string()), ("damage", pa.string())])
# What bytes of the right length that are no date, time, number or text make fastavro raise.
UNREADABLE_VALUE = (ArithmeticError, ValueError)


@dataclass(slots=True)
class _Batch:
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    damages: list[str | None] = field(default_factory=list)
    size: int = 0

    def add(self, line: int, text: str, damage: str | None) -> None:
        self.lines.append(line)
        self.texts.append(text)
        self.damages.append(damage)
        self.size += len(text)

    @property
    def is_full(self) -> bool:
        return len(self.lines) >= BATCH_ROWS or self.size >= BATCH_CHARACTERS

    def table(self) -> pa.Table:
        return pa.Table.from_arrays([self.lines, self.texts, self.damages], schema=RECORDS_SCHEMA)


def count_records(landing: Landing, file: DataFile) -> int:
    """Return how many records the file's blocks hold, without decompressing or decoding them.

    Raises DamagedFileError for a file that is no Avro, of a codec that cannot be read, cut inside a
    block, or damaged between two blocks.
    """
    with landing.local_path(file).open("rb") as stream:
        header = read_header(stream, file)
        return sum(block.records for block in walk(stream, header, file))


def read_batches(landing: Landing, file: DataFile) -> Iterator[pa.Table]:
    """Yield tables of `line, text, damage` with every record of the file, of at most BATCH_ROWS rows.

    `line` counts the records from 1. `text` is the whole record as a JSON object: times in ISO 8601 with
    `Z`, dates in ISO 8601, bytes in base64, decimals as exact text, numbers that JSON cannot write as
    text. `damage` says why a record cannot be trusted; then its text holds times and decimals undecoded.
    Raises DamagedFileError as `count_records` does, and for a block that does not decode to its records.
    """
    with landing.local_path(file).open("rb") as stream:
        header = read_header(stream, file)
        decoder = _Decoder(header.schema, file)
        batch, line = _Batch(), 0
        for block in walk(stream, header, file):
            stream.seek(block.start)
            for text, damage in decoder.decode(stream.read(block.size), header.codec, block.records):
                line += 1
                batch.add(line, text, damage)
                if batch.is_full:
                    yield batch.table()
                    batch = _Batch()
        if batch.lines:
            yield batch.table()


class _Decoder:
    """Turns the blocks of one file into JSON texts."""

    def __init__(self, schema: Any, file: DataFile) -> None:
        self._file = file
        try:
            self._schema = fastavro.parse_schema(schema)
            self._undecorated = fastavro.parse_schema(_without_logical_types(schema))
        except (SchemaParseException, *UNREADABLE_BYTES) as error:
            raise damaged(file, f"its Avro schema is not valid ({told(error)})") from error
        if not isinstance(self._schema, dict) or self._schema["type"] != "record":
            raise DamagedFileError(f"{file.path} holds Avro values without field names; export it again.")

    def decode(self, data: bytes, codec: str, count: int) -> Iterator[tuple[str, str | None]]:
        """Yield `text, damage` of the `count` records in a block's compressed bytes."""
        try:
            content = DECOMPRESSORS[codec](data)
        except UNREADABLE_BYTES as error:
            raise damaged(self._file, f"a block cannot be decoded ({told(error)})") from error
        if count > len(content):
            raise damaged(self._file, f"a block announces {count:,} records in {len(content):,} bytes")
        stream = BytesIO(content)
        for first in range(0, count, BATCH_ROWS):
            for record, damage in self._records(stream, min(BATCH_ROWS, count - first)):
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


def _without_logical_types(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [_without_logical_types(part) for part in schema]
    return schema


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
        return _encode(record)
    except ValueError:
        return _encode(_with_finite_numbers(record))


def _with_finite_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_finite_numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_finite_numbers(part) for part in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
