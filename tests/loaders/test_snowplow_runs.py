from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loaders.exports import Status
from loaders.vendors.snowplow.columns import ATOMIC_COLUMNS
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.snowplow_delivery import (
    ATOMIC_FOLDER,
    HOSTILE,
    MOMENT,
    RUN,
    SCHEMA,
    Finish,
    Write,
    event,
    finisher,
    ndjson,
    tsv,
    writer,
)


@pytest.fixture
def write(landing_folder: Path) -> Write:
    return writer(landing_folder)


@pytest.fixture
def finish(write: Write) -> Finish:
    return finisher(write)


def test_wide_row_json_lands_with_its_entities_in_extras(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    first = {
        **event(),
        "txn_id": 9007199254740993,
        "br_cookies": True,
        "geo_latitude": 41.25,
        "page_title": None,
        "refr_device_tstamp": "2024-05-01T09:00:00Z",
        "contexts_com_acme_page_1": [{"id": "p1", "text": '{"a": "\\t"}'}],
        "unstruct_event_com_acme_buy_1": {"total": None},
    }
    write(f"{RUN}/output=good/part-00000.txt.gz", ndjson(first))
    write(f"{RUN}/output=good/sink-0c1e2b7a.txt", ndjson(event("e2")).strip())
    finish(good=2)

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.export_id, outcome.entry.status) == (RUN, Status.LOADED)
    assert (outcome.entry.files, outcome.entry.rows) == (3, 2)
    assert rows(
        "SELECT event_id, txn_id, br_cookies, geo_latitude, page_title, refr_dvce_tstamp, _file, _line "
        "FROM raw_snowplow.events ORDER BY 1"
    ) == [
        (
            "e1",
            "9007199254740993",
            "true",
            "41.25",
            None,
            "2024-05-01T09:00:00Z",
            f"{RUN}/output=good/part-00000.txt.gz",
            1,
        ),
        ("e2", None, None, None, None, None, f"{RUN}/output=good/sink-0c1e2b7a.txt", 1),
    ]
    (extras, none) = rows("SELECT extras FROM raw_snowplow.events ORDER BY event_id")
    assert json.loads(extras[0]) == {
        "refr_device_tstamp": "2024-05-01T09:00:00Z",
        "contexts_com_acme_page_1": [{"id": "p1", "text": '{"a": "\\t"}'}],
        "unstruct_event_com_acme_buy_1": {"total": None},
    }
    assert none == (None,)


def test_wide_row_parquet_lands_from_all_its_files(
    load_folder: LoadFolder, landing_folder: Path, finish: Finish, rows: Rows
) -> None:
    folder = landing_folder / RUN / "output=good"
    folder.mkdir(parents=True)
    for number in (1, 2):
        table = pa.table({"event_id": [f"e{number}"], "collector_tstamp": [MOMENT], "contexts_a_1": [[1]]})
        pq.write_table(table, folder / f"part-{number}.gz.parquet", compression="gzip")
    finish(file_format="PARQUET", good=2)

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.LOADED
    assert rows("SELECT event_id, extras, _file FROM raw_snowplow.events ORDER BY 1") == [
        (f"e{number}", '{"contexts_a_1":[1]}', f"{RUN}/output=good/part-{number}.gz.parquet")
        for number in (1, 2)
    ]


@pytest.mark.parametrize(
    "folder", [ATOMIC_FOLDER, ATOMIC_FOLDER.removeprefix("output=good/"), "atomic-events"]
)
def test_shredded_atomic_events_land_without_their_json_fields(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows, folder: str
) -> None:
    values = {name: f"{name} value" for name in ATOMIC_COLUMNS}
    write(f"{RUN}/{folder}/part-00000", tsv({**values, **event()}, columns=ATOMIC_COLUMNS))
    write(f"{RUN}/{folder}/part-00001.gz", tsv(event("e2", contexts=HOSTILE)))
    finish(form="SHREDDED", file_format=None, good=2)

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.status, outcome.entry.rejected_rows) == (Status.LOADED, 0)
    names = ", ".join(f'"{name}"' for name in ATOMIC_COLUMNS)
    assert rows(f"SELECT {names} FROM raw_snowplow.events WHERE event_id = 'e1'") == [
        tuple({**values, **event()}.values())
    ]
    assert rows(
        "SELECT event_id, contexts, unstruct_event, derived_contexts FROM raw_snowplow.events ORDER BY 1"
    ) == [("e1", None, None, None), ("e2", HOSTILE, None, None)]


