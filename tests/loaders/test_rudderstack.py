from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loaders.exports import Status
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.rudderstack_delivery import DUMP, SIX_29, STAGING, call, counts, row, staged, write

# Calls


def test_a_track_call_becomes_a_row_of_tracks(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / DUMP, call())
    load_folder("rudderstack")
    (found,) = rows(
        "SELECT source_id, id, anonymous_id, user_id, event, event_text, channel, context_ip, "
        "context_request_ip, context_session_id, context_session_start FROM raw_rudderstack.tracks"
    )
    assert found == (
        *("src1", "m1", "anon", "user", "product_viewed", "Product Viewed", "web"),
        *("0.0.0.0", "[::1]:53708", 1579867142, True),
    )
    assert rows("SELECT _file, _line, _load_id FROM raw_rudderstack.tracks") == [(DUMP, 1, 1)]


def test_offsets_are_applied_and_the_times_are_utc(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / DUMP, call())
    load_folder("rudderstack")
    assert rows(
        'SELECT original_timestamp, sent_at, received_at, "timestamp" FROM raw_rudderstack.tracks'
    ) == [
        (
            SIX_29.replace(microsecond=358000),
            SIX_29.replace(microsecond=359000),
            SIX_29,
            SIX_29.replace(microsecond=402000),
        )
    ]


def test_all_other_keys_of_a_call_stay_in_extras(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / DUMP, call(version="1.0", previousId="p", weird=None))
    load_folder("rudderstack")
    ((extras,),) = rows("SELECT extras::VARCHAR FROM raw_rudderstack.tracks")
    assert json.loads(extras) == {
        "context": call()["context"],
        "properties": call()["properties"],
        "version": "1.0",
        "previousId": "p",
        "weird": None,
    }
    assert "9007199254740993" in extras


def test_calls_of_every_type_are_kept(landing_folder: Path, load_folder: LoadFolder, rows: Rows) -> None:
    types = ("track", "identify", "alias", "page", "screen", "group", "Track", None)
    write(
        landing_folder / DUMP,
        *(call(f"m{n}", type=each) for n, each in enumerate(types)),
        call("m8", type=""),
    )
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (9, 0)
    assert counts(rows) == {"tracks": 1, "identifies": 1, "aliases": 1, "other_calls": 6}
    others = rows(
        "SELECT type, record ->> '$.messageId', record ->> '$.event' "
        "FROM raw_rudderstack.other_calls ORDER BY _line"
    )
    assert [(each, message) for each, message, _ in others] == [
        *(("page", "m3"), ("screen", "m4"), ("group", "m5"), ("Track", "m6"), (None, "m7"), ("", "m8"))
    ]
    assert {event for *_, event in others} == {"Product Viewed"}


def test_the_keys_of_one_type_are_extras_of_another(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(
        landing_folder / DUMP,
        call("m1", type="identify", traits={"plan": "x"}),
        call("m2", type="alias", previousId="old", event=None),
    )
    load_folder("rudderstack")
    assert rows(
        "SELECT extras ->> '$.event', extras ->> '$.traits.plan' FROM raw_rudderstack.identifies"
    ) == [("Product Viewed", "x")]
    assert rows("SELECT id, previous_id, extras -> '$.previousId' FROM raw_rudderstack.aliases") == [
        ("m2", "old", None)
    ]


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Product Viewed", "product_viewed"),
        ("productViewed", "product_viewed"),
        ("  Step 2: done! ", "step_2_done"),
        ("a--b__c", "a_b_c"),
        ("Größe Gewählt", "größe_gewählt"),
        ("already_snake", "already_snake"),
        ("!!!", None),
        ("", None),
        (None, None),
    ],
)
def test_an_event_has_its_name_in_snake_case_beside_its_text(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, name: str | None, snake: str | None
) -> None:
    write(landing_folder / DUMP, call(event=name))
    load_folder("rudderstack")
    assert rows("SELECT event, event_text FROM raw_rudderstack.tracks") == [(snake, name)]


