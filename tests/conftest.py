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

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
VENDORS = ("leanplum", "monetate", "pendo", "rudderstack", "snowplow")
SAMPLE_EVENTS = 800


@dataclass(frozen=True, slots=True)
class Workspace:
    """A throw-away database with the project's commands run against it, in processes of their own."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def run(self, *command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "SESSIONHOUSE_DATABASE": str(self.database),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "NO_COLOR": "1",
        }
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, (
            f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done

    def load(self, vendor: str, folder: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run("sessionhouse", "load", vendor, str(folder), code=code)

    def dbt(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run("dbt", "--no-use-colors", *arguments, code=code)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def workspace_factory(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Workspace]:
    return lambda name: Workspace(tmp_path_factory.mktemp(name))


@pytest.fixture
def workspace(workspace_factory: Callable[[str], Workspace]) -> Workspace:
    """A workspace without a database yet."""
    return workspace_factory("workspace")


@pytest.fixture(scope="session")
def sampled(workspace_factory: Callable[[str], Workspace]) -> Workspace:
    """Sample exports of all vendors, loaded and built with every dbt test; only to be read."""
    made = workspace_factory("sampled")
    exports = made.folder / "exports"
    made.run("sessionhouse", "sample", str(exports), "--events", str(SAMPLE_EVENTS), "--seed", "7")
    for vendor in VENDORS:
        made.load(vendor, exports / vendor)
    made.dbt("build")
    return made