def test_streaming_transformers_write_sinks_into_deeper_folders(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    run = f"{RUN}-0c1e2b7a-8a52-4b0b-9a39-4d1a2a6a6ef1"
    deep = f"{run}/{ATOMIC_FOLDER}/revision=0/addition=0"
    write(f"{deep}/sink-0c1e2b7a.txt.gz", tsv(event(), columns=ATOMIC_COLUMNS))
    write(f"{deep}/sink-1d2f3c8b.txt", tsv(event("e2"), columns=ATOMIC_COLUMNS))
    bad = f"{run}/output=bad/vendor=com.snowplowanalytics.snowplow.badrows/name=x/format=json/model=2"
    write(f"{bad}/revision=0/addition=0/sink-0.txt", "{}\n")
    finish(run, form="SHREDDED", file_format=None, count={"good": 2, "bad": 1})

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.export_id, outcome.entry.status, outcome.entry.rows) == (run, Status.LOADED, 2)
    assert outcome.warnings == ("1 file of bad rows, which the transformer refused, not loaded",)
    assert rows("SELECT event_id FROM raw_snowplow.events ORDER BY 1") == [("e1",), ("e2",)]


def test_atomic_events_may_be_json_beside_tsv(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    as_json = ATOMIC_FOLDER.replace("format=tsv", "format=json")
    write(f"{RUN}/{as_json}/part-0", ndjson({**event(), "txn_id": 7}))
    write(f"{RUN}/{ATOMIC_FOLDER}/part-0", tsv(event("e2"), columns=ATOMIC_COLUMNS))
    finish(form="SHREDDED", file_format=None, good=2)

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.status, outcome.entry.rejected_rows) == (Status.LOADED, 0)
    assert rows("SELECT event_id, txn_id, _file FROM raw_snowplow.events ORDER BY 1") == [
        ("e1", "7", f"{RUN}/{as_json}/part-0"),
        ("e2", None, f"{RUN}/{ATOMIC_FOLDER}/part-0"),
    ]


def test_a_run_of_json_atomic_events_alone_is_counted(
    load_folder: LoadFolder, write: Write, finish: Finish
) -> None:
    as_json = ATOMIC_FOLDER.replace("format=tsv", "format=json")
    write(f"{RUN}/{as_json}/part-0", ndjson(event()))
    finish(form="SHREDDED", file_format=None, good=2)

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.REJECTED
    assert "counts 2 good events, the files hold 1" in outcome.entry.reason


def test_a_bad_atomic_line_is_quarantined(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    line = tsv(event(), columns=ATOMIC_COLUMNS)
    write(f"{RUN}/{ATOMIC_FOLDER}/part-00000", line + line.replace("\t", "", 1))
    finish(form="SHREDDED", good=2)

    load_folder("snowplow")

    assert rows("SELECT file, line, reason FROM raw.rejected_lines") == [
        (f"{RUN}/{ATOMIC_FOLDER}/part-00000", 2, "127 fields, an atomic event has 128")
    ]
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(1,)]


