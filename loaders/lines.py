"""Reading text files line by line in bounded memory, with every damage noticed.

DuckDB's own readers accept a gzip file that is cut or fails its checksum, and give a line of invalid
JSON neither its number nor its text back. So lines are cut here and travel to DuckDB as Arrow batches.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

import pyarrow as pa

from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.landing import CHUNK_BYTES, Landing
from loaders.limits import EXPANSION, HARMLESS_BYTES, NESTING
from loaders.nesting import is_deeper

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
COMPRESSED_CHUNK_BYTES = 64 << 10
# Forms that no vendor writes; read as text they would pass for a handful of bad lines.
FOREIGN_FORM = re.compile(
    rb"(?P<zip>PK\x03\x04)|(?P<bzip2>BZh[1-9]1AY&SY)|(?P<xz>\xfd7zXZ\x00)|(?P<zstd>\x28\xb5\x2f\xfd)"
    rb"|(?P<lzo>\x89LZO)"
    rb"|(?P<parquet>PAR1)|(?P<avro>Obj\x01)|(?P<utf_16>\xff\xfe|\xfe\xff)"
)
FOREIGN_FORM_BYTES = 10
BATCH_BYTES = 32 << 20
# Two of DuckDB's vectors: it takes parts of a table as they come, and small ones cost as much as full ones.
ROWS_AT_ONCE = 4096
LINE_BYTES_LIMIT = 64 << 20
KEPT_BYTES_OF_LONG_LINE = 1000
FETCH_AGAIN = "Fetch the file again; the export is loaded when it is whole."
LINES_SCHEMA = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("text", pa.string()), ("damage", pa.string())]
)


class _Batch:
    """Tables of lines that are waiting to be handed on together."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self.size = 0

    def add(self, file: str, first: int, lines: list[bytes]) -> None:
        """Add the lines of one block, the first of which has the number `first`; blank ones are left out."""
        numbers: list[int] | range = range(first, first + len(lines))
        if not all(map(bytes.strip, lines)):
            numbers = [number for number, line in zip(numbers, lines, strict=True) if line.strip()]
            lines = [line for line in lines if line.strip()]
        if not lines:
            return
        texts, damages = _decoded(lines)
        count = len(lines)
        self._tables.append(
            pa.Table.from_arrays(
                [pa.repeat(file, count), pa.array(numbers, pa.int64()), texts, damages], schema=LINES_SCHEMA
            )
        )
        self.size += self._tables[-1].nbytes

    def take(self) -> pa.Table:
        """Return all lines added so far as one table, and begin anew."""
        table = pa.concat_tables(self._tables).combine_chunks()
        self._tables, self.size = [], 0
        return pa.Table.from_batches(table.to_batches(max_chunksize=ROWS_AT_ONCE), table.schema)


def read_batches(landing: Landing, files: dict[str, DataFile]) -> Iterator[pa.Table]:
    """Yield tables of `file, line, text, damage` with every line that is not blank.

    `files` maps the name that goes into `file` to the file to read. `line` counts from 1, blank lines
    included; `damage` says why a line is no text. Raises DamagedFileError for a file that is not whole.
    """
    batch = _Batch()
    for name, data_file in files.items():
        first = 1
        for lines in _blocks(landing, data_file):
            batch.add(name, first, lines)
            first += len(lines)
            if batch.size >= BATCH_BYTES:
                yield batch.take()
    if batch.size:
        yield batch.take()


def batch_of(name: str, first: int, lines: list[bytes]) -> pa.Table | None:
    """Return a table as `read_batches` makes it of lines that are at hand, None where all are blank."""
    batch = _Batch()
    batch.add(name, first, lines)
    return batch.take() if batch.size else None


def read_lines(landing: Landing, file: DataFile) -> Iterator[bytes]:
    r"""Yield the file's lines without `\n` or `\r\n` and without a byte order mark at the start.

    A line longer than LINE_BYTES_LIMIT is yielded cut behind the limit, so that no line fills the memory.
    """
    return chain.from_iterable(_blocks(landing, file))


