"""Avro: one day of Pendo's events in one file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks import goals
from benchmarks.cases.loads import Loads, fresh, scale_note, scaled
from benchmarks.errors import BenchmarkError
from benchmarks.exports.pendo import VISIT_EVENTS, write_day
from benchmarks.findings import Findings, Measure, Ratio, ratios
from benchmarks.peers.avro_readers import load_batches, load_rows
from benchmarks.rudderstack import attach
from benchmarks.timing import seconds_of
from benchmarks.workspace import Workspace, create_raw_tables
from loaders.warehouse import CONFIG

BATCHES_EVENTS = 200_000
ROWS_EVENTS = 10_000
# The file is compared with one of so many times fewer events, for the memory that both need.
SMALLER = 4
_DIGEST = """
    SELECT
        count(*),
        sum(hash(event_id, visitor_id, account_id, browser_timestamp, event_type, url)::HUGEINT)
    FROM {table} WHERE _line <= $most
"""

Peer = Callable[[duckdb.DuckDBPyConnection, Path, int], None]


def measure_avro(workspace: Workspace, found: Findings) -> None:
    """Add the load of a large Avro file beside fastavro, and its peak memory beside that of a smaller one."""
    events = workspace.settings.avro_events // VISIT_EVENTS * VISIT_EVENTS
    smaller = events // SMALLER // VISIT_EVENTS * VISIT_EVENTS
    place, path = _export(workspace, events)
    loads = Loads(workspace, "pendo", place, events)
    less = Loads(workspace, "pendo", _export(workspace, smaller)[0], smaller)
    batches, rows = [], []
    for number in range(workspace.settings.repeats):
        workspace.tell(f"Avro, round {number + 1}: ours, ours on less, fastavro")
        less.load()
        loads.load()
        batches.append(_peer(loads, path, load_batches, min(BATCHES_EVENTS, events)))
        rows.append(_peer(loads, path, load_rows, min(ROWS_EVENTS, events)))
    ours, small = loads.measure("Avro: ours"), less.measure(f"Avro: ours, {smaller:,} events")
    note = scale_note(min(BATCHES_EVENTS, events), events, "events")
    peer = Measure("Avro: fastavro in Arrow batches", _scaled(batches, BATCHES_EVENTS, events), note)
    row_note = scale_note(min(ROWS_EVENTS, events), events, "events")
    loop = Measure("Avro: fastavro row by row", _scaled(rows, ROWS_EVENTS, events), row_note)
    found.measures += [ours, small, peer, loop]
    found.facts["Avro"] = f"{events:,} events in one file of {path.stat().st_size:,} bytes"
    found.compare(goals.AVRO_BATCHES, peer, ours, note)
    found.ratios.append(
        Ratio("Avro: fastavro row by row / ours", ratios(loop.seconds, ours.seconds), note=row_note)
    )
    growth = (ours.peak_bytes / small.peak_bytes,)
    found.ratios.append(Ratio(goals.AVRO_MEMORY.name, growth, goals.AVRO_MEMORY))
    loads.project.forget()


def _scaled(seconds: list[float], part: int, whole: int) -> tuple[float, ...]:
    return tuple(scaled(each, min(part, whole), whole) for each in seconds)


def _export(workspace: Workspace, events: int) -> tuple[Path, Path]:
    """Return the place of an export, and its Avro file."""
    place = workspace.folder / f"avro-{events}"
    if not place.exists():
        workspace.tell(f"writing {events:,} events as Avro")
        part = place.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        write_day(part, events)
        part.rename(place)
    (path,) = place.rglob("*.avro")
    return place, path


def _peer(loads: Loads, path: Path, load: Peer, most: int) -> float:
    database = fresh(loads.project.folder / "peer.duckdb")
    create_raw_tables(database)

    def fill() -> None:
        with duckdb.connect(str(database), config=CONFIG) as connection:
            load(connection, path, most)

    seconds = seconds_of(fill)
    with duckdb.connect() as connection:
        attach(connection, database, "peer")
        attach(connection, loads.project.database, "ours")
        tables = ("peer.raw_pendo.allevents", "ours.raw_pendo.allevents")
        told = [
            connection.execute(_DIGEST.format(table=table), {"most": most}).fetchall() for table in tables
        ]
    if told[0] != told[1]:
        raise BenchmarkError(f"fastavro landed other events of {path.name} than ours: {told}")
    database.unlink()
    return seconds