def test_ids_stay_as_they_were_sent(landing_folder: Path, load_folder: LoadFolder, rows: Rows) -> None:
    write(landing_folder / DUMP, call("m1", userId="", anonymousId=None), call("m2", userId=9007199254740993))
    load_folder("rudderstack")
    assert rows("SELECT user_id, anonymous_id FROM raw_rudderstack.tracks ORDER BY id") == [
        ("", None),
        ("9007199254740993", "anon"),
    ]


def test_the_ip_of_the_request_stands_in_for_that_of_the_context(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(
        landing_folder / DUMP,
        call("m1", context={"ip": None}),
        call("m2", context=None),
        call("m3", context=[1]),
    )
    load_folder("rudderstack")
    assert rows("SELECT id, context_ip, context_session_id FROM raw_rudderstack.tracks ORDER BY id") == [
        *(("m1", "[::1]:53708", None), ("m2", "[::1]:53708", None), ("m3", "[::1]:53708", None))
    ]


def test_calls_without_an_id_or_with_a_broken_time_are_quarantined(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(
        landing_folder / DUMP,
        call("m1"),
        call(""),
        call("m3", sentAt="yesterday"),
        '{"messageId": "m4"',
        call("m5", receivedAt=""),
    )
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (2, 3)
    assert rows("SELECT file, line, reason FROM raw.rejected_lines ORDER BY line") == [
        (DUMP, 2, "messageId is missing"),
        (DUMP, 3, "sentAt: yesterday is not a time between 1970 and 2100"),
        (DUMP, 4, "not valid JSON"),
    ]


def test_a_call_delivered_twice_is_landed_twice(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / DUMP, call("m1"), call("m1"))
    write(landing_folder / DUMP.replace("0a1b", "0c2d"), call("m1"))
    load_folder("rudderstack")
    assert rows("SELECT id, _load_id, _line FROM raw_rudderstack.tracks ORDER BY ALL") == [
        *(("m1", 1, 1), ("m1", 1, 2), ("m1", 2, 1))
    ]


# Staging files


def test_rows_of_a_staging_file_go_to_the_tables_they_name(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(
        landing_folder / STAGING,
        staged("tracks", row("m1", context_session_id=7, context_page_url="http://x")),
        staged("identifies", row("m2", context_traits_plan="x")),
        staged("aliases", row("m3", previous_id="old")),
        staged("product_viewed", row("m1", price=9007199254740993)),
        staged("users", {"id": "user", "received_at": "2020-01-24T11:59:02.403+05:30"}),
        {"data": row("m9"), "metadata": {}},
    )
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (6, 0)
    assert rows(
        'SELECT source_id, id, event, received_at, "timestamp", context_session_id, '
        "extras ->> '$.context_page_url', _line FROM raw_rudderstack.tracks"
    ) == [("src1", "m1", "product_viewed", SIX_29, SIX_29.replace(microsecond=402000), 7, "http://x", 1)]
    assert rows("SELECT id, extras ->> '$.context_traits_plan' FROM raw_rudderstack.identifies") == [
        ("m2", "x")
    ]
    assert rows("SELECT id, previous_id FROM raw_rudderstack.aliases") == [("m3", "old")]
    assert rows(
        "SELECT type, record ->> '$.id', record ->> '$.price', _line "
        "FROM raw_rudderstack.other_calls ORDER BY _line"
    ) == [
        *(("product_viewed", "m1", "9007199254740993", 4), ("users", "user", None, 5), (None, "m9", None, 6))
    ]


def test_a_staging_file_for_snowflake_has_its_names_in_capitals(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    capitals = {key.upper(): value for key, value in row("m1", price=1).items()}
    write(landing_folder / STAGING, staged("TRACKS", capitals), staged("USERS", {"ID": "u"}))
    load_folder("rudderstack")
    assert rows("SELECT id, event, received_at, extras::VARCHAR FROM raw_rudderstack.tracks") == [
        ("m1", "product_viewed", SIX_29, '{"price":1}')
    ]
    assert rows("SELECT type, record::VARCHAR FROM raw_rudderstack.other_calls") == [("USERS", '{"ID":"u"}')]


def test_a_staged_row_that_cannot_be_landed_is_quarantined(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(
        landing_folder / STAGING,
        staged("tracks", row("m1")),
        staged("tracks", row("")),
        {"data": None, "metadata": {"table": "tracks"}},
        {"data": "text", "metadata": {"table": "tracks"}},
        staged("tracks", row("m5", context_session_id="x")),
    )
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (1, 4)
    assert rows("SELECT line, reason FROM raw.rejected_lines ORDER BY line") == [
        (2, "id is missing"),
        (3, "data is missing"),
        (4, "not a JSON object"),
        (5, "context_session_id: x is not an integer"),
    ]


# Rows of a table


def test_rows_as_json_lines_have_columns_of_any_case(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    mixed = {"ID": "m2", "Received_At": "2020-01-24T11:59:02.403+05:30", "Price": 1.5, 'Q"uote': [None]}
    write(landing_folder / "export.ndjson", row("m1", price=2), mixed, packed=False)
    load_folder("rudderstack")
    assert rows("SELECT id, received_at, extras::VARCHAR FROM raw_rudderstack.tracks ORDER BY id") == [
        ("m1", SIX_29, '{"price":2}'),
        ("m2", SIX_29, '{"price":1.5,"q\\"uote":[null]}'),
    ]


def test_columns_that_differ_in_case_only_are_one_key_twice(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(
        landing_folder / "export.json", row("m1"), {"ID": "m2", "RECEIVED_AT": "2020-01-24", "X": 1, "x": 2}
    )
    load_folder("rudderstack")
    assert rows("SELECT line, reason FROM raw.rejected_lines") == [(2, "a key stands twice in the object")]


def test_the_timestamp_of_a_data_lake_has_an_underscore(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    lake = row("m1")
    lake["_timestamp"] = lake.pop("timestamp")
    write(landing_folder / "a.json", lake, row("m2", _timestamp="kept"))
    load_folder("rudderstack")
    assert rows('SELECT id, "timestamp", extras::VARCHAR FROM raw_rudderstack.tracks ORDER BY id') == [
        ("m1", SIX_29.replace(microsecond=402000), None),
        ("m2", SIX_29.replace(microsecond=402000), '{"_timestamp":"kept"}'),
    ]


def test_a_csv_file_is_read_by_its_column_names(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    (landing_folder / "tracks.csv").write_text(
        "USER_ID,ID, Received_At ,EVENT,CONTEXT_SESSION_ID,CONTEXT_SESSION_START,Price\n"
        'u,m1,2020-01-24 11:59:02.403 +0530,"a, b",1579867142,t,9007199254740993\n'
        ",m2,2020-01-24T06:29:02.403Z,,,,\n",
        encoding="utf-8",
    )
    load_folder("rudderstack")
    assert rows(
        "SELECT id, user_id, received_at, event, context_session_id, context_session_start, "
        "extras::VARCHAR, _line FROM raw_rudderstack.tracks ORDER BY id"
    ) == [
        ("m1", "u", SIX_29, "a, b", 1579867142, True, '{"price":"9007199254740993"}', 1),
        ("m2", None, SIX_29, None, None, None, '{"price":null}', 2),
    ]


def test_a_parquet_file_is_read_by_its_column_names(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    table = pa.table(
        {
            "ID": ["m1", "m2"],
            "RECEIVED_AT": pa.array([SIX_29, SIX_29], pa.timestamp("us", "Asia/Kolkata")),
            "_TIMESTAMP": pa.array([SIX_29, None], pa.timestamp("ms")),
            "CONTEXT_SESSION_ID": pa.array([9007199254740993, None], pa.int64()),
            "CONTEXT_SESSION_START": [True, None],
            "PRICE": [1.5, None],
        }
    )
    pq.write_table(table, landing_folder / "tracks.parquet")
    load_folder("rudderstack")
    assert rows(
        'SELECT id, received_at, "timestamp", context_session_id, context_session_start, '
        "extras ->> '$.price' FROM raw_rudderstack.tracks ORDER BY id"
    ) == [("m1", SIX_29, SIX_29, 9007199254740993, True, "1.5"), ("m2", SIX_29, None, None, None, None)]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (
            b"anon,product_viewed,m1\nanon,x,m2\n",
            "t.csv has no column id and no column received_at: a csv file",
        ),
        (b"id,event\nm1,x\n", "t.csv has no column received_at: a csv file"),
        (b"id;received_at\nm1;x\n", "t.csv has no column id and no column received_at"),
        (b"id,received_at,ID\nm1,2020-01-24,m2\n", "t.csv has the column id twice"),
    ],
)
def test_a_csv_file_without_the_names_of_its_columns_is_refused(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, content: bytes, what: str
) -> None:
    (landing_folder / "t.csv").write_bytes(content)
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.status is Status.REJECTED
    assert outcome.entry.reason.startswith(what)
    assert counts(rows) == {}


def test_a_parquet_file_without_an_id_is_refused(landing_folder: Path, load_folder: LoadFolder) -> None:
    pq.write_table(pa.table({"event": ["x"]}), landing_folder / "t.parquet")
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.reason.startswith(
        "t.parquet has no column id and no column received_at: a parquet file"
    )


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("tracks.json", {"tracks": 1}),
        ("export.json", {"tracks": 1}),
        ("identifies.json.gz", {"identifies": 1}),
        ("identifies/part-0.json", {"identifies": 1}),
        ("2020/ALIASES-01.json", {"aliases": 1}),
        ("users/tracks.json", {"tracks": 1}),
        ("pages.json", {"other_calls": 1}),
        ("users/part-0.json", {"other_calls": 1}),
        ("rudder-warehouse-load-objects/tracks/src1/a.json.gz", {"tracks": 1}),
        ("rudder-warehouse-load-objects/identifies/src1/a.json.gz", {"identifies": 1}),
        ("rudder-warehouse-load-objects/product_viewed/src1/a.json.gz", {"other_calls": 1}),
        ("rudder-warehouse-load-objects/tracks_extra/src1/a.json.gz", {"other_calls": 1}),
    ],
)
def test_rows_go_to_the_table_that_their_path_names(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, path: str, found: dict[str, int]
) -> None:
    write(landing_folder / path, row("m1"))
    load_folder("rudderstack")
    assert counts(rows) == found


def test_load_objects_tell_their_source_and_the_tables_without_columns_of_ours_are_kept_whole(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    objects = landing_folder / "rudder-warehouse-load-objects"
    write(objects / "tracks" / "src7" / "1.json.gz", row("m1"))
    (objects / "pages" / "src7").mkdir(parents=True)
    (objects / "pages" / "src7" / "2.csv").write_text("received_at,name\n2020-01-24,Home\n", encoding="utf-8")
    load_folder("rudderstack")
    assert rows("SELECT source_id, id FROM raw_rudderstack.tracks") == [("src7", "m1")]
    assert rows("SELECT source_id, type, record::VARCHAR FROM raw_rudderstack.other_calls") == [
        ("src7", "pages", '{"received_at":"2020-01-24","name":"Home"}')
    ]


def test_a_table_is_known_by_its_folder_even_when_that_is_the_root(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / "identifies" / "part-0.json", row("m1"))
    load_folder("rudderstack", landing_folder / "identifies")
    assert counts(rows) == {"identifies": 1}


# Files


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_a_file_without_lines_is_loaded_without_rows(
    landing_folder: Path, load_folder: LoadFolder, content: bytes
) -> None:
    for name in ("a.json", "b.csv"):
        (landing_folder / name).write_bytes(content)
    (landing_folder / "c.json.gz").write_bytes(gzip.compress(content))
    outcomes = load_folder("rudderstack")
    assert [(each.entry.status, each.entry.rows) for each in outcomes] == [(Status.LOADED, 0)] * 3


@pytest.mark.parametrize(
    "lines",
    [('{"name": "package"}', "{}"), ("[1]", "not json"), ('[{"messageId": "m1"}]',), ('{"id": "m1"}',)],
)
def test_a_file_of_something_else_is_refused(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, lines: tuple[str, ...]
) -> None:
    write(landing_folder / "package.json", *lines)
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.status is Status.REJECTED
    assert outcome.entry.reason.startswith("package.json holds no RudderStack lines: not one of its")
    assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]


@pytest.mark.parametrize("first", ["not json", "[]", "{}", '{"other": 1}'])
def test_a_bad_first_line_does_not_hide_the_form_of_the_others(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, first: str
) -> None:
    write(landing_folder / DUMP, first, call("m1"), call("m2"))
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (2, 1)
    assert rows("SELECT line, raw_text FROM raw.rejected_lines") == [(1, first)]


def test_a_cut_file_is_rejected_and_the_others_load(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    cut = write(landing_folder / DUMP, call("m1"))
    cut.write_bytes(cut.read_bytes()[:-4])
    write(landing_folder / DUMP.replace("0a1b", "0c2d"), call("m2"))
    outcomes = load_folder("rudderstack")
    assert [str(each.entry.status) for each in outcomes] == ["rejected", "loaded"]
    assert outcomes[0].entry.reason.startswith(f"{DUMP} is cut")
    assert rows("SELECT id FROM raw_rudderstack.tracks") == [("m2",)]


def test_files_are_loaded_by_day_and_name_in_every_form_of_date_folder(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    paths = (
        "rudder-logs/src1/01-23-2020/5.json.gz",
        "rudder-logs/src2/2020-01-24/1.json.gz",
        "rudder-logs/src1/01-24-2020/2.json.gz",
        "rudder-logs/src1/2020-01-24/3.json.gz",
        "lake/tracks/2020/01/25/15/0.json.gz",
        "lake/tracks/dt=2020-01-26/0.json.gz",
        "rudder-logs/src1/02-01-2019/9.json.gz",
    )
    for path in paths:
        write(landing_folder / path, call(path))
    load_folder("rudderstack")
    loaded = [path for (path,) in rows("SELECT id FROM raw_rudderstack.tracks ORDER BY _load_id")]
    assert loaded == [paths[6], *paths[:6]]


def test_a_file_is_the_same_export_from_whatever_root_it_is_offered(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / "prefix" / DUMP, call("m1"))
    for root in ("", "prefix", "prefix/rudder-logs", "prefix/rudder-logs/src1/2020-01-24", f"prefix/{DUMP}"):
        (outcome,) = load_folder("rudderstack", landing_folder / root)
        assert outcome.entry.export_id == DUMP
    assert rows("SELECT source_id, id FROM raw_rudderstack.tracks") == [("src1", "m1")]


def test_the_same_content_under_the_same_name_is_nothing_new(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    path = write(landing_folder / "a" / "tracks.json", row("m1"))
    load_folder("rudderstack", landing_folder / "a")
    os.utime(path, ns=(1, 1))
    write(landing_folder / "b" / "c" / "tracks.json", row("m1"))
    for folder in ("a", "b"):
        (outcome,) = load_folder("rudderstack", landing_folder / folder)
        assert (outcome.is_new, outcome.entry.export_id) == (False, "tracks.json")
    assert counts(rows) == {"tracks": 1}


def test_a_file_that_has_grown_is_an_export_of_its_own(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    path = landing_folder / DUMP
    write(path, call("m1"))
    load_folder("rudderstack")
    write(path, call("m1"), call("m2"))
    (grown,) = load_folder("rudderstack")
    assert grown.is_new
    assert grown.entry.export_id.startswith(f"{DUMP}@")
    assert rows("SELECT id, _load_id, _file FROM raw_rudderstack.tracks ORDER BY ALL") == [
        *(("m1", 1, DUMP), ("m1", 2, DUMP), ("m2", 2, DUMP))
    ]
    (again,) = load_folder("rudderstack")
    assert (again.is_new, again.entry) == (False, grown.entry)


def test_files_of_other_kinds_are_no_exports(landing_folder: Path, load_folder: LoadFolder) -> None:
    for name in ("notes.txt", "tracks.json.part", "tracks.sql", ".tracks.json"):
        (landing_folder / name).write_text("x", encoding="utf-8")
    write(landing_folder / "TRACKS.JSON.GZ", row("m1"))
    assert [each.entry.export_id for each in load_folder("rudderstack")] == ["TRACKS.JSON.GZ"]
