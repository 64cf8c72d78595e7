"""Manifests, lines and Avro files that were changed at random: our own errors, and a ledger that is sound.

A few hundred for each run of the tests, thousands with HYPOTHESIS_PROFILE=thorough.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.avro import count_records, read_batches
from loaders.errors import DamagedFileError, NoExportsError
from loaders.exports import Options, Status
from loaders.landing import open_landing
from loaders.loading import load_landing
from loaders.vendors.registry import VENDORS
from tests.loaders.avro_bytes import avro_container
from tests.loaders.leanplum_delivery import JobFiles, lines, session
from tests.loaders.mutations import damaged, mutated
from tests.loaders.pendo_delivery import EVENT_TYPES, Delivery, day_export, event, schema
from tests.loaders.snowplow_delivery import event as snowplow_event
from tests.loaders.snowplow_delivery import tsv, writer
from tests.loaders.soundness import check_sound

IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
Load = Callable[[str, Path], None]


def examples(few: int) -> settings:
    return settings(
        max_examples=few * (20 if IS_THOROUGH else 1),
        deadline=None,
        derandomize=not IS_THOROUGH,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def load(connection: duckdb.DuckDBPyConnection) -> Load:
    """Load a folder and check what holds afterwards: only exports may fail, neither machine nor run."""

    def run(vendor: str, folder: Path) -> None:
        options = Options(allow_gap=True, include_test=True)
        try:
            outcomes = load_landing(connection, VENDORS[vendor](), open_landing(str(folder)), options)
        except NoExportsError:
            outcomes = []
        for outcome in outcomes:
            assert outcome.entry.reason or outcome.entry.status is Status.LOADED
        check_sound(connection)

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landing")


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def leanplum_document(job: JobFiles) -> dict[str, Any]:
    return {
        "files": [
            {
                "url": f"gs://b/{job.day}/{job.name('output-0')}",
                "content_length": 90,
                "meta": {"size": 90},
                "rows": 1,
            },
            f"{job.day}/{job.name('output-1')}",
        ],
        "numSessions": 2,
        "success": True,
        "response": [{"files": []}],
    }


LEANPLUM_JOB = JobFiles(Path())


@examples(30)
@given(manifest=mutated(leanplum_document(LEANPLUM_JOB)))
def test_leanplum_manifests(load: Load, folder: Path, manifest: bytes) -> None:
    job = JobFiles(emptied(folder))
    for number in range(2):
        job.write(f"output-{number}", lines(session(str(number))))
    job.write("output-manifest", manifest)
    load("leanplum", folder)


LEANPLUM_SESSION = session(
    "1",
    states=[
        {"stateId": "2", "name": "s", "events": [{"eventId": "3", "name": "e", "parameters": {"a": "b"}}]}
    ],
    experiments=[{"id": 1, "variantId": 2}],
    userAttributes={"a": 1},
    lat=1.5,
    other={"deep": [1, {"x": None}]},
)


@examples(30)
@given(line=mutated(LEANPLUM_SESSION))
def test_leanplum_lines(load: Load, folder: Path, line: bytes) -> None:
    JobFiles(emptied(folder)).write_json(lines(session("0")) + line + b"\n")
    load("leanplum", folder)


MONETATE_SESSION = {
    "session_id": "s1",
    "account_id": 1,
    "start_time": 1591474962721,
    "end_time": "2020-06-06T20:22:42Z",
    "is_closed": "t",
    "purchase_value_ss": "12.3456",
    "offers": {"1": {"time": 1, "experience_id": 3}},
    "purchases": [{"id": "p", "lines": []}],
    "custom_targets": {},
    "unknown": [1],
}


@examples(30)
@given(line=mutated(MONETATE_SESSION))
def test_monetate_lines(load: Load, folder: Path, line: bytes) -> None:
    write = writer(emptied(folder))
    write("20200101T000000.000Z_PT15M-0.json.gz", json.dumps(MONETATE_SESSION).encode() + b"\n" + line)
    load("monetate", folder)


RUDDER_CALL = {
    "messageId": "m1",
    "type": "track",
    "event": "Signed Up",
    "anonymousId": "a",
    "receivedAt": "2020-01-24T06:29:02.358Z",
    "originalTimestamp": "2020-01-24T11:59:02.403+05:30",
    "context": {"ip": "1.2.3.4", "sessionId": 1, "sessionStart": True},
    "properties": {"p": 1},
}
RUDDER_ROW = {
    "id": "r1",
    "received_at": "2020-01-24 06:29:02",
    "event": "e",
    "context_session_id": 1,
    "other": "x",
}
RUDDER_STAGED = {"data": RUDDER_ROW, "metadata": {"table": "tracks", "columns": {"id": "string"}}}


@examples(30)
@given(line=st.one_of(mutated(RUDDER_CALL), mutated(RUDDER_ROW), mutated(RUDDER_STAGED)), csv=st.booleans())
def test_rudderstack_lines(load: Load, folder: Path, line: bytes, csv: bool) -> None:
    write = writer(emptied(folder))
    if csv:
        write("tracks.csv", b"id,received_at,event\nr1,2020-01-24 06:29:02,e\n" + line)
    else:
        write("a.json", line + b"\n" + json.dumps(RUDDER_CALL).encode())
    load("rudderstack", folder)


@examples(30)
@given(line=damaged(tsv(snowplow_event(geo_city="Zürich", se_value="1.5")).encode()))
def test_snowplow_lines(load: Load, folder: Path, line: bytes) -> None:
    writer(emptied(folder))("part-0.tsv", tsv(snowplow_event("e0")).encode() + line)
    load("snowplow", folder)


COMPLETION = {
    "schema": "iglu:com.snowplowanalytics.snowplow.storage.rdbloader/shredding_complete/jsonschema/2-0-1",
    "data": {
        "base": "s3://acme/run=2024-05-01-10-00-00/",
        "typesInfo": {"transformation": "WIDEROW", "fileFormat": "JSON", "types": []},
        "timestamps": {"min": "2024-05-01T10:00:00.000Z", "max": None},
        "count": {"good": 1, "bad": None},
        "types": [],
    },
}


@examples(30)
@given(completion=mutated(COMPLETION), line=mutated(snowplow_event(geo_city="Zürich")))
def test_snowplow_runs(load: Load, folder: Path, completion: bytes, line: bytes) -> None:
    write = writer(emptied(folder))
    write("run=2024-05-01-10-00-00/output=good/part-0.json", line)
    write("run=2024-05-01-10-00-00/shredding_complete.json", completion)
    load("snowplow", folder)


@pytest.fixture(scope="module")
def pendo_delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    delivery = Delivery(tmp_path_factory.mktemp("pendo"))
    for counter in (1, 2):
        day_export(delivery, counter)
    matched = delivery.matched(3, "Page/p1", event("e9"))
    period = {
        "periodId": "2024-04-15T00:00:00Z",
        "matchedEvents": [matched],
        "allEvents": delivery.all_events(3),
    }
    delivery.export(3, period, **delivery.definitions(3, "pageId", ("p1", "Home")), numberOfFiles=2)
    return delivery


@examples(30)
@given(data=st.data())
def test_pendo_manifests(
    load: Load,
    folder: Path,
    pendo_delivery: Delivery,
    data: st.DataObject,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for table in VENDORS["pendo"]().tables:
        connection.execute(f"DELETE FROM {table}")
    for table in ("loads", "load_files", "rejected_lines"):
        connection.execute(f"DELETE FROM raw.{table} WHERE vendor = 'pendo'")
    manifest = data.draw(
        mutated({"exports": pendo_delivery.entries, "generatedTime": "2024-04-16T04:17:59Z"})
    )
    (pendo_delivery.folder / "exportmanifest.json").write_bytes(manifest)
    load("pendo", pendo_delivery.folder.parents[2])


AVRO_SCHEMA = schema(
    {
        **EVENT_TYPES,
        "numbers": {"type": "array", "items": ["null", "double"]},
        "map": {
            "type": "map",
            "values": {"type": "record", "name": "Inner", "fields": [{"name": "b", "type": "bytes"}]},
        },
        "price": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        "kind": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]},
        "id": {"type": "fixed", "name": "Id", "size": 4},
    }
)


def avro_file(types: dict[str, Any], codec: str) -> bytes:
    more: dict[str, Any] = {
        "numbers": [1.5, None],
        "map": {"k": {"b": b"\x00"}},
        "price": Decimal("1.25"),
        "kind": "A",
        "id": b"1234",
    }
    stream = io.BytesIO()
    fastavro.writer(
        stream, types, [event(f"e{n}", **more) for n in range(5)], codec=codec, sync_marker=b"S" * 16
    )
    return stream.getvalue()


def read(path: Path) -> None:
    landing = open_landing(str(path))
    (file,) = landing.list_files()
    try:
        announced = count_records(landing, file)
        decoded = sum(batch.num_rows for batch in read_batches(landing, file))
    except DamagedFileError:
        return
    assert announced == decoded


@examples(200)
@given(
    content=st.sampled_from(("null", "deflate")).flatmap(lambda codec: damaged(avro_file(AVRO_SCHEMA, codec)))
)
def test_avro_bytes(folder: Path, content: bytes) -> None:
    path = emptied(folder) / "a.avro"
    path.write_bytes(content)
    read(path)


@examples(150)
@given(text=mutated(AVRO_SCHEMA), body=st.binary(max_size=60), records=st.integers(0, 2**62))
def test_avro_schemas(folder: Path, text: bytes, body: bytes, records: int) -> None:
    path = emptied(folder) / "a.avro"
    path.write_bytes(avro_container(text, body, records))
    read(path)
