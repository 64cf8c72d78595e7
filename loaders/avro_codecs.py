"""The codecs of Avro blocks, each bounded: what grows beyond the limit is decompressed no further."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

import pyarrow as pa

from loaders.limits import BLOCK_BYTES

LONG_BYTES_LIMIT = 10
CHECKSUM_BYTES = 4
# The dictionary of the highest level takes half of this.
XZ_MEMORY_BYTES = 128 << 20


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def _plain(data: bytes) -> bytes:
    return data


def _inflate(data: bytes) -> bytes:
    return _inflated(zlib.decompressobj(wbits=-zlib.MAX_WBITS), data)


def _unbzip2(data: bytes) -> bytes:
    return _inflated(bz2.BZ2Decompressor(), data)


def _unxz(data: bytes) -> bytes:
    return _inflated(lzma.LZMADecompressor(memlimit=XZ_MEMORY_BYTES), data)


def _inflated(inflater: _Inflater, data: bytes) -> bytes:
    limit = BLOCK_BYTES.value
    content = inflater.decompress(data, limit + 1)
    if len(content) > limit:
        raise ValueError(_too_large(limit))
    if not inflater.eof:
        raise EOFError("a compressed block does not end")
    return content


def _unsnap(data: bytes) -> bytes:
    body, checksum = data[:-CHECKSUM_BYTES], data[-CHECKSUM_BYTES:]
    size = 0
    for position, byte in enumerate(body[:LONG_BYTES_LIMIT]):
        size |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            break
    if size > BLOCK_BYTES.value:
        raise ValueError(_too_large(BLOCK_BYTES.value))
    content: bytes = pa.decompress(body, decompressed_size=size, codec="snappy", asbytes=True)
    if zlib.crc32(content).to_bytes(CHECKSUM_BYTES, "big") != checksum:
        raise ValueError("the checksum of a block does not fit")
    return content


def _unzstandard(data: bytes) -> bytes:
    limit = BLOCK_BYTES.value
    with pa.input_stream(pa.py_buffer(data), compression="zstd") as stream:
        content: bytes = stream.read(limit + 1)
    if len(content) > limit:
        raise ValueError(_too_large(limit))
    return content


def _too_large(limit: int) -> str:
    return f"it grows to more than {limit:,} bytes. {BLOCK_BYTES.remedy}"


# pyarrow has the two codecs that fastavro needs further packages for.
DECOMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "null": _plain,
    "deflate": _inflate,
    "snappy": _unsnap,
    "zstandard": _unzstandard,
    "bzip2": _unbzip2,
    "xz": _unxz,
}
