"""A warehouse in memory on which recorded runs are executed again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from loaders.warehouse import connect
from tests.lifecycle.recorded import RecordedRun, Recording
from tests.lifecycle.rows import VENDORS, Raw
from tests.lifecycle.tables import put

Table = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Replica:
    """A warehouse that a first build over empty raw tables has made."""

    connection: duckdb.DuckDBPyConnection
    first_state: tuple[tuple[Any, ...], ...]

    def put(self, before: Raw, after: Raw) -> None:
        """Bring the raw tables from one moment to another."""
        put(self.connection, before, after)

    def run(self, run: RecordedRun) -> None:
        for statements in (run.start, *(step.statements for step in run.steps), run.end):
            self._execute(statements)

    def reset(self) -> None:
        """Make it again what the first build over empty raw tables left."""
        self.connection.execute(";".join(f"delete from {table}" for table in self._base_tables()))
        for row in self.first_state:
            self.connection.execute("insert into lifecycle.model_state values (?, ?, ?, ?)", row)

    def table(self, name: str, columns: str = "*") -> Table:
        """The rows of a table or view in a total order."""
        return self.connection.execute(f"select {columns} from {name} order by all").fetchall()

    def records(self, name: str) -> list[dict[str, Any]]:
        """The rows of a table or view with the names of their columns."""
        answer = self.connection.execute(f"select * from {name} order by all")
        columns = [column[0] for column in answer.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]

    def tables_of(self, *schemas: str) -> list[str]:
        """The names of the base tables of these schemas."""
        return [table for table in self._base_tables() if table.split(".")[0] in schemas]

    def _execute(self, statements: tuple[str, ...]) -> None:
        try:
            self.connection.execute("\n;\n".join(statements))
        except duckdb.Error:
            # The next history begins outside of the transaction that has failed.
            with suppress(duckdb.Error):
                self.connection.rollback()
            raise

    def _base_tables(self) -> list[str]:
        found = self.connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where not temporary order by all"
        )
        return [name for (name,) in found.fetchall()]


def new_replica(recording: Recording, vendors: Collection[str]) -> Replica:
    """Return a built warehouse whose raw tables stay empty but for those of these vendors."""
    connection = connect(Path(":memory:"))
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set threads = 1")
    # Or else every name of a CTE is looked for among Python's variables first.
    connection.execute("set python_enable_replacements = false")
    replica = Replica(connection, ())
    replica.run(recording.first)
    for vendor in VENDORS:
        if vendor not in vendors:
            _leave_out(connection, vendor)
    return Replica(connection, tuple(replica.table("lifecycle.model_state")))


def _leave_out(connection: duckdb.DuckDBPyConnection, vendor: str) -> None:
    """Spare the planner a view of which no row can come."""
    events, empty = f"intermediate.int_{vendor}_events", f"intermediate.no_{vendor}_events"
    connection.execute(f"create table {empty} as from {events} limit 0")
    connection.execute(f"create or replace view {events} as from {empty}")


def differences(found: Iterable[object], expected: Iterable[object]) -> str:
    """What is in one list of rows only, with the side it is on; nothing for equal lists."""
    left, right = list(found), list(expected)
    extra = [row for row in left if row not in right or left.count(row) > right.count(row)]
    lacking = [row for row in right if row not in left or right.count(row) > left.count(row)]
    return "\n".join([*(f"  only here: {row}" for row in extra), *(f"  lacking:   {row}" for row in lacking)])
