"""The recording stands for dbt: it holds no data, and leaves what dbt leaves."""

from __future__ import annotations

import re

import duckdb

from tests.lifecycle.conftest import MARK, MARKED, MARKED_DAY
from tests.lifecycle.play import assert_same
from tests.lifecycle.recorded import RecordedRun, Recording
from tests.lifecycle.replica import new_replica
from tests.lifecycle.rows import VENDORS, Raw


def test_no_statement_tells_of_rows_that_were_there(recording: Recording) -> None:
    for run in (recording.incremental, recording.full_refresh):
        for sql in statements_of(run):
            assert MARK not in sql
            assert str(MARKED_DAY.date()) not in sql


def test_a_full_refresh_builds_what_a_first_build_builds(recording: Recording) -> None:
    first, again = tables_of(recording.first), tables_of(recording.full_refresh)
    assert again == first


def test_a_replayed_run_leaves_what_dbt_left(recording: Recording) -> None:
    replica = new_replica(recording, VENDORS)
    replica.put(Raw(), MARKED)
    replica.run(recording.incremental)
    with duckdb.connect(str(recording.database), read_only=True) as connection:
        for table in replica.tables_of("marts"):
            left = connection.execute(f"select * from {table} order by all").fetchall()
            assert left, f"{table} has nothing of the marked rows"
            assert_same(table, replica.table(table), left)


def statements_of(run: RecordedRun) -> list[str]:
    return [*run.start, *(sql for step in run.steps for sql in step.statements), *run.end]


def tables_of(run: RecordedRun) -> dict[str, str]:
    """How a run makes its tables, by model; an existing table is made anew beside it, under another name."""
    return {
        step.model: sql.replace("__dbt_tmp", "")
        for step in run.steps
        for sql in step.statements
        if re.match(r"create\s+table", sql)
    }
