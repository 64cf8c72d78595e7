"""Reading the records of Avro files in bounded memory, as JSON texts, with every damage noticed.

Large files are decoded in bulk (`loaders.avro_bulk`). The bulk decoder reads a cut file without a word and
loops without end on some damage: so the blocks are counted first, it works in a process of its own, and
whatever it does not deliver is decoded one by one (`loaders.avro_records`), which knows all schemas and
tells damage apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import pyarrow as pa

from loaders.avro_blocks import Header, read_header, walk
from loaders.avro_process import decoded_texts
from loaders.avro_records import Decoder
from loaders.exports import DataFile
from loaders.landing import Landing
from loaders.limits import BLOCK_BYTES

BATCH_ROWS = 20_000
BATCH_CHARACTERS = 16 << 20
RECORDS_SCHEMA = pa.schema([("line", pa.int64()), ("text", pa.string()), ("damage", pa.string())])
# Smaller files are decoded one by one before a process has started.
BULK_BYTES = 4 << 20
# Of a compressed file: what a batch of the bulk decoder takes. Its values are many times as large.
BULK_BATCH_BYTES = 1 << 20
# How many times its size a block may grow. The bulk decoder keeps to no limit, so it gets no codec without.
GROWTH = {"null": 1, "deflate": 1032, "snappy": 22}


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
        done = 0
        if file.size >= BULK_BYTES and (records := _bounded_records(stream, header, file)):
            for batch in _bulk_batches(landing, file, records):
                yield batch
                done += batch.num_rows
        yield from _careful_batches(stream, header, file, done)


def _bounded_records(stream: BinaryIO, header: Header, file: DataFile) -> int:
    """Return how many records the file has, 0 where a block may grow beyond the limit."""
    growth, records = GROWTH.get(header.codec), 0
    for block in walk(stream, header, file):
        if growth is None or block.size * growth > BLOCK_BYTES.value:
            return 0
        records += block.records
    return records


def _bulk_batches(landing: Landing, file: DataFile, records: int) -> Iterator[pa.Table]:
    """Yield what the bulk decoder delivers: all records, or the first ones."""
    line = 0
    rows = min(BATCH_ROWS, max(1, records * BULK_BATCH_BYTES // max(1, file.size)))
    for texts in decoded_texts(landing.local_path(file), rows):
        lines = pa.array(range(line + 1, line + len(texts) + 1), pa.int64())
        yield pa.Table.from_arrays([lines, texts, pa.nulls(len(texts), pa.string())], schema=RECORDS_SCHEMA)
        line += len(texts)


def _careful_batches(stream: BinaryIO, header: Header, file: DataFile, done: int) -> Iterator[pa.Table]:
    """Yield the records behind the first `done`, decoded one by one."""
    decoder = Decoder(header.schema, file)
    batch, line = _Batch(), 0
    for block in walk(stream, header, file):
        if line < done and line + block.records <= done:
            line += block.records
            continue
        stream.seek(block.start)
        for text, damage in decoder.decode(stream.read(block.size), header.codec, block.records):
            line += 1
            if line <= done:
                continue
            batch.add(line, text, damage)
            if batch.is_full:
                yield batch.table()
                batch = _Batch()
    if batch.lines:
        yield batch.table()
