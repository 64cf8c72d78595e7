"""The project's own commands, run against one database, and what dbt told of a run."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.findings import Share
from benchmarks.timing import ROOT, Run, run

BIN = Path(sys.executable).parent
DATABASE_NAME = "bench.duckdb"
CHANGES = ("--selector", "nightly")


@dataclass(frozen=True, slots=True)
class Node:
    """What dbt spent on one thing it built or tested; `layer` is the model's folder, `""` for others."""

    name: str
    kind: str
    layer: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Build:
    """One run of dbt: the seconds of the whole process, its peak memory, and the parts it told of."""

    seconds: float
    peak_bytes: int
    nodes: tuple[Node, ...]

    @property
    def model_seconds(self) -> float:
        """Seconds spent in models, tests and hooks left out."""
        return self.seconds_of("model")

    def seconds_of(self, kind: str) -> float:
        """Seconds spent in parts of one kind: `model`, `test`, `operation` (a hook), `seed`."""
        return sum(node.seconds for node in self.nodes if node.kind == kind)


@dataclass(frozen=True, slots=True)
class Project:
    """A folder to work in with a database. All builds are of one path, since dbt parses anew for another.

    Histories are brought into that path and kept from there as copies of the file.
    """

    folder: Path
    memory_limit: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The DuckDB file that the commands work on."""
        return self.folder / DATABASE_NAME

    def bring(self, kept: Path) -> None:
        """Put a copy of a kept database in place of the present one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.forget()
        shutil.copyfile(kept, self.database)

    def keep(self, path: Path) -> None:
        """Copy the database to a path whose file has the same name: views name it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        shutil.copyfile(self.database, part)
        part.replace(path)

    def forget(self) -> None:
        """Remove the database."""
        self.database.unlink(missing_ok=True)
        self.database.with_name(f"{DATABASE_NAME}.wal").unlink(missing_ok=True)

    def load(self, vendor: str, place: Path | str) -> Run:
        """Load exports from a folder or a URI."""
        return self.command(sys.executable, "-m", "loaders", "load", vendor, str(place))

    def parse(self) -> None:
        """Let dbt read the project, so that the builds that follow need not."""
        self.command(str(BIN / "dbt"), "--quiet", "parse")

    def build(self, command: str = "run", selection: Sequence[str] = ()) -> Build:
        """Run `dbt run`, or `build`, and return what it cost."""
        results = self.folder / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        done = self.command(str(BIN / "dbt"), "--no-use-colors", command, *selection)
        return Build(done.seconds, done.peak_bytes, _nodes(self.folder / "target"))

    def command(self, *command: str) -> Run:
        """Run any command in the environment of this project."""
        return run(command, self._environment())

    def _environment(self) -> dict[str, str]:
        chosen = os.environ | {
            "SESSIONHOUSE_DATABASE": str(self.database),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "NO_COLOR": "1",
        }
        chosen |= self.environment
        if self.memory_limit:
            chosen["DBT_PROFILES_DIR"] = str(self._profile_with_limit())
        return chosen

    def _profile_with_limit(self) -> Path:
        """Write the project's profile with a limit of memory, and return its folder."""
        profile: dict[str, Any] = yaml.safe_load((ROOT / "profiles.yml").read_text(encoding="utf-8"))
        (output,) = profile["sessionhouse"]["outputs"].values()
        # Not settings, which dbt applies anew for every model: a folder that is spilled to cannot be changed.
        output["config_options"]["memory_limit"] = self.memory_limit
        output["config_options"]["temp_directory"] = str(self.folder / "spill")
        folder = self.folder / "profile"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        return folder


def shares_of(what: str, builds: Sequence[Build]) -> list[Share]:
    """Return the mean seconds of every model, the dearest first."""
    seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
    for build in builds:
        for node in build.nodes:
            if node.kind == "model":
                seconds[node.layer, node.name] += node.seconds / len(builds)
    shares = [Share(what, layer, name, value) for (layer, name), value in seconds.items()]
    return sorted(shares, key=lambda share: -share.seconds)


def _nodes(target: Path) -> tuple[Node, ...]:
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    known = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    return tuple(_node(result, known.get(result["unique_id"], {})) for result in results)


def _node(result: Mapping[str, Any], known: Mapping[str, Any]) -> Node:
    kind, _, name = result["unique_id"].split(".", 2)
    layer = known["fqn"][1] if kind == "model" else ""
    return Node(name, kind, layer, float(result["execution_time"]))
