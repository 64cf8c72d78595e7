"""Measure what an increment costs: a first build, then a build after the last share of the loads has come.

The loads are made once; the latest of them are then set aside, as if they had not come yet, and put back
between the two builds. Seconds differ from machine to machine; the ratio of the builds is what to compare.
Run it as `make increment EVENTS=2000000`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
VENDORS = ("leanplum", "monetate", "pendo", "rudderstack", "snowplow")
RAW_TABLES = {
    "raw_leanplum.sessions": "raw_leanplum",
    "raw_monetate.sessions": "raw_monetate",
    "raw_pendo.allevents": "raw_pendo",
    "raw_rudderstack.tracks": "raw_rudderstack",
    "raw_snowplow.events": "raw_snowplow",
}
# Once they are made, views need not be made again.
WITHOUT_VIEWS = ("--selector", "changes")
KEYS_OF_MARTS = {
    "fct_events": ("session_key", "session_changes"),
    "fct_sessions": ("session_key", "session_changes"),
    "fct_flows": ("session_key", "session_changes"),
    "dim_visitors": ("visitor_key", "visitor_changes"),
}


@dataclass(frozen=True, slots=True)
class Build:
    """One `dbt run`: seconds in its models, the slowest of them, and rows written per mart."""

    seconds: float
    slowest: tuple[tuple[str, float], ...]
    rows: dict[str, int]

    def told(self) -> str:
        """Return the seconds, and those of the slowest models."""
        slowest = ", ".join(f"{model} {seconds:.2f}" for model, seconds in self.slowest)
        return f"{self.seconds:.2f} s in models ({slowest})"


class Bench:
    """A database that is built, given the rest of its loads, and built again."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "bench.duckdb"
        self.aside = folder / "aside.duckdb"
        self.exports = folder / "exports"
        self.target = folder / "target"
        self._environment = os.environ | {
            "SESSIONHOUSE_DATABASE": str(self.database),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(folder / "logs"),
        }

    def run(self, *command: str) -> None:
        """Run one of the project's commands; raises CalledProcessError if it fails."""
        subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=ROOT,
            env=self._environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def load(self, events: int) -> None:
        """Write about `events` sample events and load them."""
        self.run("sessionhouse", "sample", str(self.exports), "--events", str(events))
        for vendor in VENDORS:
            self.run("sessionhouse", "load", vendor, str(self.exports / vendor))

    def set_aside(self, share: float) -> int:
        """Move the latest loads, about `share` of each vendor's rows, out; return how many rows."""
        moved = 0
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(f"ATTACH '{self.aside}' AS aside")
            for table, schema in RAW_TABLES.items():
                loads = _latest_loads(connection, table, share)
                for name in _tables_of(connection, schema):
                    moved += _move(connection, f"{schema}.{name}", f"aside.{schema}_{name}", loads)
        return moved

    def put_back(self) -> None:
        """Move what was set aside back, as if it had been loaded now."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(f"ATTACH '{self.aside}' AS aside")
            for schema in RAW_TABLES.values():
                for name in _tables_of(connection, schema):
                    connection.execute(f"INSERT INTO {schema}.{name} SELECT * FROM aside.{schema}_{name}")

    def build(self, *selection: str) -> Build:
        """Build the selected models, every one without a selection, and return what it cost."""
        self.run("dbt", "run", *selection)
        results = json.loads((self.target / "run_results.json").read_text())["results"]
        seconds = {
            str(result["unique_id"]).split(".")[-1]: float(result["execution_time"])
            for result in results
            if str(result["unique_id"]).startswith("model.")
        }
        slowest = sorted(seconds.items(), key=lambda item: -item[1])[:12]
        return Build(sum(seconds.values()), tuple(slowest), self._rows_written())

    def _rows_written(self) -> dict[str, int]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return {
                mart: _count(
                    connection,
                    f"SELECT count(*) FROM marts.{mart} "
                    f"WHERE {key} IN (SELECT {key} FROM lifecycle.{changes})",
                )
                for mart, (key, changes) in KEYS_OF_MARTS.items()
            }


def measure(events: int, share: float, folder: Path) -> str:
    """Return the figures of one history as lines of text."""
    bench = Bench(folder)
    bench.load(events)
    moved = bench.set_aside(share)
    first = bench.build()
    bench.put_back()
    builds = {
        "what changed": bench.build(*WITHOUT_VIEWS),
        "nothing new": bench.build(*WITHOUT_VIEWS),
        "nothing new, views made again": bench.build(),
    }
    written = builds["what changed"].rows
    lines = [
        f"history {events:,} events, then {moved:,} raw rows more ({share:.1%} of the loads)",
        "rows written: " + ", ".join(f"{mart} {rows:,}" for mart, rows in written.items()),
        f"first build: {first.told()}",
    ]
    for name, build in builds.items():
        lines.append(f"{name}: ratio {build.seconds / first.seconds:.3f}, {build.told()}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures for each number of events asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[200_000], help="sizes of the history")
    parser.add_argument("--share", type=float, default=0.01, help="share of the loads that come later")
    parser.add_argument("--keep", type=Path, help="folder to work in and keep")
    chosen = parser.parse_args(arguments)
    for events in chosen.events:
        if chosen.keep:
            chosen.keep.mkdir(parents=True, exist_ok=True)
            print(measure(events, chosen.share, chosen.keep))
            continue
        with tempfile.TemporaryDirectory(prefix="sessionhouse-bench-") as folder:
            print(measure(events, chosen.share, Path(folder)))


def _latest_loads(connection: duckdb.DuckDBPyConnection, table: str, share: float) -> list[int]:
    rows = connection.execute(
        f"SELECT _load_id, count(*) FROM {table} GROUP BY _load_id ORDER BY _load_id DESC"
    ).fetchall()
    wanted = share * sum(count for _, count in rows)
    chosen: list[int] = []
    taken = 0
    for load_id, count in rows:
        if taken + count <= 1.5 * wanted:
            chosen.append(load_id)
            taken += count
        if taken >= wanted:
            break
    return chosen


def _tables_of(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? ORDER BY table_name", [schema]
    ).fetchall()
    return [str(row[0]) for row in rows]


def _move(connection: duckdb.DuckDBPyConnection, table: str, aside: str, loads: list[int]) -> int:
    connection.execute(
        f"CREATE TABLE {aside} AS SELECT * FROM {table} WHERE _load_id IN (SELECT unnest($loads))",
        {"loads": loads},
    )
    connection.execute(f"DELETE FROM {table} WHERE _load_id IN (SELECT unnest($loads))", {"loads": loads})
    return _count(connection, f"SELECT count(*) FROM {aside}")


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
