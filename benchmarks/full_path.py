"""Time the whole path once - sample exports, load, build - and print where the time goes.

Seconds differ from machine to machine; the shares and the ratios within one run are what to compare.
Run it as `make bench` or `python -m benchmarks.full_path --events 1000000`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
VENDORS = ("leanplum", "monetate", "pendo", "rudderstack", "snowplow")


@dataclass(frozen=True, slots=True)
class Step:
    """One timed step: `seconds` it took and `rows` it landed or built, 0 where that means nothing."""

    name: str
    seconds: float
    rows: int = 0


def measure(events: int, folder: Path) -> list[Step]:
    """Run every step in `folder` with about `events` sample events.

    Raises CalledProcessError if one fails.
    """
    database = folder / "bench.duckdb"
    exports = folder / "exports"
    environment = os.environ | {
        "SESSIONHOUSE_DATABASE": str(database),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }

    def timed(*command: str) -> float:
        started = time.perf_counter()
        subprocess.run(
            [str(BIN / command[0]), *command[1:]], cwd=ROOT, env=environment, check=True, capture_output=True
        )
        return time.perf_counter() - started

    steps = [
        Step("write samples", timed("sessionhouse", "sample", str(exports), "--events", str(events)), events)
    ]
    for vendor in VENDORS:
        seconds = timed("sessionhouse", "load", vendor, str(exports / vendor))
        steps.append(Step(f"load {vendor}", seconds, _rows_of(database, vendor)))
    whole_build = timed("dbt", "run")
    layers = _seconds_of_layers(folder / "target")
    steps += [Step(f"build {layer}", seconds) for layer, seconds in layers.items()]
    steps.append(Step("build: dbt's own time", whole_build - sum(layers.values())))
    steps.append(
        Step("load again, nothing new", timed("sessionhouse", "load", "pendo", str(exports / "pendo")))
    )
    return steps


def table(steps: Sequence[Step]) -> str:
    """Return the steps as lines of text: seconds, share of the whole, rows per second."""
    whole = sum(step.seconds for step in steps)
    lines = [f"{'step':<26}{'seconds':>9}{'share':>8}{'rows/s':>12}"]
    for step in steps:
        rate = f"{step.rows / step.seconds:>12,.0f}" if step.rows else ""
        lines.append(f"{step.name:<26}{step.seconds:>9.2f}{step.seconds / whole:>8.1%}{rate}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table for the number of events asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="about how many sample events to write")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sessionhouse-bench-") as folder:
        print(table(measure(chosen.events, Path(folder))))


def _rows_of(database: Path, vendor: str) -> int:
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute(
            "SELECT sum(rows) FROM raw.loads WHERE vendor = ? AND status = 'loaded'", [vendor]
        ).fetchone()
    return int(row[0]) if row and row[0] else 0


def _seconds_of_layers(target: Path) -> dict[str, float]:
    results = json.loads((target / "run_results.json").read_text())["results"]
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    layers = {"staging": 0.0, "intermediate": 0.0, "lifecycle": 0.0, "marts": 0.0}
    for result in results:
        node = nodes.get(result["unique_id"])
        if node and node["resource_type"] == "model":
            layers[node["fqn"][1]] += result["execution_time"]
    return layers


if __name__ == "__main__":
    main()
