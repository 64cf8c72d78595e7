"""The container of an Avro file: its header and its blocks.

Counting and decoding walk the same blocks, so they cannot disagree about them. Neither a cut at a block's
end nor a missing block can be seen in the file: whoever knows how many records there must be has to compare.
"""

from __future__ import annotations

import json
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import fastavro

from loaders.avro_codecs import DECOMPRESSORS, LONG_BYTES_LIMIT
from loaders.avro_schema import check_schema
from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.limits import BLOCK_BYTES
from loaders.lines import FETCH_AGAIN

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
# A header is its schema. What announces more than this is read no further.
HEADER_BYTES_LIMIT = 16 << 20
HEADER_SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Header",
        "fields": [
            {"name": "magic", "type": {"type": "fixed", "name": "Magic", "size": len(MAGIC)}},
            {"name": "meta", "type": {"type": "map", "values": "bytes"}},
            {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": SYNC_BYTES}},
        ],
    }
)
# What bytes that are no Avro make the decoders raise.
UNREADABLE_BYTES = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RecursionError, TypeError,
    ValueError, lzma.LZMAError, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """What an Avro file says of itself; `schema` is the writer's, `end` where the first block begins."""

    codec: str
    schema: Any
    sync: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """One block: how many records it holds, and where its `size` compressed bytes lie in the file."""

    records: int
    start: int
    size: int


def read_header(stream: BinaryIO, file: DataFile) -> Header:
    """Read the header at the stream's start.

    Raises DamagedFileError for a file that is no Avro, cut in its header, of an unknown codec, or with a
    schema that `check_schema` refuses.
    """
    if stream.read(len(MAGIC)) != MAGIC:
        raise DamagedFileError(f"{file.path} is no Avro file: it does not begin as one. {FETCH_AGAIN}")
    stream.seek(0)
    start = BytesIO(stream.read(HEADER_BYTES_LIMIT))
    try:
        header: Any = fastavro.schemaless_reader(start, HEADER_SCHEMA, None)
        codec = header["meta"].get("avro.codec", b"null").decode()
        schema = json.loads(header["meta"]["avro.schema"])
        check_schema(schema)
    except UNREADABLE_BYTES as error:
        raise damaged(file, f"its Avro header cannot be read ({told(error)})") from error
    if codec not in DECOMPRESSORS:
        raise DamagedFileError(
            f"{file.path} is compressed with {codec}, which cannot be read. Write it again with one of "
            f"{', '.join(DECOMPRESSORS)}."
        )
    return Header(codec, schema, header["sync"], start.tell())


def walk(stream: BinaryIO, header: Header, file: DataFile) -> Iterator[Block]:
    """Yield the blocks in order, each only when the file's marker follows it; the stream is moved.

    Raises DamagedFileError where the file is cut inside a block or damaged between two of them.
    """
    total = stream.seek(0, 2)
    position = header.end
    while position < total:
        stream.seek(position)
        records, size = _read_count(stream), _read_count(stream)
        start = stream.tell()
        if records is None or size is None or start + size + SYNC_BYTES > total:
            raise damaged(file, f"it is cut or changed in the block at byte {position} of {total}")
        if size > BLOCK_BYTES.value:
            raise damaged(file, f"the block at byte {position} has {size:,} bytes. {BLOCK_BYTES.remedy}")
        stream.seek(start + size)
        if stream.read(SYNC_BYTES) != header.sync:
            raise damaged(file, f"the block at byte {position} does not end with the file's marker")
        yield Block(records, start, size)
        position = start + size + SYNC_BYTES


def damaged(file: DataFile, reason: str) -> DamagedFileError:
    """Return the error for a file whose bytes are not what was written."""
    return DamagedFileError(f"{file.path} is damaged: {reason}. {FETCH_AGAIN}")


def told(error: BaseException) -> str:
    """Return the error's message, or its name where it has none."""
    return str(error) or type(error).__name__


def _read_count(stream: BinaryIO) -> int | None:
    """Return Avro's variable-length number, None where there is none or it is negative."""
    value = 0
    for position in range(LONG_BYTES_LIMIT):
        byte = stream.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << (7 * position)
        if byte[0] < 0x80:
            return None if value & 1 else value >> 1
    return None
