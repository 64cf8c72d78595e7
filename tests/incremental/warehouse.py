"""A workspace whose database can be kept and brought back, and what its tables hold."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.conftest import BIN, ROOT, Workspace

Contents = dict[str, Counter[Hashable]]
Vars = dict[str, Any]

# What users read. Staging's own stores say how rows came to be, so they differ from those of a full refresh.
PUBLISHED = """
    SELECT table_schema || '.' || table_name
    FROM information_schema.tables
    WHERE table_schema IN ('marts', 'rudder', 'monetate')
        OR (table_schema = 'staging' AND table_name NOT SIMILAR TO 'stg_[a-z]+__(loads|repeated.*)')
        OR (
            table_schema = 'intermediate'
            AND table_name IN ('int_events_rejected', 'int_sessions', 'int_aliases')
        )
    ORDER BY ALL
"""
# Views are there from the first build on and need not be made again.
WITHOUT_VIEWS = ("--exclude", "config.materialized:view")
LONGEST_RUN_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A database file as it was at one moment of a story."""

    database: Path

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def relations(self) -> list[str]:
        return [name for (name,) in self.rows(PUBLISHED)]

    def contents(self, relations: Iterable[str] = ()) -> Contents:
        """Return each relation's rows, all columns, counted."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return {
                name: Counter(map(_hashable, connection.execute(f"SELECT * FROM {name}").fetchall()))
                for name in (relations or self.relations())
            }

    def last_successes(self) -> dict[str, Any]:
        return dict(self.rows("SELECT model, last_success FROM lifecycle.incremental_manifest"))

    def state(self) -> str:
        ((state,),) = self.rows("SELECT state FROM lifecycle.run_limits")
        return str(state)


@dataclass(frozen=True, slots=True)
class Warehouse:
    """One workspace that all states of a story pass through: dbt parses the project once for one path."""

    workspace: Workspace

    @property
    def database(self) -> Path:
        return self.workspace.database

    def landing(self, vendor: str) -> Path:
        return self.workspace.folder / "landing" / vendor

    def load(self, *vendors: str) -> None:
        for vendor in vendors:
            self.workspace.load(vendor, self.landing(vendor))

    def target(self, given: Vars | None = None) -> Path:
        """Return the folder of what dbt compiles: one a set of vars, since other vars make it parse anew."""
        return self.workspace.folder / "-".join(("target", *(given or ())))

    def run(
        self, *arguments: str, given: Vars | None = None, code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        return self.workspace.dbt("run", *arguments, *self._options(given), code=code)

    def run_until(self, model: str, *arguments: str, given: Vars | None = None) -> None:
        """Run dbt and kill it without warning as soon as it tells that the model is built."""
        told = re.compile(rf"OK created sql \w+ model \w+\.{model}\b")
        # One thread: no other model is further than the one that is waited for.
        command = ("--no-use-colors", "run", "--threads", "1", *arguments, *self._options(given))
        with subprocess.Popen(
            [str(BIN / "dbt"), *command],
            cwd=ROOT,
            env=self.workspace.environment() | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            watchdog = threading.Timer(LONGEST_RUN_SECONDS, process.kill)
            watchdog.start()
            lines = []
            for line in process.stdout or ():
                lines.append(line)
                if told.search(line):
                    os.kill(process.pid, signal.SIGKILL)
                    break
            watchdog.cancel()
        assert told.search(lines[-1]), "".join(lines)
        assert process.returncode == -signal.SIGKILL

    def execute(self, *statements: str) -> None:
        """Change the database by hand."""
        with duckdb.connect(str(self.database)) as connection:
            for statement in statements:
                connection.execute(statement)

    def keep(self, name: str) -> Snapshot:
        """Copy the database aside, under its own file name: its views name it."""
        kept = self.workspace.folder / "kept" / name / self.workspace.database_name
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.database, kept)
        return Snapshot(kept)

    def restore(self, snapshot: Snapshot) -> None:
        self.database.with_name(f"{self.database.name}.wal").unlink(missing_ok=True)
        shutil.copyfile(snapshot.database, self.database)

    def now(self) -> Snapshot:
        return Snapshot(self.database)

    def _options(self, given: Vars | None) -> tuple[str, ...]:
        return ("--vars", json.dumps(given or {}), "--target-path", str(self.target(given)))


def differences(left: Contents, right: Contents) -> dict[str, tuple[list[Hashable], list[Hashable]]]:
    """Return the rows that only one of two databases has, of the relations where there are any."""
    found = {}
    for name in sorted(left.keys() | right.keys()):
        ours, theirs = left.get(name, Counter()), right.get(name, Counter())
        if ours != theirs:
            found[name] = (list((ours - theirs).elements())[:5], list((theirs - ours).elements())[:5])
    return found


def _hashable(value: Any) -> Hashable:
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    if isinstance(value, dict):
        return tuple(sorted((key, _hashable(each)) for key, each in value.items()))
    return value  # type: ignore[no-any-return]
