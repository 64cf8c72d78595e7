"""NDJSON in gzip: Monetate's sessions."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import duckdb

from benchmarks import goals
from benchmarks.cases.loads import Loads, fresh, scale_note, scaled
from benchmarks.errors import BenchmarkError
from benchmarks.exports.monetate import write_files
from benchmarks.findings import Findings, Measure, Missing, Ratio, ratios
from benchmarks.peers import mariadb
from benchmarks.peers.cursor_loop import MARIADB, SQLITE, CursorLoop
from benchmarks.timing import run, seconds_of
from benchmarks.workspace import Workspace
from loaders.warehouse import CONFIG

# Peers that take minutes for everything are measured on so many sessions.
SQLITE_SESSIONS = 50_000
MARIADB_SESSIONS = 10_000
DLT_SESSIONS = 50_000
CHUNK_BYTES = 1 << 20
# What the rows of the nine tables must be, read from the raw rows of the same sessions.
EXPECTED = {
    "session_sessions": "count(*)",
    "session_page_event_ids": "sum(len(json_keys(page_event_ids)))",
    "session_view_lines": "sum(json_array_length(view_lines))",
    "session_cart_lines": "sum(json_array_length(cart_lines))",
    "session_purchase_lines": "sum(len(json_keys(purchase_lines)))",
}


def measure_json(workspace: Workspace, found: Findings) -> None:
    """Add the load of gzip files beside the raw lines, the gzip alone, and the vendor's own script."""
    folder, sessions = sessions_export(workspace)
    paths = sorted(folder.rglob("*.json.gz"))
    loads = Loads(workspace, "monetate", folder, sessions)
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(workspace.settings.repeats):
        workspace.tell(f"NDJSON, round {number + 1}: ours, floors, peers")
        loads.load()
        seconds["floor"].append(_raw_lines(folder, workspace.folder / "lines.duckdb"))
        seconds["gzip"].append(seconds_of(lambda: _inflate(paths)))
        seconds["sqlite"].append(_sqlite(workspace, loads, paths, sessions))
        if not mariadb.why_not():
            seconds["mariadb"].append(_mariadb(loads, paths, sessions))
        if find_spec("dlt"):
            seconds["dlt"].append(_dlt(workspace, folder, sessions))
    _add(found, loads.measure("NDJSON gzip: ours"), seconds, sessions)
    found.facts["NDJSON"] = (
        f"{sessions:,} sessions in {len(paths)} files, {workspace.settings.json_bytes:,} bytes"
    )
    loads.project.forget()


def _add(found: Findings, ours: Measure, seconds: dict[str, list[float]], sessions: int) -> None:
    floor = Measure("NDJSON gzip: raw JSON lines into a table", tuple(seconds["floor"]))
    inflated = Measure("NDJSON gzip: inflating alone, a thread for each core", tuple(seconds["gzip"]))
    note = scale_note(min(SQLITE_SESSIONS, sessions), sessions, "sessions")
    sqlite = Measure("NDJSON gzip: cursor loop into SQLite", tuple(seconds["sqlite"]), note)
    found.measures += [ours, floor, inflated, sqlite]
    found.compare(goals.JSON_FLOOR, ours, floor)
    found.ratios.append(Ratio("NDJSON gzip: ours / inflating alone", ratios(ours.seconds, inflated.seconds)))
    found.compare(goals.JSON_SQLITE, sqlite, ours, note)
    if seconds.get("mariadb"):
        note = scale_note(min(MARIADB_SESSIONS, sessions), sessions, "sessions")
        server = Measure("NDJSON gzip: cursor loop into MariaDB", tuple(seconds["mariadb"]), note)
        found.measures.append(server)
        found.compare(goals.JSON_MARIADB, server, ours, note)
    else:
        found.missing.append(Missing(goals.JSON_MARIADB.name, mariadb.why_not(), goals.JSON_MARIADB))
    if seconds.get("dlt"):
        note = scale_note(min(DLT_SESSIONS, sessions), sessions, "sessions, its start included")
        peer = Measure("NDJSON gzip: dlt into DuckDB, Parquet in between", tuple(seconds["dlt"]), note)
        found.measures.append(peer)
        found.ratios.append(Ratio("NDJSON gzip: dlt / ours", ratios(peer.seconds, ours.seconds), note=note))
    else:
        reason = "dlt is not installed: .venv/bin/pip install -c constraints.txt -e '.[bench]'"
        found.missing.append(Missing("NDJSON gzip: dlt into DuckDB", reason))