def read_bytes(landing: Landing, file: DataFile) -> Iterator[bytes]:
    """Yield the file's content in chunks, decompressed if it is gzip by its first bytes.

    Raises DamagedFileError for a gzip file that is empty, cut, fails its checksum, or grows beyond the limit
    EXPANSION, and for a file in a form that is neither gzip nor plain text.
    """
    if file.size == 0 and file.name.lower().endswith(".gz"):
        raise DamagedFileError(f"{file.path} is empty, not even a gzip header. {FETCH_AGAIN}")
    with landing.open(file) as stream:
        start = stream.read(FOREIGN_FORM_BYTES)
        stream.seek(0)
        foreign = FOREIGN_FORM.match(start)
        if foreign and foreign.lastgroup:
            form = foreign.lastgroup.replace("_", "-")
            raise DamagedFileError(f"{file.path} is a {form} file; only gzip and plain UTF-8 text are read.")
        if start.startswith(GZIP_MAGIC) or start == GZIP_MAGIC[:1]:
            yield from _inflate(stream, file)
            return
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def is_gzip(landing: Landing, file: DataFile) -> bool:
    """Return whether the file begins as gzip does, whatever its name."""
    with landing.open(file) as stream:
        return stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def _inflate(stream: BinaryIO, file: DataFile) -> Iterator[bytes]:
    member = _new_member()
    room = max(HARMLESS_BYTES, file.size * EXPANSION.value)
    try:
        while data := member.unconsumed_tail or member.unused_data or stream.read(COMPRESSED_CHUNK_BYTES):
            if member.eof:
                if not GZIP_MAGIC.startswith(data[:2]):
                    raise DamagedFileError(
                        f"{file.path} goes on behind the end of its gzip stream, with what is no gzip. "
                        f"{FETCH_AGAIN}"
                    )
                member = _new_member()
            chunk = member.decompress(data, CHUNK_BYTES)
            room -= len(chunk)
            if room < 0:
                raise DamagedFileError(
                    f"{file.path} has {file.size:,} bytes and grows to more than {EXPANSION.value} times as "
                    f"many. {EXPANSION.remedy}"
                )
            yield chunk
    except zlib.error as error:
        raise DamagedFileError(f"{file.path} is damaged ({error}). {FETCH_AGAIN}") from error
    if not member.eof:
        raise DamagedFileError(f"{file.path} is cut: its gzip stream does not end. {FETCH_AGAIN}")


def _new_member() -> zlib._Decompress:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _blocks(landing: Landing, file: DataFile) -> Iterator[list[bytes]]:
    for number, lines in enumerate(_split(read_bytes(landing, file))):
        if number == 0:
            lines[0] = lines[0].removeprefix(BYTE_ORDER_MARK)
        yield [line.removesuffix(b"\r") for line in lines]


def _split(chunks: Iterator[bytes]) -> Iterator[list[bytes]]:
    pending: list[bytes] = []
    pending_size = 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        if pending_size <= LINE_BYTES_LIMIT:
            pending.append(first)
            pending_size += len(first)
        if others:
            yield [b"".join(pending), *others[:-1]]
            pending, pending_size = [others[-1]], len(others[-1])
    if pending_size:
        yield [b"".join(pending)]


def _decoded(lines: list[bytes]) -> tuple[pa.Array, pa.Array]:
    levels = NESTING.value
    if max(map(len, lines)) <= LINE_BYTES_LIMIT and not any(is_deeper(line, levels) for line in lines):
        try:
            return pa.array(lines, pa.binary()).cast(pa.string()), pa.nulls(len(lines), pa.string())
        except pa.ArrowInvalid:
            pass  # Some line is no UTF-8: find out which.
    texts, damages = zip(*(_examined(line, levels) for line in lines), strict=True)
    return pa.array(texts, pa.string()), pa.array(damages, pa.string())


def _examined(line: bytes, levels: int) -> tuple[str, str | None]:
    if len(line) > LINE_BYTES_LIMIT:
        kept = line[:KEPT_BYTES_OF_LONG_LINE].decode("utf-8", "backslashreplace")
        return kept, f"line is longer than {LINE_BYTES_LIMIT >> 20} MiB"
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return line.decode("utf-8", "backslashreplace"), f"invalid UTF-8 at byte {error.start + 1}"
    return text, f"JSON is nested more than {levels:,} levels deep" if is_deeper(line, levels) else None
