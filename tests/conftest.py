from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.processes import SharedFixtureScheduling

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
VENDORS = ("leanplum", "monetate", "pendo", "rudderstack", "snowplow")


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> SharedFixtureScheduling:
    return SharedFixtureScheduling(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: compressed ones hold the time, and processes must agree on all names."""
    return argname if isinstance(val, bytes) else None


@dataclass(frozen=True, slots=True)
class Workspace:
    """A throw-away database with the project's commands run against it, in processes of their own."""

    folder: Path
    database_name: str = "warehouse.duckdb"

    @property
    def database(self) -> Path:
        return self.folder / self.database_name

    def run(self, *command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, (
            f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "SESSIONHOUSE_DATABASE": str(self.database),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "NO_COLOR": "1",
        }

    def load(self, vendor: str, folder: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run("sessionhouse", "load", vendor, str(folder), code=code)

    def dbt(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run("dbt", "--no-use-colors", *arguments, code=code)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()


@dataclass(frozen=True, slots=True)
class Demo:
    """What `make demo` left behind: its database, and its output with the folder named as by default."""

    workspace: Workspace
    output: str


@pytest.fixture(scope="session")
def workspace_factory(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Workspace]:
    return lambda name: Workspace(tmp_path_factory.mktemp(name))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """`make demo`, run once; its database is the built one that the other tests read."""
    made = Workspace(tmp_path_factory.mktemp("demo") / "demo", "demo.duckdb")
    done = subprocess.run(
        ["make", "--no-print-directory", "demo", f"DEMO={made.folder}", f"VENV={BIN.parent}"],
        cwd=ROOT,
        env=made.environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return Demo(made, done.stdout.replace(str(made.folder), "build/demo").replace(str(BIN.parent), ".venv"))


@pytest.fixture(scope="session")
def sampled(demo: Demo) -> Workspace:
    """Sample exports of all vendors, loaded and built with every data test; only to be read."""
    return demo.workspace
