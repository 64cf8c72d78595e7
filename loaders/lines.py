"""Reading text files line by line in bounded memory, with every damage noticed.

DuckDB's own readers accept a gzip file that is cut or fails its checksum, and give a line of invalid
JSON neither its number nor its text back. So lines are cut here and travel to DuckDB as Arrow batches.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import pyarrow as pa

from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.landing import CHUNK_BYTES, Landing

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BATCH_BYTES = 16 << 20
LINE_BYTES_LIMIT = 64 << 20
KEPT_BYTES_OF_LONG_LINE = 1000
FETCH_AGAIN = "Fetch the file again; the export is loaded when it is whole."
LINES_SCHEMA = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("text", pa.string()), ("damage", pa.string())]
)


@dataclass(slots=True)
class _Batch:
    files: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    damages: list[str | None] = field(default_factory=list)
    size: int = 0

    def add(self, file: str, line: int, text: bytes) -> None:
        damage: str | None = None
        if len(text) > LINE_BYTES_LIMIT:
            damage = f"line is longer than {LINE_BYTES_LIMIT >> 20} MiB"
            text = text[:KEPT_BYTES_OF_LONG_LINE]
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError as error:
            damage = damage or f"invalid UTF-8 at byte {error.start + 1}"
            decoded = text.decode("utf-8", "backslashreplace")
        self.files.append(file)
        self.lines.append(line)
        self.texts.append(decoded)
        self.damages.append(damage)
        self.size += len(text)

    def table(self) -> pa.Table:
        return pa.Table.from_arrays([self.files, self.lines, self.texts, self.damages], schema=LINES_SCHEMA)


def read_batches(landing: Landing, files: dict[str, DataFile]) -> Iterator[pa.Table]:
    """Yield tables of `file, line, text, damage` with every line that is not blank.

    `files` maps the name that goes into `file` to the file to read. `line` counts from 1, blank lines
    included; `damage` says why a line is no text. Raises DamagedFileError for a file that is not whole.
    """
    batch = _Batch()
    for name, data_file in files.items():
        for number, text in enumerate(read_lines(landing, data_file), start=1):
            if text.strip():
                batch.add(name, number, text)
            if batch.size >= BATCH_BYTES:
                yield batch.table()
                batch = _Batch()
    if batch.lines:
        yield batch.table()


def read_lines(landing: Landing, file: DataFile) -> Iterator[bytes]:
    r"""Yield the file's lines without `\n` or `\r\n` and without a byte order mark at the start.

    A line longer than LINE_BYTES_LIMIT is yielded cut behind the limit, so that no line fills the memory.
    """
    for number, line in enumerate(_split(read_bytes(landing, file))):
        text = line.removesuffix(b"\r")
        yield text.removeprefix(BYTE_ORDER_MARK) if number == 0 else text


def read_bytes(landing: Landing, file: DataFile) -> Iterator[bytes]:
    """Yield the file's content in chunks, decompressed if it is gzip by its first bytes.

    Raises DamagedFileError for a gzip file that is empty, cut, or fails its checksum.
    """
    if file.size == 0 and file.name.endswith(".gz"):
        raise DamagedFileError(f"{file.path} is empty, not even a gzip header. {FETCH_AGAIN}")
    with landing.open(file) as stream:
        if stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
            stream.seek(0)
            yield from _inflate(stream, file)
            return
        stream.seek(0)
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def is_gzip(landing: Landing, file: DataFile) -> bool:
    """Return whether the file begins as gzip does, whatever its name."""
    with landing.open(file) as stream:
        return stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def _inflate(stream: BinaryIO, file: DataFile) -> Iterator[bytes]:
    member = _new_member()
    data = stream.read(CHUNK_BYTES)
    try:
        while data:
            yield member.decompress(data, CHUNK_BYTES)
            data = member.unconsumed_tail or member.unused_data or stream.read(CHUNK_BYTES)
            if member.eof and data:
                member = _new_member()
    except zlib.error as error:
        raise DamagedFileError(f"{file.path} is damaged ({error}). {FETCH_AGAIN}") from error
    if not member.eof:
        raise DamagedFileError(f"{file.path} is cut: its gzip stream does not end. {FETCH_AGAIN}")


def _new_member() -> zlib._Decompress:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    pending_size = 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        if pending_size <= LINE_BYTES_LIMIT:
            pending.append(first)
            pending_size += len(first)
        if others:
            yield b"".join(pending)
            yield from others[:-1]
            pending, pending_size = [others[-1]], len(others[-1])
    if pending_size:
        yield b"".join(pending)
