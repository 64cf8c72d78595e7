"""Loaders that are killed, locked out or left without room: the next load finishes the work exactly."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from loaders.exports import Options
from loaders.landing import CacheSettings, open_landing
from loaders.loading import load_landing
from loaders.samples import FEWEST_EVENTS
from loaders.samples.generate import write_samples
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect
from tests.conftest import ROOT
from tests.loaders.crash_driver import DOWNLOAD_STEPS, LAST_STEP, STEPS, cache_of
from tests.loaders.object_store import Bucket
from tests.loaders.soundness import cached_files, check_cache, check_sound, contents
from tests.loaders.test_warehouse import held

# What the driver is to do to one database; see there.
Kills = list[list[object]]

KILLED = 9
RANDOM_KILLS = 3
# Runs the command line with files of so many bytes at most, as on a disk that is full.
FULL_DISK = """
import resource, sys
room = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
from loaders.cli import main
main()
"""
# Runs the command line without the rights of root, for whom no folder is read-only.
UNPRIVILEGED = """
import os
from loaders.cli import main
if os.geteuid() == 0:
    os.seteuid(65534)
main()
"""
# Runs the command line with less patience for locks.
IMPATIENT = """
from loaders import warehouse
warehouse.LOCK_WAIT_SECONDS = 0.5
from loaders.cli import main
main()
"""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "exports"
    write_samples(folder, FEWEST_EVENTS, 1)
    return folder


def loaded(vendor: str, place: Path | str, database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Load what is left and return what is then in the database."""
    connection = connect(database)
    with closing(open_landing(str(place), CacheSettings(cache_of(database)))) as landing:
        load_landing(connection, VENDORS[vendor](), landing, Options())
    check_sound(connection)
    found = contents(connection, vendor)
    connection.close()
    return found


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_killed_loads_lose_and_double_nothing(samples: Path, tmp_path: Path, vendor: str) -> None:
    chance = random.Random(vendor)
    plan = {"steps.duckdb": at_steps(STEPS, chance), "moments.duckdb": at_moments(RANDOM_KILLS, chance)}
    check_kills(vendor, samples / vendor, samples / vendor, tmp_path, plan)


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_killed_loads_from_object_storage_lose_and_double_nothing(
    samples: Path, bucket: Bucket, tmp_path: Path, vendor: str
) -> None:
    bucket.upload(samples / vendor, "exports/")
    # The first objects come in two parts, so that a load can be killed in between.
    bucket.store.cut_whole_bodies("exports/.+", lambda body: body[: len(body) // 2], times=40)
    chance = random.Random(vendor)
    steps = [*at_each(DOWNLOAD_STEPS), *at_steps(STEPS, chance), *at_each((LAST_STEP,))]
    plan = {"steps.duckdb": steps, "moments.duckdb": at_moments(1, chance)}
    check_kills(vendor, f"{bucket.uri}/exports", samples / vendor, tmp_path, plan)
    assert any(request.range for request in bucket.store.requests)
    for name in ("steps.cache", "undisturbed.cache"):
        assert cached_files(tmp_path / name) == []


def at_each(steps: tuple[str, ...]) -> Kills:
    return [[step, 1] for step in steps]


def at_steps(steps: tuple[str, ...], chance: random.Random) -> Kills:
    return [[step, chance.choice((1, 1, 2))] for step in steps]


def at_moments(count: int, chance: random.Random) -> Kills:
    return [[round(chance.uniform(0.1, 1.2), 3)] for _ in range(count)]


def check_kills(
    vendor: str, place: Path | str, exports: Path, databases: Path, plan: dict[str, Kills]
) -> None:
    """Kill loads as planned, finish them, and compare all that was loaded with an undisturbed load."""
    arguments = [vendor, place, exports, databases, json.dumps(plan)]
    driver = subprocess.run(
        [sys.executable, "-m", "tests.loaders.crash_driver", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert driver.returncode == 0, driver.stderr
    kills = [kill for of_database in plan.values() for kill in of_database]
    ends = zip(kills, json.loads(driver.stdout), strict=True)
    assert [kill for kill, end in ends if end != KILLED and len(kill) == 2] == []
    undisturbed = loaded(vendor, place, databases / "undisturbed.duckdb")
    assert undisturbed["raw.loads"]
    for name in plan:
        assert loaded(vendor, place, databases / name) == undisturbed
        check_cache(cache_of(databases / name), exports)


def test_a_locked_database_is_waited_for_and_then_told(samples: Path, tmp_path: Path) -> None:
    database = tmp_path / "w.duckdb"
    connect(database).close()
    with held(database, 60):
        done = run(IMPATIENT, "load", "monetate", samples / "monetate", "--database", database)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("DatabaseLockedError: ")
    assert "w.duckdb is in use by another process (waited 0 s). Close it there" in done.stderr


@pytest.mark.parametrize("room", [4096, 16 << 10, 32 << 10, 64 << 10])
def test_a_full_disk_is_told_and_the_next_load_finishes(samples: Path, tmp_path: Path, room: int) -> None:
    database = tmp_path / "w.duckdb"
    done = run(FULL_DISK, room, "load", "leanplum", samples / "leanplum", "--database", database)
    assert done.returncode == 3, done.stdout
    assert done.stderr.startswith("NotReadyError: ")
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    found = loaded("leanplum", samples / "leanplum", database)
    assert found == loaded("leanplum", samples / "leanplum", tmp_path / "undisturbed.duckdb")


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that anybody can look into and nobody but root can write to."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_a_read_only_folder_is_told(read_only_folder: Path) -> None:
    exports = read_only_folder / "exports"
    if os.geteuid() == 0:
        exports.mkdir(mode=0o755)
    else:
        exports = read_only_folder
    database = read_only_folder / "w.duckdb"
    done = run(UNPRIVILEGED, "load", "monetate", exports, "--database", database)
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("NotReadyError: Cannot open ")
    assert "Permission denied" in done.stderr
    assert not database.exists()
