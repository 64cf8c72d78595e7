"""One export on its way into raw: the tools a vendor lands with, inside one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import astuple
from datetime import datetime

import duckdb
import pyarrow as pa

from loaders.ahead import one_ahead
from loaders.errors import ExportRejectedError, TooManyBadLinesError
from loaders.exports import DataFile, Export
from loaders.fields import Field, fault, parsed, structure
from loaders.landing import Landing
from loaders.ledger import RejectedLine
from loaders.lines import lines_of_each, read_batches
from loaders.plain import Run
from loaders.queries import first_row
from loaders.warehouse import one_thread
from loaders.windows import Window, shown

# More bad lines than both limits allow reject the export.
BAD_LINES_LIMIT = 10
BAD_LINES_SHARE_LIMIT = 0.001

REJECTED_TYPES = (pa.string(), pa.int64(), pa.string(), pa.string())
# The column of `landing_records` that holds the parsed values.
PARSED = "parsed"
PROVENANCE = "$load_id AS _load_id, $loaded_at AS _loaded_at"
# Where several exports of one file each are landed together, a row's file tells which of them it is of.
# An enumeration finds it by hash; a list would be searched for every row.
PLACE = "(enum_code(file::landing_names)::BIGINT + 1)"
PROVENANCE_OF_FILE = (
    f"$load_id + {PLACE} - 1 AS _load_id, $loaded_at + to_microseconds({PLACE} - 1) AS _loaded_at"
)


class NotSoundError(ExportRejectedError):
    """Among exports that were landed together, one may not be as it should; landed alone, it tells what."""


class Load:
    """Lands an export through `connection`; the caller has begun the transaction and ends it.

    `load_id` and `loaded_at` (UTC) stamp every row; `rows`, `lines` and `rejected_rows` count what was done,
    `lines_of` the lines of each file. `warnings` are told to the user besides those of the export.

    `exports` are several where they are `alike`: the first has the stamps, each further one a `load_id` and a
    microsecond more. Their files are then known in raw by their identities, and nothing is quarantined.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        landing: Landing,
        exports: Sequence[Export],
        load_id: int,
        loaded_at: datetime,
    ) -> None:
        self.connection = connection
        self.landing = landing
        self.exports = tuple(exports)
        self.load_id = load_id
        self.loaded_at = loaded_at
        self.rows = 0
        self.lines = 0
        self.shown_lines = 0
        self.lines_of: Counter[str] = Counter()
        self.rejected_rows = 0
        self.warnings: list[str] = []
        self._has_named_files = False

    def insert(self, table: str, columns: str, query: str, **values: object) -> int:
        """Insert the rows of `query` into the raw `table` and return how many.

        `columns` and `query` are made of constants; `query` selects the columns in order, then the names
        `file` and `line` for the position. Values go in as `$name` parameters.
        """
        together = len(self.exports) > 1
        statement = (
            f"INSERT INTO {table} ({columns}, _file, _line, _load_id, _loaded_at) "
            f"SELECT *, {PROVENANCE_OF_FILE if together else PROVENANCE} FROM ({query})"
        )
        stamps = {"load_id": self.load_id, "loaded_at": self.loaded_at}
        if PLACE in statement and not self._has_named_files:
            self._name_files()
        row = first_row(self.connection, statement, {**values, **stamps})
        count = int(row[0]) if row else 0
        self.rows += count
        return count

    @property
    def export(self) -> Export:
        """The export, or the first of those that are landed together."""
        return self.exports[0]

    @property
    def names(self) -> list[str]:
        """What the files of exports of one file each are known by, in the order of the exports."""
        return [export.identity for export in self.exports]

    def _name_files(self) -> None:
        names = pa.table({"name": self.names})
        with shown(self.connection, {"landing_identities": Window(names)}):
            self.connection.execute("DROP TYPE IF EXISTS temp.landing_names")
            self.connection.execute(
                "CREATE TEMP TYPE landing_names AS ENUM (SELECT name FROM landing_identities)"
            )
        self._has_named_files = True

    @property
    def single_files(self) -> dict[str, DataFile]:
        """The files of exports of one file each, by the name for `_file`."""
        return {export.identity: export.files[0] for export in self.exports}

    def show_lines(self, files: Mapping[str, DataFile], *, only_gzip: bool = False) -> Iterator[list[str]]:
        """Show the files' lines as `landing_batch` (`file, line, text, damage`), and yield which files begin.

        The next batch is read while the caller deals with this one. Raises DamagedFileError for a file that
        is not whole, or with `only_gzip` for one that is no gzip.
        """
        window = Window()
        with shown(self.connection, {"landing_batch": window}):
            batches = read_batches(self.landing, dict(files), only_gzip=only_gzip)
            for window.table in one_ahead(batches):
                begun = set(self.lines_of)
                self.count(window.table)
                self.shown_lines = window.table.num_rows
                yield [name for name in self.lines_of if name not in begun]

    def read_lines(self, files: Mapping[str, DataFile]) -> None:
        """Read the files into the temporary table `landing_lines` (`file, line, text, damage`)."""
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE landing_lines "
            "(file VARCHAR, line BIGINT, text VARCHAR, damage VARCHAR)"
        )
        window = Window()
        with shown(self.connection, {"landing_batch": window}):
            for window.table in read_batches(self.landing, dict(files)):
                self.connection.execute("INSERT INTO landing_lines SELECT * FROM landing_batch")
                self.count(window.table)

    def count(self, batch: pa.Table) -> None:
        """Count the rows of `batch` as lines of the files in its column `file`."""
        self.lines += batch.num_rows
        self.lines_of += lines_of_each(batch)

    def insert_run(self, table: str, columns: str, query: str, run: Run, /, **values: object) -> int:
        """Insert the rows of `query`, which reads the run as `landing_run`, and count those of the run."""
        order = nullcontext() if run.is_parallel else one_thread(self.connection)
        with order, shown(self.connection, {"landing_run": run.reader()}):
            count = self.insert(table, columns, query, **values)
        run.end()
        self.lines += run.counts.total()
        self.lines_of += run.counts
        return count

    def parse_objects(self, fields: tuple[Field, ...]) -> None:
        """Split `landing_lines` into `landing_records`, one JSON object a line.

        Columns: `file, line, text, document` (the JSON object), `record` (a struct with the text of every
        field's key), `parsed` (a struct with the values of the fields that are no text, by column) and
        `reason`, which is null for a line that may be landed. Whole numbers keep every
        digit; of a number with a fraction, JSON readers keep the 17 digits that a double has.
        """
        self.connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE landing_records AS
            WITH checked AS (
                SELECT *, damage IS NULL AND json_valid(text) AS is_json FROM landing_lines
            ),
            documents AS (
                SELECT *, CASE WHEN is_json AND starts_with(ltrim(text, chr(32) || chr(9) || chr(13)), '{{')
                    THEN text END AS document
                FROM checked
            ),
            records AS (
                SELECT *, from_json(document, {structure(fields)}) AS record FROM documents
            ),
            valued AS (
                SELECT *, {parsed(fields)} AS {PARSED} FROM records
            )
            SELECT file, line, text, document, record, parsed,
                CASE
                    WHEN damage IS NOT NULL THEN damage
                    WHEN NOT is_json THEN 'not valid JSON'
                    WHEN document IS NULL THEN 'not a JSON object'
                    ELSE {fault(fields, values=PARSED)}
                END AS reason
            FROM valued
            """
        )
        self._mark_repeated_keys()

    def reject_bad_records(self) -> None:
        """Quarantine the lines of `landing_records` that have a reason."""
        self.reject_rows("SELECT file, line, reason, text FROM landing_records WHERE reason IS NOT NULL")

    def reject(self, rejected: list[RejectedLine]) -> None:
        """Keep bad lines in the quarantine."""
        if not rejected:
            return
        values = zip(*map(astuple, rejected), strict=True)
        lines = pa.Table.from_arrays(
            [pa.array(column, kind) for column, kind in zip(values, REJECTED_TYPES, strict=True)],
            names=["file", "line", "reason", "raw_text"],
        )
        with shown(self.connection, {"landing_rejected": Window(lines)}):
            self.reject_rows("FROM landing_rejected")

    def reject_rows(self, query: str, **values: object) -> None:
        """Quarantine the rows of `query`: file, line, reason and raw text, in this order."""
        stamps = {
            "load_id": self.load_id,
            "vendor": self.export.vendor,
            "export_id": self.export.export_id,
            "loaded_at": self.loaded_at,
        }
        row = first_row(
            self.connection,
            "INSERT INTO raw.rejected_lines "
            "SELECT $load_id, $vendor, $export_id, file, line, reason, raw_text, $loaded_at "
            f"FROM ({query}) AS bad (file, line, reason, raw_text)",
            {**values, **stamps},
        )
        self.rejected_rows += int(row[0]) if row else 0

    def check_bad_lines(self) -> None:
        """Raise TooManyBadLinesError when the quarantine took more than both limits allow."""
        over = self.rejected_rows > BAD_LINES_LIMIT
        if not over or self.rejected_rows <= BAD_LINES_SHARE_LIMIT * self.lines:
            return
        first = first_row(
            self.connection,
            "SELECT file, line, reason FROM raw.rejected_lines WHERE load_id = $load_id "
            "ORDER BY file, line LIMIT 1",
            {"load_id": self.load_id},
        )
        where = f"the first is {first[0]} line {first[1]}: {first[2]}" if first else ""
        raise TooManyBadLinesError(
            f"{self.rejected_rows} of {self.lines} lines are bad ({where}). More than {BAD_LINES_LIMIT} and "
            f"more than {BAD_LINES_SHARE_LIMIT:.1%} reject an export; fetch or export it again."
        )

    def _mark_repeated_keys(self) -> None:
        # Most lines of a file have the same keys, so comparing them once per list of keys is three times as
        # fast as once per line.
        repeated = first_row(
            self.connection,
            "SELECT 1 FROM (SELECT DISTINCT json_keys(document) AS keys FROM landing_records) "
            "WHERE len(keys) > len(list_distinct(keys)) LIMIT 1",
        )
        if repeated:
            self.connection.execute(
                "UPDATE landing_records SET reason = 'a key stands twice in the object' "
                "WHERE len(json_keys(document)) > len(list_distinct(json_keys(document)))"
            )
