"""`sessionhouse load --follow` in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from loaders.cli import main
from tests.conftest import ROOT
from tests.loaders.test_warehouse import held

PATIENCE_SECONDS = 60
PLAIN = "from loaders.cli import main; main()"
# Takes its time with every export, so that a signal arrives while one is in work.
SLOW = """
import time
from loaders import loading
from loaders.vendors.rudderstack.loader import RudderStack
land = RudderStack.land
def slow(self, load):
    land(self, load)
    print("landing", flush=True)
    time.sleep(1.5)
RudderStack.land = slow
loading.GROUP_EXPORTS = 1
from loaders.cli import main
main()
"""


def call(number: int) -> str:
    return json.dumps({"messageId": f"m{number}", "type": "track", "receivedAt": "2020-01-24T06:29:02Z"})


def write(folder: Path, name: str, *lines: str) -> None:
    """Write a file that is there whole or not at all, like an upload that is renamed when it ends."""
    part = folder / f"{name}.part"
    part.write_text("\n".join(lines))
    part.rename(folder / name)


class Following:
    """A running command, its lines of output gathered as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        assert process.stderr
        self.process = process
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._readers = [
            threading.Thread(target=gather, args=pair, daemon=True)
            for pair in ((process.stdout, self.lines), (process.stderr, self.errors))
        ]
        for reader in self._readers:
            reader.start()

    def until(self, condition: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < give_up_at, (self.lines, self.errors)
            assert self.process.poll() is None, (self.lines, self.errors)
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_SECONDS)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        return code


def gather(stream: Iterable[str], lines: list[str]) -> None:
    for line in stream:
        lines.append(line.rstrip("\n"))


@contextmanager
def following(folder: Path, database: Path, program: str = PLAIN) -> Iterator[Following]:
    command = [
        *(sys.executable, "-c", program, "load", "rudderstack", str(folder)),
        *("--database", str(database), "--follow", "--every", "0.1"),
    ]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Following(process)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


def ids(database: Path) -> list[str]:
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute("SELECT id FROM raw_rudderstack.tracks ORDER BY id").fetchall()
    return [name for (name,) in found]


def test_exports_are_loaded_as_they_arrive_and_told_once(landing_folder: Path, database: Path) -> None:
    with following(landing_folder, database) as follower:
        # Files of others: no export yet, which is no mistake.
        write(landing_folder, "notes.txt", "not an export")
        follower.until(database.exists)
        write(landing_folder, "a.json", call(1), call(2))
        follower.until(lambda: len(follower.lines) == 1)
        write(landing_folder, "bad.json", "no JSON at all")
        follower.until(lambda: len(follower.lines) == 4)
        write(landing_folder, "b.json", call(3))
        follower.until(lambda: len(follower.lines) == 5)
        assert follower.stop() == 0
    assert follower.lines == [
        "rudderstack: 1 loaded (2 rows)",
        "rudderstack: rejected bad.json",
        follower.lines[2],
        "rudderstack: nothing new, 1 rejected",
        "rudderstack: 1 loaded (1 row)",
    ]
    assert follower.lines[2].startswith("    bad.json holds no RudderStack lines")
    assert follower.errors == []
    assert ids(database) == ["m1", "m2", "m3"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_export_in_work_and_ends_well(
    landing_folder: Path, database: Path, number: signal.Signals
) -> None:
    for name in ("a", "b", "c"):
        write(landing_folder, f"{name}.json", call(ord(name)))
    with following(landing_folder, database, SLOW) as follower:
        follower.until(lambda: "landing" in follower.lines)
        assert follower.stop(number) == 0
    assert follower.lines == ["landing", "rudderstack: 1 loaded (1 row)"]
    assert follower.errors == []
    assert ids(database) == [f"m{ord('a')}"]


def test_a_second_signal_ends_at_once_and_leaves_nothing_half_done(
    landing_folder: Path, database: Path
) -> None:
    write(landing_folder, "a.json", call(1))
    with following(landing_folder, database, SLOW) as follower:
        follower.until(lambda: "landing" in follower.lines)
        follower.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert follower.stop() == -signal.SIGTERM
    assert ids(database) == []


def test_the_database_is_free_while_there_is_nothing_to_load(landing_folder: Path, database: Path) -> None:
    write(landing_folder, "a.json", call(1))
    with following(landing_folder, database) as follower:
        follower.until(lambda: len(follower.lines) == 1)
        with duckdb.connect(str(database)) as connection:
            connection.execute("CREATE TABLE mine AS SELECT 1 AS x")
            # Longer than several rounds: they must not want the database.
            time.sleep(0.5)
        assert follower.stop() == 0
    assert follower.errors == []


def test_a_locked_database_is_waited_for(landing_folder: Path, database: Path) -> None:
    write(landing_folder, "a.json", call(1))
    duckdb.connect(str(database)).close()
    lock = ExitStack()
    lock.enter_context(held(database, 60))
    with lock, following(landing_folder, database) as follower:
        follower.until(lambda: len(follower.errors) == 1)
        time.sleep(1.5)
        assert follower.lines == []
        lock.close()
        follower.until(lambda: follower.lines == ["rudderstack: 1 loaded (1 row)"])
        assert follower.stop() == 0
    told = f"DatabaseLockedError: {database} is in use by another process. Waiting until it is free."
    assert follower.errors == [told]


def test_who_waits_for_a_locked_database_can_be_stopped(landing_folder: Path, database: Path) -> None:
    write(landing_folder, "a.json", call(1))
    duckdb.connect(str(database)).close()
    with held(database, 60), following(landing_folder, database) as follower:
        follower.until(lambda: len(follower.errors) == 1)
        assert follower.stop(signal.SIGINT) == 0
    assert follower.lines == []


def test_a_folder_that_is_briefly_gone_is_told_once_and_looked_for_again(
    landing_folder: Path, database: Path, tmp_path: Path
) -> None:
    write(landing_folder, "a.json", call(1))
    with following(landing_folder, database) as follower:
        follower.until(lambda: len(follower.lines) == 1)
        landing_folder.rename(tmp_path / "away")
        follower.until(lambda: len(follower.errors) == 1)
        time.sleep(0.5)
        assert follower.errors == [f"LandingError: Cannot read {landing_folder}: No such file or directory."]
        (tmp_path / "away").rename(landing_folder)
        write(landing_folder, "b.json", call(2))
        follower.until(lambda: len(follower.lines) == 2)
        landing_folder.rename(tmp_path / "away")
        follower.until(lambda: len(follower.errors) == 2)
        assert follower.stop() == 0
    assert ids(database) == ["m1", "m2"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere", "--follow"], "nowhere does not exist"),
        ([".", "--every", "5"], "--every is the pause of --follow"),
        ([".", "--follow", "--every", "0"], "is not in the range"),
        ([".", "--follow", "--database", "no/such/folder/w.duckdb"], "folder no/such/folder does not exist"),
    ],
)
def test_wrong_usage_ends_at_once(
    landing_folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    write(landing_folder, "a.json", call(1))
    monkeypatch.chdir(landing_folder)
    result = CliRunner().invoke(main, ["load", "rudderstack", *arguments])
    assert result.exit_code == 2
    assert told in result.stderr