def sessions_export(workspace: Workspace) -> tuple[Path, int]:
    """Return the folder of the files, and how many sessions they hold."""
    size = workspace.settings.json_bytes
    folder = workspace.folder / f"monetate-{size}"
    counted = folder / "sessions"
    if not counted.exists():
        workspace.tell(f"writing {size:,} bytes of sessions")
        shutil.rmtree(folder, ignore_errors=True)
        sessions = write_files(folder, size)
        counted.write_text(str(sessions))
    return folder, int(counted.read_text())


def _raw_lines(folder: Path, database: Path) -> float:
    """Return the seconds that DuckDB takes for the lines as they are, the file closed."""
    pattern = str(folder / "**" / "*.json.gz")

    def store() -> None:
        with duckdb.connect(str(fresh(database)), config=CONFIG) as connection:
            connection.execute("CREATE TABLE lines AS SELECT json FROM read_ndjson_objects($1)", [pattern])

    seconds = seconds_of(store)
    database.unlink()
    return seconds


def _inflate(paths: Sequence[Path]) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_inflate_file, paths))


def _inflate_file(path: Path) -> None:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            unpacker.decompress(chunk)


def _sqlite(workspace: Workspace, loads: Loads, paths: Sequence[Path], sessions: int) -> float:
    database = fresh(workspace.folder / "peer.sqlite")
    with closing(sqlite3.connect(database)) as connection:
        seconds = _loop(CursorLoop(connection, SQLITE), loads, paths, min(SQLITE_SESSIONS, sessions))
    database.unlink()
    return scaled(seconds, min(SQLITE_SESSIONS, sessions), sessions)


def _mariadb(loads: Loads, paths: Sequence[Path], sessions: int) -> float:
    part = min(MARIADB_SESSIONS, sessions)
    with mariadb.database() as connection:
        return scaled(_loop(CursorLoop(connection, MARIADB), loads, paths, part), part, sessions)


def _loop(loop: CursorLoop, loads: Loads, paths: Sequence[Path], most: int) -> float:
    loop.create_tables()
    counts: Counter[str] = Counter()
    seconds = seconds_of(lambda: counts.update(loop.load(paths, most)))
    expected = _expected(loads.project.database, most)
    told = {table: counts[table] for table in expected}
    if told != expected:
        raise BenchmarkError(f"The cursor loop landed {told}, ours {expected}.")
    return seconds


def _expected(database: Path, most: int) -> dict[str, int]:
    """Count the parts of the first sessions in the order of the files."""
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = ", ".join(f"{sql} AS {table}" for table, sql in EXPECTED.items())
        answer = connection.execute(
            f"SELECT {columns} FROM (SELECT * FROM raw_monetate.sessions ORDER BY _file, _line LIMIT $1)",
            [most],
        )
        names = [column[0] for column in answer.description]
        return dict(zip(names, map(int, answer.fetchall()[0]), strict=True))


def _dlt(workspace: Workspace, folder: Path, sessions: int) -> float:
    database, work = fresh(workspace.folder / "dlt.duckdb"), workspace.folder / "dlt"
    shutil.rmtree(work, ignore_errors=True)
    part = min(DLT_SESSIONS, sessions)
    environment = os.environ | {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(work)}
    command = (str(folder), str(database), str(work), str(part))
    done = run((sys.executable, "-m", "benchmarks.peers.dlt_load", *command), environment)
    with duckdb.connect(str(database), read_only=True) as connection:
        landed = connection.execute("SELECT count(*) FROM monetate.sessions").fetchall()[0][0]
    if landed != part:
        raise BenchmarkError(f"dlt landed {landed:,} sessions, not {part:,}.")
    database.unlink()
    return scaled(done.seconds, part, sessions)
