"""Reading text files line by line in bounded memory, with every damage noticed.

DuckDB's own readers accept a gzip file that is cut or fails its checksum, and give a line of invalid
JSON neither its number nor its text back. So lines are cut here and travel to DuckDB as Arrow batches.
"""

from __future__ import annotations

import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, chain
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.landing import CHUNK_BYTES, Landing
from loaders.limits import EXPANSION, HARMLESS_BYTES, NESTING
from loaders.nesting import has_deeper_line, is_deeper

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
# Lines of smaller blocks are decoded together: what is done for each block would cost more than they do.
DECODED_BYTES = 256 << 10
# The first batch, for which others wait, is so much smaller.
FIRST_BATCH_SHARE = 8
# Two of DuckDB's vectors: it takes parts of a table as they come, and small ones cost as much as full ones.
ROWS_AT_ONCE = 4096
LINE_BYTES_LIMIT = 64 << 20
KEPT_BYTES_OF_LONG_LINE = 1000
FETCH_AGAIN = "Fetch the file again; the export is loaded when it is whole."
LINES_SCHEMA = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("text", pa.string()), ("damage", pa.string())]
)


class _Batch:
    """Lines that are waiting to be handed on together."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self._decoded_size = 0
        self._runs: list[tuple[str, range]] = []
        self._lines: list[bytes] = []
        self._undecoded_size = 0
        self._has_deeper = False

    @property
    def size(self) -> int:
        """How many bytes the lines have, about."""
        return self._decoded_size + self._undecoded_size

    def add(self, file: str, first: int, block: bytes) -> int:
        """Add the lines of a block, the first of which has the number `first`; return how many there are.

        Blank ones are counted and left out.
        """
        lines = _split(block)
        self._runs.append((file, range(first, first + len(lines))))
        self._lines += lines
        self._undecoded_size += len(block)
        self._has_deeper = self._has_deeper or has_deeper_line(block, NESTING.value)
        if self._undecoded_size >= DECODED_BYTES:
            self._decode()
        return len(lines)

    def take(self) -> Iterator[pa.Table]:
        """Yield all lines added so far as one table, if there are any, and begin anew."""
        self._decode()
        if self._tables:
            table = pa.concat_tables(self._tables).combine_chunks()
            self._tables, self._decoded_size = [], 0
            yield pa.Table.from_batches(table.to_batches(max_chunksize=ROWS_AT_ONCE), table.schema)

    def _decode(self) -> None:
        if not self._runs:
            return
        texts, damages = _decoded(self._lines, has_deeper=self._has_deeper)
        files = pa.RunEndEncodedArray.from_arrays(
            pa.array(accumulate(len(lines) for _, lines in self._runs), pa.int32()),
            pa.array([file for file, _ in self._runs], pa.string()),
        )
        numbers = pa.array(chain.from_iterable(lines for _, lines in self._runs), pa.int64())
        columns = [pc.run_end_decode(files), numbers, texts, damages]
        has_text = pc.greater(pc.binary_length(pc.ascii_ltrim_whitespace(texts)), 0)
        if not pc.all(has_text).as_py():
            columns = [each.filter(has_text) for each in columns]
        self._runs, self._lines, self._undecoded_size, self._has_deeper = [], [], 0, False
        if len(columns[0]):
            self._tables.append(pa.Table.from_arrays(columns, schema=LINES_SCHEMA))
            self._decoded_size += self._tables[-1].nbytes


def read_batches(
    landing: Landing, files: dict[str, DataFile], *, only_gzip: bool = False
) -> Iterator[pa.Table]:
    """Yield tables of `file, line, text, damage` with every line that is not blank.

    `files` maps the name that goes into `file` to the file to read. `line` counts from 1, blank lines
    included; `damage` says why a line is no text. Raises DamagedFileError for a file that is not whole, or
    with `only_gzip` for one that is no gzip. A file is opened in its turn: it may not be there before.
    """
    batch = _Batch()
    enough = BATCH_BYTES // FIRST_BATCH_SHARE
    for name, data_file in files.items():
        first = 1
        for block in read_blocks(landing, data_file, only_gzip=only_gzip):
            first += batch.add(name, first, block)
            if batch.size > enough:
                yield from batch.take()
                enough = BATCH_BYTES
    yield from batch.take()


def lines_of_each(batch: pa.Table) -> Counter[str]:
    """Return how many rows of the batch each file has, by what its column `file` names it."""
    return Counter(
        {each["values"]: each["counts"] for each in batch.column("file").value_counts().to_pylist()}
    )


def batch_of(name: str, first: int, block: bytes) -> pa.Table | None:
    """Return a table as `read_batches` makes it of whole lines that are at hand, None where all are blank."""
    batch = _Batch()
    batch.add(name, first, block)
    return next(batch.take(), None)


def read_lines(landing: Landing, file: DataFile) -> Iterator[bytes]:
    r"""Yield the file's lines without `\n` or `\r\n` and without a byte order mark at the start.

    A line longer than LINE_BYTES_LIMIT is yielded cut behind the limit, so that no line fills the memory.
    """
    return chain.from_iterable(map(_split, read_blocks(landing, file)))


def read_bytes(landing: Landing, file: DataFile, *, only_gzip: bool = False) -> Iterator[bytes]:
    """Yield the file's content in chunks, decompressed if it is gzip by its first bytes.

    Raises DamagedFileError for a gzip file that is empty, cut, fails its checksum, or grows beyond the limit
    EXPANSION, and for a file in a form that is neither gzip nor, unless it is `only_gzip`, plain text.
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
        if only_gzip and file.size:
            raise DamagedFileError(
                f"{file.path} is not gzip, so no checksum vouches for it being whole. {FETCH_AGAIN}"
            )
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


