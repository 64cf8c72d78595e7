"""`sessionhouse publish`: whole versions of the marts as Parquet, whatever happens while they are written."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from loaders.cli import main
from loaders.errors import NotReadyError
from loaders.warehouse import connect
from reporting import publication
from reporting.marts import MARTS
from reporting.publication import LAYOUTS, publish_marts
from tests.conftest import ROOT, Workspace
from tests.reporting.house import Session, make

MONDAY = datetime(2026, 2, 2, 9)
SESSIONS = [
    Session("pendo", "ann", MONDAY, ("load", "click", "leave"), page="/"),
    Session("pendo", "bob", MONDAY - timedelta(days=40), ("load",)),
    Session("rudderstack", "zoe", MONDAY, ("page", "page"), page="/"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("house") / "warehouse.duckdb", SESSIONS)


@pytest.fixture(scope="module")
def smaller(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another state of the marts: what an earlier run published."""
    return make(tmp_path_factory.mktemp("smaller") / "warehouse.duckdb", SESSIONS[:1])


def publish(database: Path, folder: Path) -> Result:
    result = CliRunner().invoke(main, ["publish", str(folder), "--database", str(database)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def published_rows(folder: Path, mart: str, *columns: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT {', '.join(columns)} FROM read_parquet($files, hive_partitioning = true) ORDER BY ALL",
            {"files": f"{folder}/current/{mart}/**/*.parquet"},
        ).fetchall()


def check_sound(folder: Path) -> dict[str, int]:
    """Return how many rows of each mart readers see, which must be those that the publication tells."""
    told = json.loads((folder / "current" / "publication.json").read_text())
    counts = {mart: len(published_rows(folder, mart, "source")) for mart in MARTS}
    assert counts == {mart: table["rows"] for mart, table in told["tables"].items()}
    assert (folder / "current").resolve().name == f"version-{told['version']}"
    return counts


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_mart_is_published_and_there_is_no_other() -> None:
    built = sorted(path.stem for path in (ROOT / "models" / "marts").glob("*.sql"))
    assert sorted(MARTS) == built
    assert sorted(layout.mart for layout in LAYOUTS) == built


def test_the_command_says_what_it_wrote(database: Path, tmp_path: Path) -> None:
    result = publish(database, tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "dim_sessions: 3 rows in 3 files",
        "dim_visitors: 3 rows in 2 files",
        "fct_daily_metrics: 3 rows in 2 files",
        "fct_events: 6 rows in 3 files",
        "fct_flows: 6 rows in 3 files",
        "fct_retention: 3 rows in 2 files",
        "fct_session_matches: 2 rows in 2 files",
        "fct_sessions: 3 rows in 3 files",
        f"{tmp_path / 'out' / 'current'}: version 1, as of 2026-02-10 06:30 UTC",
    ]
    assert json.loads((tmp_path / "out" / "current" / "publication.json").read_text()) == {
        "version": 1,
        "load_id": 2,
        "loaded_at": "2026-02-10 06:30:00",
        "tables": {
            layout.mart: {
                "rows": check_sound(tmp_path / "out")[layout.mart],
                "files": len(list((tmp_path / "out" / "current" / layout.mart).rglob("*.parquet"))),
                "folders": list(layout.folders),
            }
            for layout in LAYOUTS
        },
    }


def test_files_lie_by_source_and_month_and_hold_the_marts_with_keys_as_text(
    database: Path, tmp_path: Path
) -> None:
    publish(database, tmp_path / "out")
    events = tmp_path / "out" / "current" / "fct_events"
    assert sorted(str(path.relative_to(events)) for path in events.rglob("*.parquet")) == [
        "source=pendo/month=2025-12-01/fct_events_1_0.parquet",
        "source=pendo/month=2026-02-01/fct_events_1_0.parquet",
        "source=rudderstack/month=2026-02-01/fct_events_1_0.parquet",
    ]
    columns = ("event_key::varchar", "source", "event_name", "occurred_at", "day")
    with duckdb.connect(str(database), read_only=True) as connection:
        expected = connection.execute(
            f"SELECT {', '.join(columns)} FROM marts.fct_events ORDER BY ALL"
        ).fetchall()
    assert published_rows(tmp_path / "out", "fct_events", *columns) == expected
    with duckdb.connect() as connection:
        for mart in MARTS:
            files = f"{tmp_path}/out/current/{mart}/**/*.parquet"
            # Also without a look at the names of folders.
            described = connection.execute(
                "DESCRIBE SELECT * FROM read_parquet($files, hive_partitioning = false)", {"files": files}
            ).fetchall()
            assert "UUID" not in {row[1] for row in described}
            assert "source" in {row[0] for row in described}
            compression = connection.execute(
                "SELECT DISTINCT compression FROM parquet_metadata($files)", {"files": files}
            ).fetchall()
            assert compression == [("ZSTD",)]


def test_rows_without_a_time_are_published_too(tmp_path: Path) -> None:
    database = make(tmp_path / "warehouse.duckdb", SESSIONS)
    with connect(database) as connection:
        connection.execute(
            "UPDATE marts.fct_sessions SET day = NULL, started_at = NULL WHERE visitor_id = 'zoe'"
        )
    publish(database, tmp_path / "out")
    assert published_rows(tmp_path / "out", "fct_sessions", "visitor_id", "month")[-1] == ("zoe", None)


def test_empty_marts_are_files_without_rows(tmp_path: Path) -> None:
    database = make(tmp_path / "warehouse.duckdb", [])
    assert publish(database, tmp_path / "out").exit_code == 0
    assert set(check_sound(tmp_path / "out").values()) == {0}


def test_the_version_before_stays_for_its_readers_until_the_next(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for number in (1, 2, 3):
        publish(database, folder)
        kept = [f"version-{each}" for each in (number - 1, number) if each]
        assert entries(folder) == [".publication", "current", *kept]
    assert (folder / "current").readlink() == Path("version-3")


@pytest.mark.parametrize(
    ("step", "count"),
    [
        ("before make", 1),
        ("after clean", 1),
        ("before write", 1),
        ("after write", 1),
        ("before write", 4),
        ("after write", 6),
        ("before describe", 1),
        ("after describe", 1),
        ("after flush", 1),
        ("between link and rename", 1),
    ],
)
def test_a_run_killed_before_the_end_leaves_the_old_version_and_the_next_cleans_up(
    database: Path, smaller: Path, tmp_path: Path, step: str, count: int
) -> None:
    folder = tmp_path / "out"
    publish_marts(smaller, folder)
    before = check_sound(folder)
    die(database, folder, step, count)
    assert check_sound(folder) == before
    assert publish(database, folder).exit_code == 0
    assert check_sound(folder)["fct_events"] == 6
    assert entries(folder) == [".publication", "current", "version-1", "version-2"]


def test_a_run_killed_after_the_swap_leaves_the_new_version(
    database: Path, smaller: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    publish_marts(smaller, folder)
    die(database, folder, "after show", 1)
    assert check_sound(folder)["fct_events"] == 6
    publish_marts(smaller, folder)
    assert check_sound(folder)["fct_events"] == 3
    assert entries(folder) == [".publication", "current", "version-2", "version-3"]


def test_the_first_run_killed_leaves_nothing_that_readers_see(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    die(database, folder, "after write", 3)
    assert not (folder / "current").exists()
    assert publish(database, folder).exit_code == 0
    assert entries(folder) == [".publication", "current", "version-1"]


def die(database: Path, folder: Path, step: str, count: int) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.reporting.publish_driver",
        str(database),
        str(folder),
        step,
        str(count),
    ]
    done = subprocess.run(command, cwd=ROOT, timeout=120, check=False, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr


def test_a_kill_from_outside_while_files_are_written_leaves_the_old_version(
    smaller: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    publish_marts(smaller, folder)
    before = check_sound(folder)
    large = make(tmp_path / "warehouse.duckdb", SESSIONS)
    with connect(large) as connection:
        connection.execute(
            "INSERT INTO marts.fct_events SELECT events.* FROM marts.fct_events AS events, range(200000)"
        )
    command = [sys.executable, "-m", "loaders", "publish", str(folder), "--database", str(large)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        give_up_at = time.monotonic() + 60
        while not list((folder / "version-2").rglob("*events*")) and time.monotonic() < give_up_at:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
    assert (folder / "version-2").exists()
    assert check_sound(folder) == before


def test_readers_see_one_version_or_the_other_and_never_a_mixture(
    database: Path, smaller: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    publish_marts(smaller, folder)
    seen: set[int] = set()
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                seen.add(len(published_rows(folder, "fct_events", "event_key")))
            except duckdb.IOException:
                # Files that were listed and are no longer current: an error, where a mixture would be a lie.
                continue

    reader = threading.Thread(target=read)
    reader.start()
    for source in (database, smaller) * 4:
        publish_marts(source, folder)
    is_over.set()
    reader.join(timeout=60)
    assert seen
    assert seen <= {3, 6}


def test_two_runs_at_once_do_not_meet(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    publish_marts(database, folder)
    with (folder / ".publication").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = publish(database, folder)
    assert result.exit_code == 3
    assert f"Another run publishes into {folder}" in result.stderr
    assert entries(folder) == [".publication", "current", "version-1"]


def test_a_folder_of_other_things_is_left_alone(database: Path, tmp_path: Path) -> None:
    (tmp_path / "version-9").mkdir()
    result = publish(database, tmp_path)
    assert result.exit_code == 2
    assert "holds other files; name a new or empty folder" in result.stderr
    assert entries(tmp_path) == ["version-9"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("nowhere/out", "does not exist; create it first"), ("file", "is a file; name a folder")],
)
def test_a_place_that_cannot_be_a_folder_is_wrong_usage(
    database: Path, tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "file").touch()
    result = publish(database, tmp_path / name)
    assert result.exit_code == 2
    assert told in result.stderr


def test_without_built_marts_no_folder_is_made(tmp_path: Path) -> None:
    connect(tmp_path / "warehouse.duckdb").close()
    result = publish(tmp_path / "warehouse.duckdb", tmp_path / "out")
    assert result.exit_code == 3
    assert "Run dbt build first." in result.stderr
    assert not (tmp_path / "out").exists()


def test_files_that_lost_rows_are_not_shown(
    database: Path, smaller: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    publish_marts(smaller, folder)
    monkeypatch.setattr(publication, "WRITTEN", "SELECT count(*)::BIGINT, 1::BIGINT FROM glob($files)")
    with pytest.raises(NotReadyError, match="does not hold the 3 rows written to it"):
        publish_marts(database, folder)
    assert check_sound(folder)["fct_events"] == 3
    assert entries(folder) == [".publication", "current", "version-1"]


def test_a_real_build_is_published_whole(sampled: Workspace, tmp_path: Path) -> None:
    publish_marts(sampled.database, tmp_path / "out")
    counts = check_sound(tmp_path / "out")
    assert counts == {mart: sampled.rows(f"SELECT count(*) FROM marts.{mart}")[0][0] for mart in MARTS}