def test_the_first_version_of_the_completion_file_means_shredded(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    write(f"{RUN}/atomic-events/part-0", tsv(event(), columns=ATOMIC_COLUMNS))
    document = {"schema": SCHEMA.replace("2-0-1", "1-0-1"), "data": {"types": [], "count": None}}
    write(f"{RUN}/shredding_complete.json", json.dumps(document))

    assert load_folder("snowplow")[0].entry.status is Status.LOADED
    assert rows("SELECT event_id FROM raw_snowplow.events") == [("e1",)]


def test_a_run_waits_for_its_completion_file(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    write(f"{RUN}/output=good/part-0", ndjson(event()))

    (waiting,) = load_folder("snowplow")

    assert (waiting.entry.export_id, waiting.entry.status) == (RUN, Status.INCOMPLETE)
    assert waiting.entry.reason == "no shredding_complete.json: the run is not finished"
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]

    finish()
    (loaded,) = load_folder("snowplow")

    assert (loaded.entry.export_id, loaded.entry.status) == (RUN, Status.LOADED)
    assert rows("SELECT export_id, status FROM raw.loads") == [(RUN, "loaded")]


def test_an_archive_of_enriched_runs_is_refused_even_file_by_file(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    path = write(f"enriched/archive/{RUN}/part-00000.gz", tsv(event()))

    for place in (None, path.parent, path):
        (outcome,) = load_folder("snowplow", place)
        assert (outcome.entry.export_id, outcome.entry.status) == (RUN, Status.INCOMPLETE)

    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]


@pytest.mark.parametrize("good", [1, 3])
def test_a_count_that_differs_rejects_the_run(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows, good: int
) -> None:
    write(f"{RUN}/output=good/part-0", ndjson(event(), event("e2")))
    finish(good=good)

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.REJECTED
    assert f"counts {good} good events, the files hold 2" in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]


def test_a_quarantined_line_counts_as_a_line_read(
    load_folder: LoadFolder, write: Write, finish: Finish
) -> None:
    write(f"{RUN}/output=good/part-0", ndjson(event()) + "{broken\n")
    finish(good=2)

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.status, outcome.entry.rows, outcome.entry.rejected_rows) == (
        Status.LOADED,
        1,
        1,
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"schema": "iglu:', "is no JSON"),
        ("[]", "is no completion file"),
        ('{"schema": "iglu:com.acme/other/jsonschema/1-0-0", "data": {}}', "is no completion file"),
        (json.dumps({"schema": SCHEMA, "data": {}}), "has no data.typesInfo"),
        (
            json.dumps({"schema": SCHEMA, "data": {"typesInfo": {"transformation": "TINY"}}}),
            "names the transformation TINY",
        ),
        (
            json.dumps(
                {
                    "schema": SCHEMA,
                    "data": {"typesInfo": {"transformation": "WIDEROW", "fileFormat": "ORC"}},
                }
            ),
            "names the transformation WIDEROW in ORC",
        ),
        (
            json.dumps(
                {
                    "schema": SCHEMA,
                    "data": {"typesInfo": {"transformation": "SHREDDED"}, "count": {"bad": 1}},
                }
            ),
            "data.count without a whole number",
        ),
        (
            json.dumps(
                {
                    "schema": SCHEMA,
                    "data": {
                        "typesInfo": {"transformation": "WIDEROW", "fileFormat": "JSON"},
                        "count": {"good": True},
                    },
                }
            ),
            "data.count without a whole number",
        ),
        (
            json.dumps({"schema": SCHEMA, "data": {"typesInfo": {"transformation": "SHREDDED"}}}),
            "tells of shredded data, but there are wide rows",
        ),
    ],
)
def test_a_completion_file_that_cannot_be_trusted_rejects_the_run(
    load_folder: LoadFolder, write: Write, rows: Rows, content: str, reason: str
) -> None:
    write(f"{RUN}/output=good/part-0", ndjson(event()))
    write(f"{RUN}/shredding_complete.json", content)

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.REJECTED
    assert reason in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]


def test_a_run_that_tells_of_events_but_has_no_file_is_rejected(
    load_folder: LoadFolder, finish: Finish
) -> None:
    finish(timestamps={"min": "2024-05-01T10:00:00Z", "max": "2024-05-01T10:05:00Z"})
    finish(f"empty/{RUN}", timestamps={"min": None, "max": None}, good=0)

    empty, without_files = load_folder("snowplow")

    assert (empty.entry.status, empty.entry.rows) == (Status.LOADED, 0)
    assert without_files.entry.status is Status.REJECTED
    assert "tells of events, but there is no file of wide rows" in without_files.entry.reason


def test_a_cut_data_file_rejects_the_run(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    write(f"{RUN}/output=good/part-0", ndjson(event()))
    path = write(f"{RUN}/output=good/part-1.gz", ndjson(event("e2")))
    path.write_bytes(path.read_bytes()[:-4])
    finish()

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.REJECTED
    assert "part-1.gz is cut" in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]


