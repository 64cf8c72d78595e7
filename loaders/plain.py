"""Delimited text that is plain enough for Arrow to cut it into fields in bulk, and the proof that it is.

A piece of a file is cut here only if every reader would cut it alike: whole lines of one width, ends of one
kind, valid UTF-8. A piece that is not proved so takes the careful way of its format, which says what is wrong
with it, or lands it all the same. Both ways give the same rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from loaders.exports import DataFile
from loaders.landing import Landing
from loaders.lines import BYTE_ORDER_MARK, LINE_BYTES_LIMIT, lines_of_each, read_blocks

PIECE_BYTES = 4 << 20
# As many rows as DuckDB compresses together: those that arrive so need not be put together once more.
GROUP_ROWS = 122_880
GROUP_BYTES = 48 << 20
# So many tables are made before DuckDB takes them: it takes none while it compresses.
TABLES_AHEAD = 4
TIME_RANGE_US = (0, 4_102_444_799_999_999)
# Arrow and raw/parsers.sql agree on times with minutes, and on those with a zone where they have seconds.
TIME_CHARACTERS = len("1970-01-01T00:00")
COLONS = (len("1970-01-01T00"), TIME_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Piece:
    r"""Lines of the file that `_file` names, each with a `\n`; `first` is the number of the first, from 1."""

    file: str
    first: int
    text: bytes

    @property
    def size(self) -> int:
        """How many lines these are."""
        return self.text.count(b"\n")

    @property
    def block(self) -> bytes:
        r"""The lines without the last `\n`."""
        return self.text.removesuffix(b"\n")


class Run:
    """Tables of one schema that follow each other, read as one; `counts` are the rows of each file."""

    def __init__(self, first: pa.Table, others: Iterator[pa.Table | Piece]) -> None:
        self.schema: pa.Schema = first.schema
        # Whether DuckDB's threads can each compress a table of its own; others would be put together anew.
        self.is_parallel = first.num_rows == GROUP_ROWS
        self.counts: Counter[str] = Counter()
        self._first: pa.Table | Piece | None = first
        self._others = others
        self._next: pa.Table | Piece | None = None
        self._error: BaseException | None = None

    def reader(self) -> pa.RecordBatchReader:
        """Return what reads all rows, once."""
        return pa.RecordBatchReader.from_batches(self.schema, self._batches())

    def end(self) -> pa.Table | Piece | None:
        """Return what comes behind the run, None at the end; raise what reading the run raised."""
        if self._error:
            raise self._error
        return self._next

    def _batches(self) -> Iterator[pa.RecordBatch]:
        table, self._first = self._first, None
        while isinstance(table, pa.Table) and table.schema == self.schema:
            self.counts += lines_of_each(table)
            yield from table.to_batches()
            # What was read need not be held until the next one is there.
            del table
            try:
                table = next(self._others, None)
            except BaseException as error:
                # DuckDB would tell of it as an error of its own.
                self._error = error
                return
        self._next = table


def runs(items: Iterator[pa.Table | Piece]) -> Iterator[Run | Piece]:
    """Yield the tables in runs, and the pieces between them; a run is to be read before what follows it."""
    item = next(items, None)
    while item is not None:
        if isinstance(item, Piece):
            yield item
            item = next(items, None)
        else:
            run = Run(item, items)
            yield run
            item = run.end()


def read_pieces(landing: Landing, name: str, file: DataFile) -> Iterator[Piece]:
    """Yield the file in pieces of some megabytes, without a byte order mark at the start.

    Of a line longer than LINE_BYTES_LIMIT the end is left out somewhere behind the limit.
    """
    first = 1
    held: list[bytes] = []
    size = 0
    for block in read_blocks(landing, file):
        held.append(block)
        size += len(block)
        if size >= PIECE_BYTES:
            yield (piece := _piece(name, first, held))
            first += piece.size
            held, size = [], 0
    if held:
        yield _piece(name, first, held)


def _piece(name: str, first: int, blocks: list[bytes]) -> Piece:
    return Piece(name, first, b"\n".join([*blocks, b""]))


def grouped(
    pieces: Iterator[Piece], proved: Callable[[Piece], pa.Table | None]
) -> Iterator[pa.Table | Piece]:
    """Yield tables of the pieces that `proved` makes tables of, and the other pieces, in their order.

    Tables of one schema are put together and cut to GROUP_ROWS, unless so many rows are too large.
    """
    held: list[pa.Table] = []
    rows = 0
    for piece in pieces:
        table = proved(piece)
        if held and (table is None or table.schema != held[0].schema):
            yield _joined(held)
            held, rows = [], 0
        if table is None:
            yield piece
            continue
        is_large = table.nbytes * GROUP_ROWS > GROUP_BYTES * table.num_rows
        while rows + table.num_rows >= GROUP_ROWS and not is_large:
            held.append(table.slice(0, GROUP_ROWS - rows))
            yield _joined(held)
            table = table.slice(GROUP_ROWS - rows)
            held, rows = [], 0
        if table.num_rows:
            held.append(table)
            rows += table.num_rows
        if is_large and held:
            yield _joined(held)
            held, rows = [], 0
    if held:
        yield _joined(held)


class TsvCutter:
    """Cuts lines of `width` fields without quotes.

    Most fields of wide lines are empty in each of them: what was empty so far is expected to stay so, which
    saves a third of the work.
    """

    def __init__(self, width: int) -> None:
        self._names = [f"c{position}" for position in range(width)]
        self._filled: set[str] = set()
        self._form = csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False)

    def cut(self, text: bytes, lines: int) -> pa.Table | None:
        """Return the fields of so many lines as columns `c0, c1, ...`; None where that is not sure.

        An empty field is null, and a column of which no field was ever filled has Arrow's type of nulls.
        """
        if self._filled:
            kinds = [pa.string() if name in self._filled else pa.null() for name in self._names]
            table = cut(text, dict(zip(self._names, kinds, strict=True)), self._form, lines)
            if table is not None:
                return table
        table = cut(text, dict.fromkeys(self._names, pa.string()), self._form, lines)
        if table is None:
            return None
        self._filled |= {name for name in self._names if table.column(name).null_count < table.num_rows}
        for place, name in enumerate(self._names):
            if name not in self._filled:
                table = table.set_column(place, name, pa.nulls(table.num_rows))
        return table


def cut(text: bytes, kinds: dict[str, pa.DataType], form: csv.ParseOptions, rows: int) -> pa.Table | None:
    """Return the text as a table of these columns and so many rows; None where that is not sure."""
    is_odd = b"\r" in text or b"\0" in text or text.startswith(BYTE_ORDER_MARK)
    if is_odd or not text or len(text) > LINE_BYTES_LIMIT:
        return None
    try:
        table = csv.read_csv(
            pa.py_buffer(text),
            read_options=csv.ReadOptions(
                use_threads=False, block_size=len(text) + 1, column_names=list(kinds)
            ),
            parse_options=form,
            convert_options=csv.ConvertOptions(
                column_types=kinds, strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table if table.num_rows == rows else None


def placed(table: pa.Table, file: str, first: int) -> pa.Table:
    """Return the rows with `file` and `line`, counted from `first`, behind the other columns."""
    lines = pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), table.num_rows), start=first - 1)
    return table.append_column("file", pa.repeat(file, table.num_rows)).append_column("line", lines)


def moments(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return the times that `as_time` reads in the texts; None where it may read none in some of them."""
    if texts.null_count == len(texts):
        return texts.cast(pa.timestamp("us"))
    try:
        found = texts.cast(pa.timestamp("us"))
        if pc.min(pc.binary_length(texts)).as_py() < TIME_CHARACTERS:
            return None
    except pa.ArrowInvalid:
        try:
            found = texts.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            return None
        colons = (pc.equal(pc.utf8_slice_codeunits(texts, at, at + 1), ":") for at in COLONS)
        if not all(pc.all(are_there).as_py() for are_there in colons):
            return None
    ends = pc.min_max(found.cast(pa.int64())).as_py()
    return found if TIME_RANGE_US[0] <= ends["min"] and ends["max"] <= TIME_RANGE_US[1] else None


def _joined(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).combine_chunks()
