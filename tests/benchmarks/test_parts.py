from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb
import pytest

from benchmarks import goals
from benchmarks.cases.fixed_cost import _empty_project, _findings
from benchmarks.cases.loads import scale_note, scaled
from benchmarks.errors import BenchmarkError
from benchmarks.findings import Findings, Measure, Missing, Ratio, Share, ratios
from benchmarks.project import BIN, Build, Node
from benchmarks.report import Machine, goals_table, render, table
from benchmarks.rudderstack import land_tracks
from benchmarks.timing import run
from benchmarks.tracks import write_tracks

MIB = 1 << 20
MACHINE = Machine(cores=2, memory_bytes=24 << 30, load=0.1, versions={"Python": "3.11.7"})


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tracks") / "tracks.duckdb"
    write_tracks(path, 100_000)
    return path


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def test_tracks_are_the_same_on_every_run(tracks: Path, tmp_path: Path) -> None:
    write_tracks(tmp_path / "again.duckdb", 100_000)
    digest = "SELECT count(*), sum(hash(tracks)::HUGEINT) FROM tracks"
    assert rows(tracks, digest) == rows(tmp_path / "again.duckdb", digest)


def test_tracks_have_the_hard_cases_and_lie_in_order_of_arrival(tracks: Path) -> None:
    ((count, sorted_rows, known, repeated, late, too_late, nameless),) = rows(
        tracks,
        """
        SELECT
            count(*),
            count(*) FILTER (received_at >= before),
            count(user_id) / count(*),
            count(*) - count(DISTINCT id),
            count(*) FILTER (received_at > "timestamp" + INTERVAL 1 HOUR) / count(*),
            count(*) FILTER (sent_at > original_timestamp + INTERVAL 3 DAY),
            count(*) FILTER (anonymous_id IS NULL AND user_id IS NULL)
        FROM (SELECT *, lag(received_at, 1, received_at) OVER (ORDER BY arrival) AS before FROM tracks)
        """,
    )
    assert count == sorted_rows == 100_000
    assert 0.2 < float(str(known)) < 0.4
    assert 0.005 < float(str(late)) < 0.03
    assert all(int(str(number)) > 10 for number in (repeated, too_late, nameless))


def test_tracks_are_landed_load_by_load_and_go_on_where_they_ended(tracks: Path, tmp_path: Path) -> None:
    database = tmp_path / "bench.duckdb"
    assert land_tracks(database, tracks, 0, 70_000) == 70_000
    assert land_tracks(database, tracks, 70_000, 110_000) == 30_000
    loads = rows(
        database,
        "SELECT load_id, rows, count(*), min(_line), max(_line), loaded_at = _loaded_at "
        "FROM raw.loads INNER JOIN raw_rudderstack.tracks ON load_id = _load_id GROUP BY ALL ORDER BY ALL",
    )
    assert loads == [(1, 70_000, 70_000, 1, 70_000, True), (2, 30_000, 30_000, 1, 30_000, True)]


def test_ratios_go_round_by_round_where_both_sides_have_them() -> None:
    assert ratios((2.0, 9.0), (1.0, 3.0)) == (2.0, 3.0)
    assert ratios((2.0, 4.0), (1.0, 2.0, 9.0)) == (1.0, 2.0)


def test_a_part_is_scaled_and_told_of() -> None:
    assert scaled(2.0, 10, 40) == 8.0
    assert scale_note(10, 40, "rows") == "measured on 10 rows and scaled linearly"
    assert scale_note(40, 40, "rows") == ""


def test_goals_tell_what_is_reached_and_what_is_not_measured() -> None:
    found = Findings("full_build")
    found.ratios = [Ratio("", (2.0, 3.5, 4.0), goals.PLAIN_SQL), Ratio("", (4.5,), goals.FLOOR)]
    found.missing = [Missing("", "no growth asked for", goals.GROWTH)]
    lines = goals_table([found]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert cells[0][2:] == ["at least 3", "3.5", "2 to 4", "reached"]
    assert cells[1][2:] == ["at most 4", "4.5", "", "not reached"]
    assert cells[2][2:] == ["at most 3.3", "", "", "not measured: no growth asked for"]
    assert cells[3][2:] == ["at most 1.1", "", "", "not measured: case not run"]
    assert len(cells) == len(goals.GOALS)


def test_the_page_tells_the_machine_and_where_the_time_goes() -> None:
    found = Findings("full_build", facts={"events": "1,000"})
    found.measures = [Measure("ours", (3.0, 1.0, 2.0), "scaled", 3 * MIB)]
    found.shares = [
        Share("ours", "marts", "fct_events", 6.0),
        Share("ours", "staging", "stg_a", 3.99),
        Share("ours", "staging", "stg_b", 0.01),
    ]
    page = render([found], MACHINE, "make bench EVENTS=1000", {"loading": "The rows differ."})
    assert "`make bench EVENTS=1000`" in page
    assert "2 cores, 24 GiB of memory, load before the run 0.1" in page
    assert re_cells(page, "ours", 0) == ["ours", "2.00", "1.00 to 3.00", "3", "3 MiB", "scaled"]
    assert re_cells(page, "marts", 0) == ["marts", "all", "6.00", "60.0%"]
    assert re_cells(page, "staging", 2) == ["staging", "1 more", "0.01", "0.1%"]
    assert page.endswith("## loading\n\nFailed: The rows differ.\n")


def re_cells(page: str, first: str, number: int) -> list[str]:
    lines = [line for line in page.splitlines() if line.startswith(f"| {first} ") and "share" not in line]
    return [cell.strip() for cell in lines[number].strip("|").split("|")]


def test_a_table_is_aligned() -> None:
    assert table(("a", "bc"), [("def", "g")]) == "| a   | bc |\n| --- | -- |\n| def | g  |"


def test_a_process_is_told_its_own_memory_and_not_that_of_its_parent() -> None:
    ballast = bytearray(300 * MIB)
    small = run((sys.executable, "-c", "print('done')"), os.environ)
    large = run((sys.executable, "-c", f"bytearray(b'x') * {200 * MIB}"), os.environ)
    assert small.output == "done\n"
    assert small.peak_bytes < 100 * MIB < 200 * MIB < large.peak_bytes
    assert len(ballast) == 300 * MIB


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(BenchmarkError, match=r"ended with 3:\nno such thing"):
        run((sys.executable, "-c", "print('no such thing'); exit(3)"), os.environ)
    with pytest.raises(BenchmarkError, match="could not be started"):
        run(("no-such-program",), os.environ)


def test_the_parts_of_a_build_add_up_to_the_whole(tmp_path: Path) -> None:
    nodes = (
        Node("fct_events", "model", "marts", 2.0),
        Node("not_null", "test", "", 1.0),
        Node("hook", "operation", "", 0.5),
    )
    builds = [Build(6.0, 0, nodes)]
    names = ("dbt --version", "dbt build of an empty project", "dbt build")
    found = _findings({name: [6.0] for name in names}, builds)
    assert {share.name: share.seconds for share in found.shares} == {
        "hooks": 0.5,
        "models": 2.0,
        "data tests": 1.0,
        "start, reading the project, writing what was done": 2.5,
    }


def test_an_empty_project_builds(tmp_path: Path) -> None:
    empty = str(_empty_project(tmp_path / "empty"))
    where = ("--project-dir", empty, "--profiles-dir", empty, "--target-path", str(tmp_path / "target"))
    done = run((str(BIN / "dbt"), "build", *where), os.environ | {"DBT_LOG_PATH": str(tmp_path)})
    assert "Nothing to do" in done.output
