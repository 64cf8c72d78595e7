"""Loaders that are killed, locked out or left without room: the next load finishes the work exactly."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loaders.exports import Options
from loaders.landing import open_landing
from loaders.loading import load_landing
from loaders.samples.generate import FEWEST_EVENTS, write_samples
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect
from tests.conftest import ROOT
from tests.loaders.crash_driver import STEPS
from tests.loaders.soundness import check_sound, contents
from tests.loaders.test_warehouse import held

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


def loaded(vendor: str, folder: Path, database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Load what is left and return what is then in the database."""
    connection = connect(database)
    load_landing(connection, VENDORS[vendor](), open_landing(str(folder)), Options())
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
    steps: list[list[object]] = [[step, chance.choice((1, 1, 2))] for step in STEPS]
    moments = [[round(chance.uniform(0.1, 1.2), 3)] for _ in range(RANDOM_KILLS)]
    plan = json.dumps({"steps.duckdb": steps, "moments.duckdb": moments})
    driver = subprocess.run(
        [sys.executable, "-m", "tests.loaders.crash_driver", vendor, samples / vendor, tmp_path, plan],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert driver.returncode == 0, driver.stderr
    ends = json.loads(driver.stdout)
    assert ends[: len(STEPS)] == [KILLED] * len(STEPS)
    undisturbed = loaded(vendor, samples / vendor, tmp_path / "undisturbed.duckdb")
    assert undisturbed["raw.loads"]
    for name in ("steps.duckdb", "moments.duckdb"):
        assert loaded(vendor, samples / vendor, tmp_path / name) == undisturbed


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
