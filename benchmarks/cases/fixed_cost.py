"""What a build costs where nothing is new: dbt's own time, part by part, on small exports of all vendors."""

from __future__ import annotations

import shutil
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean

import yaml

from benchmarks import goals
from benchmarks.findings import Findings, Measure, Ratio, Share, ratios
from benchmarks.project import BIN, Build, Project
from benchmarks.workspace import Workspace
from loaders.vendors.registry import VENDORS

SAMPLE_EVENTS = 2_000
DBT = str(BIN / "dbt")
# How dbt calls the parts of a build, and what they are called here.
PARTS = {
    "operation": "hooks",
    "model": "models",
    "test": "data tests",
    "unit_test": "unit tests",
    "seed": "seeds",
}


class FixedCost:
    """Times builds with nothing new beside dbt without a project and with an empty one."""

    name = goals.FIXED_COST

    def measure(self, workspace: Workspace) -> Findings:
        """Return the seconds of every part of a build that finds nothing new."""
        project = _sampled(workspace)
        empty = _empty_project(workspace.folder / "empty")
        seconds: defaultdict[str, list[float]] = defaultdict(list)
        builds: list[Build] = []
        for number in range(workspace.settings.repeats):
            workspace.tell(f"nothing new, round {number + 1}")
            seconds["dbt --version"].append(project.command(DBT, "--version").seconds)
            seconds["dbt build of an empty project"].append(
                project.command(DBT, "build", *_in(empty, workspace.folder)).seconds
            )
            seconds["dbt parse, nothing changed"].append(project.command(DBT, "--quiet", "parse").seconds)
            seconds["dbt run --selector nightly"].append(
                project.build("run", ("--selector", "nightly")).seconds
            )
            builds.append(project.build("build"))
            seconds["dbt build"].append(builds[-1].seconds)
        project.forget()
        return _findings(seconds, builds)


def _findings(seconds: dict[str, list[float]], builds: list[Build]) -> Findings:
    found = Findings(goals.FIXED_COST)
    measures = {name: Measure(f"{name}, whole process", tuple(values)) for name, values in seconds.items()}
    found.measures += measures.values()
    counted = {told: sum(node.kind == kind for node in builds[-1].nodes) for kind, told in PARTS.items()}
    found.facts["parts of the build"] = ", ".join(
        f"{number} {told}" for told, number in counted.items() if number
    )
    for kind, told in PARTS.items():
        if counted[told]:
            found.shares.append(
                Share("dbt build", "", told, mean(build.seconds_of(kind) for build in builds))
            )
    rest = mean(build.seconds - sum(node.seconds for node in build.nodes) for build in builds)
    found.shares.append(Share("dbt build", "", "start, reading the project, writing what was done", rest))
    whole = measures["dbt build"].seconds
    for name in ("dbt --version", "dbt build of an empty project"):
        found.ratios.append(Ratio(f"dbt build / {name}", ratios(whole, measures[name].seconds)))
    return found


def _sampled(workspace: Workspace) -> Project:
    """Return a project whose database holds the samples, built."""
    project = Project(workspace.folder / "samples")
    project.folder.mkdir(parents=True, exist_ok=True)
    project.forget()
    exports = project.folder / "exports"
    shutil.rmtree(exports, ignore_errors=True)
    workspace.tell("loading and building samples of all vendors")
    project.command(sys.executable, "-m", "loaders", "sample", str(exports), "--events", str(SAMPLE_EVENTS))
    for vendor in VENDORS:
        project.load(vendor, exports / vendor)
    project.build()
    return project


def _empty_project(folder: Path) -> Path:
    """Write a project of dbt's without anything in it, and its profile."""
    folder.mkdir(parents=True, exist_ok=True)
    project = {"name": "empty", "version": "1.0", "profile": "empty"}
    output = {"type": "duckdb", "path": str(folder / "empty.duckdb"), "threads": 1}
    profile = {"empty": {"target": "duckdb", "outputs": {"duckdb": output}}}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project), encoding="utf-8")
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    return folder


def _in(empty: Path, folder: Path) -> tuple[str, ...]:
    target = folder / "empty" / "target"
    return ("--project-dir", str(empty), "--profiles-dir", str(empty), "--target-path", str(target))
