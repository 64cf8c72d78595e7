"""The benchmarks run on tiny data, and see when a peer or an increment tells something else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from benchmarks.goals import GOALS
from benchmarks.peers.eight_tables import TABLES, EightTables, differing_tables
from benchmarks.project import DATABASE_NAME
from benchmarks.relations import differing_marts
from tests.conftest import ROOT

TINY = {
    "events": 2000, "repeats": 1, "growth": 1, "increments": 1, "pendo-events": 3650, "json-bytes": 300_000,
    "avro-events": 1600, "rows": 500, "files": 3,
}  # fmt: skip


def bench(folder: Path, cases: str, *options: str) -> subprocess.CompletedProcess[str]:
    sizes = [f"--{name}={size}" for name, size in TINY.items()]
    command = [sys.executable, "-m", "benchmarks", f"--cases={cases}", f"--keep={folder}"]
    results = folder.parent / f"{folder.name}.md"
    return subprocess.run(
        [*command, f"--results={results}", *sizes, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the cases that build left behind."""

    folder: Path
    page: str

    @property
    def built(self) -> Path:
        return self.folder / "built-2000-of-2020" / DATABASE_NAME

    @property
    def history(self) -> Path:
        return self.folder / "history-2000-of-2020" / DATABASE_NAME


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder = tmp_path_factory.mktemp("bench") / "kept"
    # The limit of memory is measured by one more build, which is left out here.
    done = bench(folder, "full_build,reading,increment", "--memory-limit", "")
    assert done.returncode == 0, done.stderr
    return Measured(folder, (folder.parent / "kept.md").read_text())


def verdict(page: str, goal: str) -> str:
    (row,) = (line for line in page.splitlines() if f"| {goal} " in line)
    return row.rstrip(" |").rpartition("| ")[2].strip()


def test_builds_readings_and_increments_are_measured(measured: Measured) -> None:
    for goal in GOALS:
        told = verdict(measured.page, goal.name)
        if goal.case == "loading":
            assert told == "not measured: case not run"
        elif "three times" in goal.name or "memory_limit" in goal.name:
            assert re.fullmatch(r"not measured: no (growth|limit) asked for", told)
        else:
            assert told in ("reached", "not reached") or told.startswith("not measured: every question takes")
    assert "marts after them: equal, row for row" in measured.page
    assert re.search(r"\| marts +\| fct_events ", measured.page)


def test_loading_is_measured(tmp_path: Path) -> None:
    done = bench(tmp_path / "kept", "loading")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "kept.md").read_text()
    assert page == done.stdout
    assert re.search(r"\| Store: loading from it / downloading, then loading +\| [0-9.]+ ", page)
    for goal in GOALS:
        told = verdict(page, goal.name)
        assert (told in ("reached", "not reached")) == (goal.case == "loading") or told.startswith(
            ("not measured: no server", "not measured: no driver", "not measured: no mariadbd")
        )


# Events beyond the cap of their session, and the alias of those without a user, are the peer's alone.
COMPARED_ROWS = {
    "dbt_mapped_tracks": "WHERE event_id IN (SELECT event_id FROM dbt_track_facts)",
    "dbt_aliases_mapping": "WHERE alias IS NOT NULL",
}


@pytest.fixture(scope="module")
def peer(measured: Measured, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("peer") / "peer.duckdb"
    EightTables(with_null_partition=True).build(measured.history, path)
    return path


def test_plain_sql_with_its_null_partition_tells_the_same(measured: Measured, peer: Path) -> None:
    assert differing_tables(measured.built, peer) == []


@pytest.mark.parametrize("table", TABLES)
def test_a_peer_with_one_other_value_is_seen(
    measured: Measured, peer: Path, tmp_path: Path, table: str
) -> None:
    changed = tmp_path / "peer.duckdb"
    shutil.copyfile(peer, changed)
    compared = COMPARED_ROWS.get(table, "")
    with duckdb.connect(str(changed)) as connection:
        column = connection.execute(f"SELECT * FROM {table} LIMIT 0").description[-1][0]
        connection.execute(
            f"UPDATE {table} SET {column} = (SELECT max({column}) FROM {table}) WHERE rowid = "
            f"(SELECT rowid FROM {table} {compared} ORDER BY {column} NULLS FIRST, rowid LIMIT 1)"
        )
    assert differing_tables(measured.built, changed) == [table]


def test_a_mart_with_one_other_row_is_seen(measured: Measured, tmp_path: Path) -> None:
    changed = tmp_path / DATABASE_NAME
    shutil.copyfile(measured.built, changed)
    scratch = tmp_path / "scratch.duckdb"
    assert differing_marts(changed, measured.built, scratch) == {}
    with duckdb.connect(str(changed)) as connection:
        connection.execute("UPDATE marts.fct_sessions SET event_count = event_count + 1 WHERE rowid = 3")
        connection.execute("DELETE FROM marts.dim_visitors WHERE rowid = 0")
    assert differing_marts(changed, measured.built, scratch) == {
        "marts.dim_visitors": 1,
        "marts.fct_sessions": 2,
    }


def test_an_unknown_case_is_refused_by_name(tmp_path: Path) -> None:
    done = bench(tmp_path / "kept", "full_build,speed")
    assert done.returncode == 2
    assert (
        "There is no case speed; there are full_build, reading, increment, loading, fixed_cost."
        in done.stderr
    )