def read_blocks(landing: Landing, file: DataFile, *, only_gzip: bool = False) -> Iterator[bytes]:
    r"""Yield one or more whole lines at a time, without the last `\n`, and as `read_lines` cuts them."""
    for number, block in enumerate(_whole_lines(read_bytes(landing, file, only_gzip=only_gzip))):
        yield block if number else block.removeprefix(BYTE_ORDER_MARK)


def _whole_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    pending_size = 0
    for chunk in chunks:
        # Of a line that is too long the rest is not kept.
        start = 0 if pending_size <= LINE_BYTES_LIMIT else chunk.find(b"\n")
        if start < 0:
            continue
        end = chunk.rfind(b"\n", start)
        if end < 0:
            pending.append(chunk[start:])
            pending_size += len(chunk) - start
        else:
            yield b"".join([*pending, chunk[start:end]])
            pending, pending_size = [chunk[end + 1 :]], len(chunk) - end - 1
    if pending_size:
        yield b"".join(pending)


def _split(block: bytes) -> list[bytes]:
    bare = block.replace(b"\r\n", b"\n").removesuffix(b"\r") if b"\r" in block else block
    return bare.split(b"\n")


def _decoded(lines: list[bytes], *, has_deeper: bool) -> tuple[pa.Array, pa.Array]:
    """Return the texts of the lines, and what is damaged in each; one may be nested too deep."""
    if not has_deeper:
        try:
            if max(map(len, lines)) <= LINE_BYTES_LIMIT:
                return _texts(lines), pa.nulls(len(lines), pa.string())
        except pa.ArrowInvalid:
            pass  # Some line is no UTF-8: find out which.
    found, damages = zip(*(_examined(line, NESTING.value) for line in lines), strict=True)
    return pa.array(found, pa.string()), pa.array(damages, pa.string())


def _texts(lines: list[bytes]) -> pa.Array:
    """Return the lines as texts; raises ArrowInvalid where one is no UTF-8."""
    ends = array("i", accumulate(map(len, lines), initial=0))
    texts = pa.StringArray.from_buffers(len(lines), pa.py_buffer(ends), pa.py_buffer(b"".join(lines)))
    texts.validate(full=True)
    return texts


def _examined(line: bytes, levels: int) -> tuple[str, str | None]:
    if len(line) > LINE_BYTES_LIMIT:
        kept = line[:KEPT_BYTES_OF_LONG_LINE].decode("utf-8", "backslashreplace")
        return kept, f"line is longer than {LINE_BYTES_LIMIT >> 20} MiB"
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return line.decode("utf-8", "backslashreplace"), f"invalid UTF-8 at byte {error.start + 1}"
    return text, f"JSON is nested more than {levels:,} levels deep" if is_deeper(line, levels) else None
