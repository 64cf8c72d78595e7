"""Load files of warehouses, data lakes, and the lists that name the columns of files without a header."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loaders.exports import Status
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.rudderstack_delivery import SIX_29, counts, row, staged, write

OBJECTS = "rudder-warehouse-load-objects"
COLUMNS = ["anonymous_id", "context_session_id", "event", "id", "received_at", "user_id", "uuid_ts"]
FIRST = ["anon", "1579867142", "a, b", "m1", "2020-01-24T11:59:02.403+05:30", "", "2020-01-24T07:00:00Z"]
SECOND = ["anon\n2", "", "x", "m2", "2020-01-24T06:29:02.403Z", "user", ""]


def write_csv(path: Path, *rows: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def write_list(path: Path, names: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(names), encoding="utf-8")


# CSV without a header


@pytest.mark.parametrize("place", ["", "rudder-warehouse-load-objects/", f"{OBJECTS}/tracks/src1/"])
def test_a_csv_load_file_is_read_by_the_list_of_its_columns(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, place: str
) -> None:
    write_csv(landing_folder / OBJECTS / "tracks" / "src1" / "1.csv.gz", SECOND, FIRST)
    write_list(landing_folder / place / "tracks.columns.json", COLUMNS)
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.status, outcome.entry.rows, outcome.entry.rejected_rows) == (Status.LOADED, 2, 0)
    assert rows(
        "SELECT id, source_id, anonymous_id, user_id, event, received_at, context_session_id, uuid_ts, _line "
        "FROM raw_rudderstack.tracks ORDER BY id"
    ) == [
        ("m1", "src1", "anon", None, "a, b", SIX_29, 1579867142, datetime(2020, 1, 24, 7), 2),
        ("m2", "src1", "anon\n2", "user", "x", SIX_29, None, None, 1),
    ]


def test_the_nearest_list_of_the_own_table_counts(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    old = [name for name in COLUMNS if name != "uuid_ts"]
    write_csv(landing_folder / OBJECTS / "tracks" / "src1" / "1.csv.gz", FIRST)
    write_csv(landing_folder / OBJECTS / "tracks" / "src2" / "2.csv.gz", SECOND[:-1])
    write_csv(landing_folder / OBJECTS / "product_viewed" / "src1" / "3.csv.gz", ["m1", "9", "2020-01-24"])
    write_list(landing_folder / OBJECTS / "tracks.columns.json", COLUMNS)
    write_list(landing_folder / OBJECTS / "tracks" / "src2" / "tracks.columns.json", old)
    write_list(landing_folder / OBJECTS / "product_viewed.columns.json", ["id", "price", "received_at"])
    load_folder("rudderstack")
    assert rows("SELECT id, source_id FROM raw_rudderstack.tracks ORDER BY id") == [
        ("m1", "src1"),
        ("m2", "src2"),
    ]
    assert rows("SELECT type, record::VARCHAR FROM raw_rudderstack.other_calls") == [
        ("product_viewed", '{"id":"m1","price":"9","received_at":"2020-01-24"}')
    ]


def test_names_in_capitals_are_in_the_order_of_capitals(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    # An underscore comes after the capitals and before the small letters.
    names = ["EVENT", "ID", "RECEIVED_AT", "USERNAME", "USER_ID"]
    write_csv(landing_folder / OBJECTS / "tracks" / "s" / "1.csv.gz", ["x", "m1", "2020-01-24", "n", "u"])
    write_list(landing_folder / "tracks.columns.json", names)
    load_folder("rudderstack")
    assert rows("SELECT id, user_id, extras ->> '$.username' FROM raw_rudderstack.tracks") == [
        ("m1", "u", "n")
    ]


def test_a_header_counts_although_there_is_a_list(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write_csv(landing_folder / "tracks.csv.gz", ["RECEIVED_AT", "ID"], ["2020-01-24", "m1"])
    write_list(landing_folder / "tracks.columns.json", ["id", "received_at"])
    load_folder("rudderstack")
    assert rows("SELECT id, received_at, _line FROM raw_rudderstack.tracks") == [
        ("m1", datetime(2020, 1, 24), 1)
    ]


def test_a_csv_load_file_without_a_list_is_refused_and_loads_with_one(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write_csv(landing_folder / OBJECTS / "tracks" / "src1" / "1.csv.gz", FIRST)
    (refused,) = load_folder("rudderstack")
    assert refused.entry.status is Status.REJECTED
    assert "or name them in tracks.columns.json beside it if it is a load file" in refused.entry.reason
    assert counts(rows) == {}
    write_list(landing_folder / OBJECTS / "tracks" / "src1" / "tracks.columns.json", COLUMNS)
    (loaded,) = load_folder("rudderstack")
    assert (loaded.entry.export_id, loaded.entry.status) == (refused.entry.export_id, Status.LOADED)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"columns": []}, "tracks.columns.json is no list of column names"),
        ([], "tracks.columns.json is no list of column names"),
        (["id", 1], "tracks.columns.json is no list of column names"),
        ([*COLUMNS, " "], "tracks.columns.json is no list of column names"),
        ([*COLUMNS, "uuid_ts"], "tracks.columns.json names the column uuid_ts twice"),
        (COLUMNS[::-1], "not in alphabetical order, as the columns of a load file are: anonymous_id stands"),
        (COLUMNS[:-1], "1.csv.gz has 7 fields in its first row, but 6 columns are named for it"),
        (
            [name if name != "received_at" else "reached" for name in COLUMNS],
            "1.csv.gz has no column received_at",
        ),
    ],
)
def test_a_list_that_cannot_be_right_keeps_the_file_out(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, names: object, reason: str
) -> None:
    write_csv(landing_folder / OBJECTS / "tracks" / "src1" / "1.csv.gz", FIRST)
    write_list(landing_folder / "tracks.columns.json", names)
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.status is Status.REJECTED
    assert reason in outcome.entry.reason
    assert counts(rows) == {}


def test_a_list_that_is_no_json_keeps_the_file_out(landing_folder: Path, load_folder: LoadFolder) -> None:
    write_csv(landing_folder / OBJECTS / "tracks" / "src1" / "1.csv.gz", FIRST)
    (landing_folder / "tracks.columns.json").write_text("id,received_at", encoding="utf-8")
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.reason.startswith("tracks.columns.json is not valid JSON")


def test_rows_of_another_width_are_quarantined(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write_csv(landing_folder / OBJECTS / "tracks" / "src1" / "1.csv.gz", FIRST, FIRST[:-1], [*FIRST, "x"])
    write_list(landing_folder / "tracks.columns.json", COLUMNS)
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (1, 2)
    assert rows("SELECT line, raw_text FROM raw.rejected_lines ORDER BY line") == [
        (2, 'anon,1579867142,"a, b",m1,2020-01-24T11:59:02.403+05:30,'),
        (3, 'anon,1579867142,"a, b",m1,2020-01-24T11:59:02.403+05:30,,2020-01-24T07:00:00Z,x'),
    ]


def test_a_long_first_field_does_not_hide_the_width_of_the_file(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    long = "x" * 300_000
    write_csv(landing_folder / OBJECTS / "tracks" / "s" / "1.csv.gz", [long, "m1", "2020-01-24"])
    write_list(landing_folder / "tracks.columns.json", ["event", "id", "received_at"])
    load_folder("rudderstack")
    assert rows("SELECT length(event) FROM raw_rudderstack.tracks") == [(len(long),)]


# JSON and Parquet


def test_empty_text_of_json_load_files_is_no_value(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    empty = row("m1", user_id="", sent_at="", context_session_id="", context_session_start="", uuid_ts="")
    write(landing_folder / OBJECTS / "tracks" / "src1" / "1.json.gz", empty)
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (1, 0)
    # Text stays as it was delivered; staging makes it null.
    assert rows(
        "SELECT user_id, sent_at, context_session_id, context_session_start, uuid_ts, extras "
        "FROM raw_rudderstack.tracks"
    ) == [("", None, None, None, None, None)]


def test_parquet_load_files_have_types_of_any_kind(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    folder = landing_folder / OBJECTS / "tracks" / "src1"
    folder.mkdir(parents=True)
    table = pa.table(
        {
            "id": ["m1"],
            "received_at": pa.array([SIX_29], pa.timestamp("us", "UTC")),
            "user_id": pa.array([9007199254740993], pa.int64()),
            "context_session_id": pa.array([1579867142.0], pa.float64()),
            "context_traits": pa.array([{"plan": "x"}]),
        }
    )
    pq.write_table(table, folder / "1.parquet")
    load_folder("rudderstack")
    assert rows(
        "SELECT id, user_id, received_at, context_session_id, extras ->> '$.context_traits' "
        "FROM raw_rudderstack.tracks"
    ) == [("m1", "9007199254740993", SIX_29, 1579867142, '{"plan":"x"}')]


@pytest.mark.parametrize("window", ["2020/01/24/15", "dt=2020-01-24"])
def test_every_table_of_a_data_lake_is_told_by_its_folder(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, window: str
) -> None:
    lake = landing_folder / "bucket" / "rudder-datalake" / "tracks_of_the_shop"
    for name in ("tracks", "identifies", "product_viewed", "users"):
        folder = lake / name / window
        folder.mkdir(parents=True)
        table = pa.table(
            {
                "id": [name],
                "received_at": pa.array([SIX_29], pa.timestamp("us")),
                "_timestamp": pa.array([SIX_29], pa.timestamp("us")),
            }
        )
        pq.write_table(table, folder / f"{name}.parquet")
    outcomes = load_folder("rudderstack", landing_folder / "bucket")
    assert outcomes[0].entry.export_id.startswith("rudder-datalake/tracks_of_the_shop/")
    assert counts(rows) == {"tracks": 1, "identifies": 1, "other_calls": 2}
    assert rows('SELECT id, "timestamp" FROM raw_rudderstack.tracks') == [("tracks", SIX_29)]
    assert rows("SELECT DISTINCT type FROM raw_rudderstack.other_calls ORDER BY 1") == [
        ("product_viewed",),
        ("users",),
    ]


# Names of keys


def test_keys_inside_a_value_do_not_hide_those_of_the_row(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    capitals = {"ID": "m1", "RECEIVED_AT": "2020-01-24", "RUDDER_EVENT": {"id": 1, "timestamp": "x"}}
    lake = {"id": "m2", "received_at": "2020-01-24", "_timestamp": "2020-01-24", "more": {"timestamp": 1}}
    mixed = {"id": "m3", "RECEIVED_AT": "2020-01-24"}
    write(landing_folder / "tracks.json", capitals, lake, mixed)
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (3, 0)
    assert rows('SELECT id, received_at, "timestamp" FROM raw_rudderstack.tracks ORDER BY id') == [
        ("m1", datetime(2020, 1, 24), None),
        ("m2", datetime(2020, 1, 24), datetime(2020, 1, 24)),
        ("m3", datetime(2020, 1, 24), None),
    ]
    assert rows("SELECT extras::VARCHAR FROM raw_rudderstack.tracks WHERE id = 'm1'") == [
        ('{"rudder_event":{"id":1,"timestamp":"x"}}',)
    ]


def test_the_quarantine_keeps_lines_as_they_were_delivered(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    capitals = {"ID": "m1", "RECEIVED_AT": "soon"}
    whole = staged("tracks", row("m1", received_at="soon"))
    write(landing_folder / "tracks.json", {"ID": "m2", "RECEIVED_AT": "2020-01-24"}, capitals)
    write(landing_folder / "rudder-warehouse-staging-logs" / "s" / "1.json.gz", whole)
    write(landing_folder / "rudder-warehouse-staging-logs" / "s" / "2.json.gz", staged("TRACKS", capitals))
    load_folder("rudderstack")
    texts = [json.loads(text) for (text,) in rows("SELECT raw_text FROM raw.rejected_lines ORDER BY file")]
    assert texts == [whole, staged("TRACKS", capitals), capitals]


# Type conflicts


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1579867142, 1579867142),
        ("1579867142", 1579867142),
        (1579867142.0, 1579867142),
        ("1.579867142e9", 1579867142),
        (9007199254740993, 9007199254740993),
    ],
)
def test_a_number_is_read_in_whatever_type_the_column_has(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, value: object, kept: int
) -> None:
    write(landing_folder / "tracks.json", row("m1", context_session_id=value))
    load_folder("rudderstack")
    assert rows("SELECT context_session_id FROM raw_rudderstack.tracks") == [(kept,)]


def test_a_value_of_another_type_is_quarantined_and_no_value_of_a_free_column_is_lost(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(
        landing_folder / "tracks.json",
        row("m1", price=1, user_id={"a": 1}),
        row("m2", price="free", user_id=12.5),
        row("m3", price={"eur": 1}, context_session_id=1.5),
    )
    load_folder("rudderstack")
    assert rows("SELECT id, user_id, extras -> '$.price' FROM raw_rudderstack.tracks ORDER BY id") == [
        ("m1", '{"a":1}', "1"),
        ("m2", "12.5", '"free"'),
    ]
    assert rows("SELECT reason FROM raw.rejected_lines") == [("context_session_id: 1.5 is not an integer",)]


@pytest.mark.parametrize("form", ["staging", "json", "csv", "parquet"])
def test_discarded_values_are_kept_as_delivered(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, form: str
) -> None:
    discard = {
        "column_name": "price",
        "column_value": "free",
        "received_at": "2020-01-24T06:29:02.403Z",
        "row_id": "m1",
        "table_name": "product_viewed",
    }
    folder = landing_folder / OBJECTS / "rudder_discards" / "src1"
    folder.mkdir(parents=True)
    match form:
        case "staging":
            write(
                landing_folder / "rudder-warehouse-staging-logs" / "src1" / "1.json.gz",
                staged("rudder_discards", discard),
            )
        case "json":
            write(folder / "1.json.gz", discard)
        case "csv":
            write_csv(folder / "1.csv.gz", list(discard.values()))
            write_list(folder / "rudder_discards.columns.json", list(discard))
        case "parquet":
            pq.write_table(pa.Table.from_pylist([discard]), folder / "1.parquet")
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (1, 0)
    ((kind, record),) = rows("SELECT type, record::VARCHAR FROM raw_rudderstack.other_calls")
    assert (kind, json.loads(record)) == ("rudder_discards", discard)
