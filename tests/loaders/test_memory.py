"""Loads in bounded memory: however large a file is, what is held of it is not."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import duckdb
import fastavro
import pytest

from loaders.errors import NotReadyError, UsageError
from loaders.exports import Status
from loaders.limits import MEMORY_BYTES
from loaders.warehouse import connect
from tests.conftest import ROOT
from tests.loaders.avro_bytes import MARKER, avro_container, long, text
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.leanplum_delivery import JobFiles
from tests.loaders.pendo_delivery import EVENT_TYPES, FIRST_DAY, Delivery, event, schema

FIELD_BYTES = 20 << 20
LIMIT_BYTES = 96 << 20
RECORDS = 5_000
RECORD_BYTES = 1200
SMALL_GROWTH_BYTES = 100 << 20
# Runs the command line and prints the most memory that its process had, in KiB. (`getrusage` would tell that
# of the process before it, too.)
MEASURED = """
import re
from pathlib import Path
from loaders.cli import main
main(standalone_mode=False)
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def test_the_database_holds_no_more_than_the_limit_and_spills_the_rest(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
    assert connection.execute(settings).fetchone() == ("1.0 GiB", str(tmp_path / "warehouse.duckdb.tmp"))
    monkeypatch.setenv(MEMORY_BYTES.variable, str(300 << 20))
    other = connect(tmp_path / "other.duckdb")
    assert other.execute(settings).fetchone() == ("300.0 MiB", str(tmp_path / "other.duckdb.tmp"))
    other.close()


def test_a_limit_that_is_no_number_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MEMORY_BYTES.variable, "much")
    with pytest.raises(UsageError, match=MEMORY_BYTES.variable):
        connect(tmp_path / "w.duckdb")


def test_a_load_without_room_in_memory_is_told(
    landing_folder: Path, load_folder: LoadFolder, connection: duckdb.DuckDBPyConnection
) -> None:
    job = JobFiles(landing_folder)
    job.write_csv(eventparameters=b"eventId,name,value\n7,n," + b"x" * FIELD_BYTES + b"\n")
    connection.execute("SET memory_limit = '30MB'")
    with pytest.raises(NotReadyError, match=MEMORY_BYTES.variable):
        load_folder("leanplum")


def test_a_long_field_of_a_csv_file_lands_within_the_limit(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    job = JobFiles(landing_folder)
    job.write_csv(eventparameters=b"eventId,name,value\n7,note," + b"x" * FIELD_BYTES + b"\n8,note,y\n")
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.LOADED
    assert rows("SELECT event_id, length(value) FROM raw_leanplum.event_parameters ORDER BY 1") == [
        ("7", FIELD_BYTES),
        ("8", 1),
    ]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell the peak")
def test_the_memory_of_a_load_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = [peak(tmp_path / str(blocks), blocks) for blocks in (8, 24)]
    # What the larger file has more becomes 200 MB in the table.
    assert peaks[1] - peaks[0] < SMALL_GROWTH_BYTES, peaks


def peak(folder: Path, blocks: int) -> int:
    """Load a file of so many blocks and return the peak of the process's memory in bytes."""
    delivery = Delivery(folder)
    (name,) = delivery.all_events(1)["files"]
    delivery.path(1, name).write_bytes(avro_file(blocks))
    all_events = {"eventCount": blocks * RECORDS, "files": [name]}
    delivery.export(1, {"periodId": FIRST_DAY.isoformat(), "allEvents": all_events})
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "load", "pendo", folder, "--database", folder / "w.duckdb"],
        cwd=ROOT,
        env={**os.environ, MEMORY_BYTES.variable: str(LIMIT_BYTES)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told, used = done.stdout.splitlines()[-2:]
    assert told == f"pendo: 1 loaded ({blocks * RECORDS:,} rows)"
    return int(used) << 10


def avro_file(blocks: int) -> bytes:
    """Return a file of equal blocks, each of RECORDS events with much text that cannot be compressed."""
    chance = random.Random(1)
    parsed = fastavro.parse_schema(schema(EVENT_TYPES))
    records = [
        event(f"e{number}", url=chance.randbytes(RECORD_BYTES // 2).hex()) for number in range(RECORDS)
    ]
    stream = BytesIO()
    for record in records:
        fastavro.schemaless_writer(stream, parsed, record)
    body = stream.getvalue()
    first = avro_container(json.dumps(schema(EVENT_TYPES)).encode(), body, RECORDS)
    return first + (long(RECORDS) + text(body) + MARKER) * (blocks - 1)
