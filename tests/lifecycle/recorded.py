"""The statements of real dbt runs, recorded once, so that hundreds of histories run without starting dbt.

What a run executes does not depend on the data, only on which tables are there. Three runs stand for all:
the first build, an incremental run, and a full refresh.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from loaders.warehouse import connect
from tests.conftest import Workspace
from tests.lifecycle.rows import Raw
from tests.lifecycle.tables import put

# DuckDB names a database in memory "memory": a file of this name makes dbt write statements that run there.
DATABASE_NAME = "memory.duckdb"
SELECTION = ("+fct_*", "+dim_*", "+int_events_rejected", "+quarantined_sessions")

RUN_START = "on-run-start"
RUN_END = "on-run-end"
READS = ("", "select", "describe", "comment", "with")
WRITES = ("alter", "begin", "commit", "create", "delete", "drop", "insert", "update")


@dataclass(frozen=True, slots=True)
class Executed:
    """A statement, and the model, hook or none of them that it was executed for."""

    node: str
    sql: str


@dataclass(frozen=True, slots=True)
class Step:
    """All that a run executes for one model."""

    model: str
    statements: tuple[str, ...]

    @property
    def is_view(self) -> bool:
        return any(sql.startswith("create view ") for sql in self.statements)


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run: the hooks before it, its models in order, the hooks after it."""

    start: tuple[str, ...]
    steps: tuple[Step, ...]
    end: tuple[str, ...]

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(step.model for step in self.steps)

    def without_views_of(self, earlier: RecordedRun) -> RecordedRun:
        """The run without the views that an earlier one has made with the same text."""
        made = {_created_view(step) for step in earlier.steps if step.is_view}
        kept = (step for step in self.steps if not (step.is_view and _created_view(step) in made))
        return replace(self, steps=tuple(kept))

    def killed_after(self, models: int) -> RecordedRun:
        """What is left of the run when its process is killed after so many models."""
        return replace(self, steps=self.steps[:models], end=())

    def without(self, models: frozenset[str]) -> RecordedRun:
        """What is left of the run when these models fail or are skipped; its last hooks run all the same."""
        return replace(self, steps=tuple(step for step in self.steps if step.model not in models))


@dataclass(frozen=True, slots=True)
class Recording:
    """The three runs, which models read which, and the database that they left."""

    first: RecordedRun
    incremental: RecordedRun
    full_refresh: RecordedRun
    parents: Mapping[str, frozenset[str]]
    database: Path

    def with_descendants(self, model: str) -> frozenset[str]:
        """The model and every model that reads it, at any distance."""
        found = {model}
        for reader in self.first.models:
            if self.parents[reader] & found:
                found.add(reader)
        return frozenset(found)


def record(folder: Path, variables: Mapping[str, int], arriving: Raw) -> Recording:
    """Run dbt in this folder over empty raw tables, over these rows, and over them from the beginning."""
    workspace = Workspace(folder, DATABASE_NAME)
    connect(workspace.database).close()
    first = _recorded_run(_executed(workspace, "first", variables))
    with duckdb.connect(str(workspace.database)) as connection:
        put(connection, Raw(), arriving)
    incremental = _recorded_run(_executed(workspace, "incremental", variables))
    full_refresh = _recorded_run(_executed(workspace, "full-refresh", variables, "--full-refresh"))
    return Recording(
        first=first,
        incremental=incremental.without_views_of(first),
        full_refresh=full_refresh.without_views_of(first),
        parents=_parents(folder / "target" / "manifest.json"),
        database=workspace.database,
    )


def plain(sql: str) -> str:
    """The statement without dbt's comment and what differs from run to run, repeatable in one process."""
    sql = re.sub(r"/\*.*?\*/", "", sql, flags=re.DOTALL).strip()
    sql = re.sub(r"__dbt_tmp\d+", "__dbt_tmp", sql)
    return re.sub(r"^create temporary table", "create or replace temporary table", sql)


def _executed(workspace: Workspace, name: str, variables: Mapping[str, int], *flags: str) -> list[Executed]:
    logs = workspace.folder / f"{name}-logs"
    logging = ("--log-path", str(logs), "--log-format-file", "json", "--log-level-file", "debug")
    # In one thread, so that one model's statements stand together.
    given = ("--threads", "1", "--vars", json.dumps(dict(variables)))
    workspace.dbt(*logging, "run", "--select", *SELECTION, *given, *flags)
    entries = (json.loads(line) for line in (logs / "dbt.log").read_text(encoding="utf-8").splitlines())
    return [_statement(entry["data"]) for entry in entries if entry["info"]["name"] == "SQLQuery"]


def _statement(data: Mapping[str, Any]) -> Executed:
    node = (data.get("node_info") or {}).get("unique_id", "")
    return Executed(node, plain(data["sql"]))


def _recorded_run(executed: Iterable[Executed]) -> RecordedRun:
    writes = [statement for statement in executed if _writes(statement.sql)]
    schemas = [each.sql for each in writes if not each.node and each.sql.startswith("create schema")]
    of_models = [each for each in writes if each.node.startswith("model.")]
    return RecordedRun(
        start=(*schemas, *_of_hook(writes, RUN_START)),
        steps=tuple(
            Step(_name(node), tuple(each.sql for each in statements))
            for node, statements in groupby(of_models, key=lambda each: each.node)
        ),
        end=_of_hook(writes, RUN_END),
    )


def _of_hook(executed: Iterable[Executed], hook: str) -> tuple[str, ...]:
    """The statements of a hook, without the transactions, of which some only read and stay open."""
    of_hook = (each.sql for each in executed if hook in each.node)
    return tuple(sql for sql in of_hook if _first_word(sql) not in ("begin", "commit"))


def _writes(sql: str) -> bool:
    word = _first_word(sql)
    assert word in READS + WRITES, f"a kind of statement that the recording does not know: {sql[:200]}"
    return word in WRITES


def _first_word(sql: str) -> str:
    """The first word behind comments."""
    code = re.sub(r"\A(\s*--[^\n]*(\n|\Z)|\s)*", "", sql)
    return re.split(r"[\s(;]", code, maxsplit=1)[0].lower()


def _created_view(step: Step) -> str:
    return next(sql for sql in step.statements if sql.startswith("create view "))


def _name(unique_id: str) -> str:
    return unique_id.rsplit(".", 1)[-1]


def _parents(manifest: Path) -> dict[str, frozenset[str]]:
    parents: dict[str, list[str]] = json.loads(manifest.read_text(encoding="utf-8"))["parent_map"]
    return {
        _name(node): frozenset(_name(parent) for parent in of_node)
        for node, of_node in parents.items()
        if node.startswith("model.")
    }
