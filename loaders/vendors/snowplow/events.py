"""Landing Snowplow events from the three shapes they come in: TSV lines, JSON lines, named columns.

Every field stays the text that was delivered; only that an event can be told apart (`event_id`) and
placed in time (`collector_tstamp`) is checked here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from loaders.ahead import some_ahead
from loaders.delimited import Header, read_csv, read_parquet
from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.fields import Field, Kind, extras, fault
from loaders.limits import NESTING
from loaders.lines import batch_of
from loaders.load import Load, NotSoundError
from loaders.nesting import has_deeper_line
from loaders.objects import ObjectForm
from loaders.objects import land_objects as land_form
from loaders.plain import (
    TABLES_AHEAD,
    Piece,
    Run,
    TsvCutter,
    grouped,
    moments,
    placed,
    read_pieces,
    runs,
)
from loaders.vendors.snowplow.columns import (
    ALIASES,
    ATOMIC_COLUMNS,
    ENRICHED_COLUMNS,
    ENTITY_PREFIXES,
    EVENT_COLUMNS,
)
from loaders.windows import Window, shown

TABLE = "raw_snowplow.events"
REQUIRED = (
    Field("event_id", "event_id", required=True),
    Field("collector_tstamp", "collector_tstamp", Kind.TIME, required=True),
)
KEYS = tuple(field.key for field in REQUIRED)
OBJECT_FIELDS = (*REQUIRED, *(Field(name, name) for name in EVENT_COLUMNS if name not in KEYS))
OBJECT_KEYS = tuple(field.key for field in OBJECT_FIELDS)
ALIAS_FIELDS = tuple(Field(column, alias) for column, alias in ALIASES.items())

SPLIT_LINES = "SELECT *, str_split(text, chr(9)) AS fields FROM landing_batch"

Reader = Callable[[Load, str, DataFile], Header]
READERS: dict[str, Reader] = {"csv": read_csv, "parquet": read_parquet}


def land_enriched(load: Load, files: Mapping[str, DataFile]) -> None:
    """Land TSV files of enriched events, 131 fields a line; `files` is keyed by the name for `_file`."""
    _land_tsv(load, files, (ENRICHED_COLUMNS,), f"an enriched event has {len(ENRICHED_COLUMNS)}")


def land_atomic(load: Load, files: Mapping[str, DataFile]) -> None:
    """Land TSV files of a shredded run: 128 fields a line, the JSON fields taken out, or all 131."""
    _land_tsv(load, files, (ATOMIC_COLUMNS, ENRICHED_COLUMNS), f"an atomic event has {len(ATOMIC_COLUMNS)}")


def land_objects(load: Load, files: Mapping[str, DataFile]) -> None:
    """Land files of wide rows, one JSON object a line; entities and unknown keys go to `extras`."""
    form = ObjectForm((*OBJECT_FIELDS, *ALIAS_FIELDS), _insert_objects, known=OBJECT_KEYS)
    land_form(load, files, form)


def _insert_objects(load: Load, records: str) -> None:
    texts = ", ".join(_object_text(column) for column in EVENT_COLUMNS)
    load.insert(
        TABLE,
        _names((*EVENT_COLUMNS, "extras")),
        f"SELECT {texts}, {extras(OBJECT_FIELDS)}, file, line FROM {records} WHERE reason IS NULL",
    )


def land_columns(load: Load, name: str, file: DataFile, form: str) -> None:
    """Land a `csv` or `parquet` file of the warehouse table, its columns found by name.

    Columns of entities and unknown columns go to `extras`, nulls left out. Raises DamagedFileError for a
    file without the columns `event_id` and `collector_tstamp`, or with one name twice.
    """
    header = READERS[form](load, name, file)
    _check_header(header, file, form)
    if not header.names:
        return
    places = {column: place for column in EVENT_COLUMNS if (place := _place(header, column))}
    others = _others(header, set(places.values()))
    record = ", ".join(f"'{key}': {places[key]}" for key in KEYS)
    load.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE landing_records AS
        SELECT *, CASE WHEN reason IS NOT NULL THEN {_object_of(header)} END AS text
        FROM (
            SELECT *, {fault(REQUIRED)} AS reason
            FROM (SELECT *, {{{record}}} AS record FROM landing_rows)
        )
        """,
        {f"n{position}": _json_key(key) for position, key in enumerate(header.names)},
    )
    load.reject_bad_records()
    texts = ", ".join(f"nullif({place}, '')" for place in places.values())
    load.insert(
        TABLE,
        _names((*places, "extras")),
        f"SELECT {texts}, nullif({_object(others, header)}, '{{}}')::JSON, file, line "
        "FROM landing_records WHERE reason IS NULL",
        **{f"n{position}": _json_key(header.names[position]) for position in others},
    )


def _land_tsv(
    load: Load, files: Mapping[str, DataFile], shapes: tuple[tuple[str, ...], ...], expected: str
) -> None:
    """Land the pieces of the files that prove plain in runs, and the others line by line."""
    pieces = chain.from_iterable(read_pieces(load.landing, name, file) for name, file in files.items())
    batch, bad = Window(), Window()
    with shown(load.connection, {"landing_batch": batch, "bad_lines": bad}):
        for part in runs(some_ahead(grouped(pieces, _Proof(shapes)), TABLES_AHEAD)):
            if isinstance(part, Run):
                # Behind the fields stand file and line.
                (shape,) = (shape for shape in shapes if len(shape) == len(part.schema) - 2)
                load.insert_run(TABLE, _names(shape), "FROM landing_run", part)
            else:
                lines = batch_of(part.file, part.first, part.block)
                if lines:
                    batch.table = lines
                    load.count(lines)
                    _land_lines(load, bad, shapes, expected)