def test_bad_rows_and_entities_are_not_loaded_but_told(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    write(f"{RUN}/{ATOMIC_FOLDER}/part-0", tsv(event(), columns=ATOMIC_COLUMNS))
    entity = "vendor=com.acme/name=page/format=json/model=1/part-0"
    write(f"{RUN}/output=good/{entity}", "{}\n")
    write(f"{RUN}/output=bad/{entity}", "{}\n")
    write(f"{RUN}/output=bad/part-0", "{}\n")
    write(f"{RUN}/notes.txt", "hello")
    finish(form="SHREDDED", good=1)

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.LOADED
    assert outcome.warnings == (
        "2 files of bad rows, which the transformer refused, not loaded",
        "1 file of shredded entities, which have no table here, not loaded",
        "1 file of unknown purpose, not loaded",
    )
    assert rows("SELECT count(*) FROM raw.load_files") == [(2,)]


def test_a_loaded_run_is_known_again_wherever_it_lies(
    load_folder: LoadFolder, landing_folder: Path, write: Write, finish: Finish, tmp_path: Path
) -> None:
    write(f"transformed/{RUN}/output=good/part-0", ndjson(event()))
    finish(f"transformed/{RUN}", good=1)
    load_folder("snowplow")
    moved = tmp_path / "elsewhere"
    shutil.copytree(landing_folder / "transformed", moved)

    for place in (None, landing_folder / "transformed" / RUN, moved):
        (again,) = load_folder("snowplow", place)
        assert (again.entry.export_id, again.is_new, again.entry.load_id) == (RUN, False, 1)


def test_two_runs_of_one_name_stay_apart_whenever_they_arrive(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    for number, parent in enumerate(("shop", "blog")):
        write(f"{parent}/{RUN}/output=good/part-0", ndjson(event(f"e{number}")))
        finish(f"{parent}/{RUN}", good=1)
        load_folder("snowplow")
    write(f"archive/{RUN}/part-0", tsv(event("e9")))

    outcomes = load_folder("snowplow")

    assert sorted((outcome.entry.export_id, outcome.is_new) for outcome in outcomes) == [
        (f"archive/{RUN}", True),
        (f"blog/{RUN}", False),
        (RUN, False),
    ]
    assert rows("SELECT event_id FROM raw_snowplow.events ORDER BY 1") == [("e0",), ("e1",)]


def test_an_unfinished_run_leaves_the_plain_name_to_a_finished_one(
    load_folder: LoadFolder, write: Write, finish: Finish
) -> None:
    write(f"archive/{RUN}/part-0", tsv(event()))
    write(f"shop/{RUN}/output=good/part-0", ndjson(event()))
    finish(f"shop/{RUN}", good=1)

    assert [(outcome.entry.export_id, outcome.entry.status) for outcome in load_folder("snowplow")] == [
        (f"archive/{RUN}", Status.INCOMPLETE),
        (RUN, Status.LOADED),
    ]


def test_a_run_that_gained_files_is_loaded_anew_in_place_of_its_rows(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    write(f"{RUN}/output=good/part-0", ndjson(event()))
    finish()
    load_folder("snowplow")
    write(f"{RUN}/output=good/part-1", ndjson(event("e2")))

    (outcome,) = load_folder("snowplow")

    assert (outcome.is_new, outcome.entry.export_id) == (True, RUN)
    assert rows("SELECT event_id, _load_id FROM raw_snowplow.events ORDER BY 1") == [("e1", 2), ("e2", 2)]


def test_runs_and_files_load_in_the_order_of_their_times(
    load_folder: LoadFolder, write: Write, finish: Finish
) -> None:
    for run in ("run=2024-05-02-00-00-00-0c1e2b7a-8a52", "run=2024-04-30-00-00-00"):
        write(f"{run}/output=good/part-0", ndjson(event(run)))
        finish(run)
    write("2024-05-01-120000-1-2.gz", tsv(event()))
    write("backfill.tsv", tsv(event("e2")))

    assert [outcome.entry.export_id for outcome in load_folder("snowplow")] == [
        "backfill.tsv",
        "run=2024-04-30-00-00-00",
        "2024-05-01-120000-1-2.gz",
        "run=2024-05-02-00-00-00-0c1e2b7a-8a52",
    ]
