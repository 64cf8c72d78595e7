"""CSV files whose rows all prove plain and sound, on their way into a raw table in one pass.

What DuckDB's reader (`delimited.read_csv`) makes of a file is the measure: a file is landed here only where
that would land the same rows and quarantine none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from loaders.ahead import some_ahead
from loaders.delimited import Layout, csv_layout, others_as_json
from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.fields import Field, Kind, extras
from loaders.lines import LINE_BYTES_LIMIT
from loaders.load import Load
from loaders.plain import TABLES_AHEAD, Piece, cut, grouped, moments, placed, read_pieces, runs

# An empty line is a row of a single column, and none of several.
FEWEST_COLUMNS = 2
# A quoted field from the delimiter before it to the one behind it; a quote in it is doubled.
QUOTED = re.compile(rb'(?<![^,\n])"[^"]*+(?:""[^"]*+)*+"(?![^,\n])')
# Texts that the parsers of raw/parsers.sql surely read.
SURE_TEXTS = {Kind.INTEGER: "^[0-9]{1,18}$", Kind.BOOLEAN: "^(t|true|1|f|false|0)$"}
FORM = csv.ParseOptions(delimiter=",", quote_char='"', double_quote=True, ignore_empty_lines=False)
FORM_WITH_LINES = csv.ParseOptions(
    delimiter=",", quote_char='"', double_quote=True, ignore_empty_lines=False, newlines_in_values=True
)


@dataclass(frozen=True, slots=True)
class Target:
    """The raw table that a kind of file is landed in.

    `fields` and `renamed` are those of `rows_to_records`, `needed` the keys that a file may not lack.
    """

    table: str
    fields: tuple[Field, ...]
    needed: tuple[str, ...]
    renamed: Mapping[str, str]


class _InDoubtError(Exception):
    """The file is not proved plain."""


def land_plain_csv(
    load: Load, file: DataFile, columns: tuple[str, ...], target: Target, source_id: str | None
) -> bool:
    """Land the load's one file as rows of the target, if all of it proves sound; return whether it did.

    `columns` are those of `read_csv`. What no field reads goes to `extras`. Nothing is landed of a file in
    doubt.
    """
    before = load.rows, load.lines, load.lines_of.copy()
    try:
        proof = _Proof(_plain_layout(load, file, columns), target)
        pieces = _whole_rows(read_pieces(load.landing, load.export.identity, file))
        for part in runs(some_ahead(grouped(pieces, proof), TABLES_AHEAD)):
            if isinstance(part, Piece):
                raise _InDoubtError
            load.insert_run(target.table, *proof.projection(), part, source_id=source_id, **proof.others)
    except _InDoubtError:
        if load.rows != before[0]:
            load.connection.execute(f"DELETE FROM {target.table} WHERE _load_id = $id", {"id": load.load_id})
        load.rows, load.lines, load.lines_of = before
        return False
    return True


class _Proof:
    """What is sure of the pieces of one file, which come in order."""

    def __init__(self, layout: Layout, target: Target) -> None:
        names = layout.header.names
        self._places = layout.header.places(target.renamed)
        if len(self._places) < len(names) or not set(target.needed) <= self._places.keys():
            raise _InDoubtError
        self._fields = target.fields
        self._columns = list(self._places.values())
        self._skipped = int(layout.has_header)
        self._rows = 0
        self.others, self._document = others_as_json(self._places, target.fields)
        """The keys that no field reads, by the parameters of the projection that name them."""

    def __call__(self, piece: Piece) -> pa.Table | None:
        """Return the columns, file and line of each row of the piece; None where one is not surely sound."""
        bare = QUOTED.sub(b"", piece.text) if b'"' in piece.text else piece.text
        if b'"' in bare:
            return None
        rows = bare.count(b"\n")
        form = FORM if bare is piece.text else FORM_WITH_LINES
        table = cut(piece.text, dict.fromkeys(self._columns, pa.string()), form, rows)
        if table is None:
            return None
        table, self._skipped = table.slice(self._skipped), 0
        for field in self._fields:
            if field.key in self._places:
                place = self._columns.index(self._places[field.key])
                values = _sure(field, table.column(place))
                if values is None:
                    return None
                table = table.set_column(place, self._columns[place], values)
        first = self._rows + 1
        self._rows += table.num_rows
        return placed(table, piece.file, first)

    def projection(self) -> tuple[str, str]:
        """Return the raw columns that the file fills, and the query of their values in `landing_run`."""
        present = [field for field in self._fields if field.key in self._places]
        values = ["$source_id", *(self._value(field) for field in present)]
        names = ["source_id", *(field.column for field in present), "extras"]
        values.append(extras(self._fields, self._document))
        return (
            ", ".join(f'"{name}"' for name in names),
            f"SELECT {', '.join(values)}, file, line FROM landing_run",
        )

    def _value(self, field: Field) -> str:
        place = self._places[field.key]
        return place if field.kind is Kind.TIME else field.kind.parse(place)


def _plain_layout(load: Load, file: DataFile, columns: tuple[str, ...]) -> Layout:
    try:
        layout = csv_layout(load, file, columns)
    except DamagedFileError as error:
        raise _InDoubtError from error
    if layout.blank_lines or len(layout.header.names) < FEWEST_COLUMNS:
        raise _InDoubtError
    return layout


def _sure(field: Field, texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return the texts, or the times they are; None where one may be missing, or not of the field's kind."""
    if field.required and texts.null_count:
        return None
    if field.kind is Kind.TIME:
        return moments(texts)
    if not field.is_checked or texts.null_count == len(texts):
        return texts
    pattern = SURE_TEXTS.get(field.kind)
    is_sure = pattern and pc.all(pc.match_substring_regex(texts, pattern)).as_py()
    return texts if is_sure else None


def _whole_rows(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield the pieces so that no quoted field goes on from one to the next."""
    rest = b""
    for piece in pieces:
        text = rest + piece.text
        end = len(text)
        is_open = text.count(b'"') % 2 == 1
        while is_open:
            start = text.rfind(b"\n", 0, end - 1) + 1
            is_open = text.count(b'"', start, end) % 2 == 0
            end = start
        if len(text) - end > LINE_BYTES_LIMIT:
            yield Piece(piece.file, piece.first, text)
            return
        rest = text[end:]
        if end:
            yield Piece(piece.file, piece.first, text[:end])
    if rest:
        yield Piece(piece.file, piece.first, rest)