class _Proof:
    """What is sure of pieces of TSV files whose lines have one of the `shapes`."""

    def __init__(self, shapes: tuple[tuple[str, ...], ...]) -> None:
        self._cutters = {len(shape): TsvCutter(len(shape)) for shape in shapes}

    def __call__(self, piece: Piece) -> pa.Table | None:
        """Return the fields, file and line of each line of the piece; None where one may be bad or blank."""
        text = piece.text.replace(b"\r\n", b"\n")
        cutter = self._cutters.get(text.partition(b"\n")[0].count(b"\t") + 1)
        if cutter is None or has_deeper_line(text, NESTING.value):
            return None
        table = cutter.cut(text, piece.size)
        if table is None:
            return None
        event_id, collected = (table.column(ENRICHED_COLUMNS.index(key)) for key in KEYS)
        if event_id.null_count or collected.null_count or moments(collected) is None:
            return None
        return placed(table, piece.file, piece.first)


def _land_lines(load: Load, bad: Window, shapes: tuple[tuple[str, ...], ...], expected: str) -> None:
    """Land the lines of `landing_batch`; `bad` shows the bad ones as `bad_lines`."""
    # The required fields stand before the first one that an atomic event lacks.
    record = ", ".join(f"'{key}': fields[{ENRICHED_COLUMNS.index(key) + 1}]" for key in KEYS)
    widths = ", ".join(str(len(shape)) for shape in shapes)
    # A condition on what was split would split the line anew.
    examined = f"""
        SELECT file, line, reason, width, CASE WHEN reason IS NOT NULL THEN text END AS text
        FROM (
            SELECT *, len(fields) AS width,
                CASE
                    WHEN damage IS NOT NULL THEN damage
                    WHEN len(fields) NOT IN ({widths}) THEN len(fields) || $expected
                    ELSE {fault(REQUIRED)}
                END AS reason
            FROM (SELECT *, {{{record}}} AS record FROM ({SPLIT_LINES}))
        )
    """
    found = load.connection.execute(examined, {"expected": f" fields, {expected}"}).to_arrow_table()
    bad.table = found.filter(pc.field("reason").is_valid())
    if bad.table.num_rows and len(load.exports) > 1:
        raise NotSoundError("a line is not sound")
    good = found.filter(pc.field("reason").is_null())
    present = set(good.column("width").unique().to_pylist())
    _land_shown_lines(load, [shape for shape in shapes if len(shape) in present], bad.table.num_rows)


def _land_shown_lines(load: Load, shapes: Sequence[tuple[str, ...]], bad: int) -> None:
    """Quarantine `bad_lines`, and insert the other lines of `landing_batch`, which have these shapes."""
    if bad:
        load.reject_rows("SELECT file, line, reason, text FROM bad_lines")
    others = "ANTI JOIN bad_lines USING (file, line)" if bad else ""
    for shape in shapes:
        texts = ", ".join(f"nullif(fields[{place}], '')" for place in range(1, len(shape) + 1))
        width = f"WHERE len(fields) = {len(shape)}" if bad or len(shapes) > 1 else ""
        load.insert(
            TABLE,
            _names(shape),
            f"SELECT {texts}, file, line FROM ({SPLIT_LINES}) {others} {width}",
        )


def _object_text(column: str) -> str:
    names = (column, ALIASES[column]) if column in ALIASES else (column,)
    texts = ", ".join(f"nullif(record.\"{name}\", '')" for name in names)
    return f"coalesce({texts})"


def _check_header(header: Header, file: DataFile, form: str) -> None:
    missing = header.missing(KEYS) if header.names else []
    if missing:
        raise DamagedFileError(
            f"{file.path} has no column {' and no column '.join(missing)}: a {form} file needs the names of "
            f"the Snowplow events table's columns. Export the table again with its column names."
        )
    counts = Counter(_key(name) for name in header.names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise DamagedFileError(
            f"{file.path} has the column {twice[0]} twice, so that one of them would be lost. "
            f"Export it again with each column once."
        )


def _place(header: Header, column: str) -> str | None:
    place = header.column(column)
    if place is None and column in ALIASES:
        return header.column(ALIASES[column])
    return place


def _others(header: Header, known: set[str]) -> list[int]:
    return [position for position in range(len(header.names)) if f"c{position}" not in known]


def _object_of(header: Header) -> str:
    return _object(list(range(len(header.names))), header)


def _object(positions: list[int], header: Header) -> str:
    members = ", ".join(f"$n{position} || {_json_value(header, position)}" for position in positions)
    return f"'{{' || concat_ws(',', {members}) || '}}'" if members else "NULL::VARCHAR"


def _json_value(header: Header, position: int) -> str:
    column = f"c{position}"
    quoted = f"to_json({column})::VARCHAR"
    if not _key(header.names[position]).startswith(ENTITY_PREFIXES):
        return quoted
    # An entity that was exported as JSON text becomes JSON again, whichever shape it came in.
    return (
        f"CASE WHEN left({column}, 1) IN ('{{', '[') AND json_valid({column}) THEN {column} ELSE {quoted} END"
    )


def _json_key(name: str) -> str:
    return f"{json.dumps(_key(name))}:"


def _key(name: str) -> str:
    return name.strip().lower()


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
