"""The container of an Avro file: its header, its blocks, and their compression.

Counting and decoding walk the same blocks, so they cannot disagree about them. Neither a cut at a block's
end nor a missing block can be seen in the file: whoever knows how many records there must be has to compare.
"""

from __future__ import annotations

import bz2
import json
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import fastavro
import pyarrow as pa

from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.lines import FETCH_AGAIN

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
LONG_BYTES_LIMIT = 10
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
    ArithmeticError, EOFError, LookupError, MemoryError, OSError, TypeError, ValueError,
    lzma.LZMAError, zlib.error,
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

    Raises DamagedFileError for a file that is no Avro, cut in its header, or of an unknown codec.
    """
    if stream.read(len(MAGIC)) != MAGIC:
        raise DamagedFileError(f"{file.path} is no Avro file: it does not begin as one. {FETCH_AGAIN}")
    stream.seek(0)
    try:
        header: Any = fastavro.schemaless_reader(stream, HEADER_SCHEMA, None)
        codec = header["meta"].get("avro.codec", b"null").decode()
        schema = json.loads(header["meta"]["avro.schema"])
    except UNREADABLE_BYTES as error:
        raise damaged(file, f"its Avro header cannot be read ({told(error)})") from error
    if codec not in DECOMPRESSORS:
        raise DamagedFileError(
            f"{file.path} is compressed with {codec}, which cannot be read. Write it again with one of "
            f"{', '.join(DECOMPRESSORS)}."
        )
    return Header(codec, schema, header["sync"], stream.tell())


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


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    content = inflater.decompress(data)
    if not inflater.eof:
        raise EOFError("a compressed block does not end")
    return content


def _unsnap(data: bytes) -> bytes:
    body, checksum = data[:-4], data[-4:]
    size = 0
    for position, byte in enumerate(body[:LONG_BYTES_LIMIT]):
        size |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            break
    content: bytes = pa.decompress(body, decompressed_size=size, codec="snappy", asbytes=True)
    if zlib.crc32(content).to_bytes(4, "big") != checksum:
        raise ValueError("the checksum of a block does not fit")
    return content


def _unzstandard(data: bytes) -> bytes:
    with pa.input_stream(pa.py_buffer(data), compression="zstd") as stream:
        content: bytes = stream.read()
    return content


# pyarrow has the two codecs that fastavro needs further packages for.
DECOMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "null": bytes,
    "deflate": _inflate,
    "snappy": _unsnap,
    "zstandard": _unzstandard,
    "bzip2": bz2.decompress,
    "xz": lzma.decompress,
}
