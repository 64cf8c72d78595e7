"""Damage of RudderStack files: what is whole loads, what is not is told and leaves no row."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path

import pytest

from loaders.exports import Status
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.rudderstack_delivery import DUMP, STAGING, call, counts, row, staged, write

BIG = 9007199254740993


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def line(message_id: str = "m1", **changes: object) -> bytes:
    return json.dumps(call(message_id, **changes)).encode() + b"\n"


@pytest.mark.parametrize("kept", [1, 5, 0.5, -8, -1])
def test_a_cut_gzip_file_is_rejected_and_loads_once_it_is_whole(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, kept: float
) -> None:
    whole = gzip.compress(b"".join(line(f"m{n}") for n in range(200)), mtime=0)
    put(landing_folder / DUMP, whole[: int(len(whole) * kept) if kept == 0.5 else int(kept)])
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.status is Status.REJECTED
    assert f"{DUMP} is cut" in outcome.entry.reason
    assert counts(rows) == {}
    put(landing_folder / DUMP, whole)
    assert load_folder("rudderstack")[0].entry.rows == 200


def test_a_flipped_byte_fails_the_checksum(landing_folder: Path, load_folder: LoadFolder, rows: Rows) -> None:
    content = bytearray(gzip.compress(line(), mtime=0))
    content[-8] ^= 1
    put(landing_folder / DUMP, bytes(content))
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.status is Status.REJECTED
    assert "is damaged" in outcome.entry.reason
    assert counts(rows) == {}


def test_compression_is_told_by_content_not_by_name(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    put(landing_folder / "tracks-1.json", gzip.compress(json.dumps(row("m1")).encode()))
    put(landing_folder / "tracks-2.json.gz", json.dumps(row("m2")).encode())
    put(landing_folder / "tracks-3.csv", gzip.compress(b"id,received_at\nm3,2020-01-24\n"))
    load_folder("rudderstack")
    assert rows("SELECT id FROM raw_rudderstack.tracks ORDER BY id") == [("m1",), ("m2",), ("m3",)]


def test_empty_and_concatenated_members_are_one_stream(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    empty, half = gzip.compress(b""), len(line("m2")) // 2
    members = (line("m1") + line("m2")[:half], b"", line("m2")[half:], line("m3"))
    put(landing_folder / DUMP, b"".join(map(gzip.compress, members)))
    put(landing_folder / DUMP.replace("0a1b", "0c2d"), empty)
    outcomes = load_folder("rudderstack")
    assert [(each.entry.status, each.entry.rows) for each in outcomes] == [
        (Status.LOADED, 3),
        (Status.LOADED, 0),
    ]
    assert rows("SELECT id, _line FROM raw_rudderstack.tracks ORDER BY id") == [
        *(("m1", 1), ("m2", 2), ("m3", 3))
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (DUMP, "is empty, not even a gzip header"),
        ("tracks.csv.gz", "is empty, not even a gzip header"),
        ("tracks.parquet", "is no whole Parquet file"),
    ],
)
def test_a_file_of_no_bytes_where_some_must_be_is_rejected(
    landing_folder: Path, load_folder: LoadFolder, name: str, reason: str
) -> None:
    put(landing_folder / name, b"")
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.status is Status.REJECTED
    assert reason in outcome.entry.reason


def test_invalid_utf8_costs_its_own_line_only(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    bad = line("m2", event="caf?").replace(b"?", b"\xe9")
    put(landing_folder / DUMP, line("m1") + bad + line("m3"))
    load_folder("rudderstack")
    assert rows("SELECT id FROM raw_rudderstack.tracks ORDER BY id") == [("m1",), ("m3",)]
    ((number, reason, text),) = rows("SELECT line, reason, raw_text FROM raw.rejected_lines")
    assert (number, reason[:13]) == (2, "invalid UTF-8")
    assert "caf\\xe9" in text


def test_a_line_of_20_megabytes_loads_whole(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    # The vendor's own reader gives up at 10 MB.
    long = "x" * 20_000_000
    put(landing_folder / DUMP, gzip.compress(line("m1") + line("m2", properties={"long": long}), 1))
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (2, 0)
    assert rows(
        "SELECT id, length(extras ->> '$.properties.long') FROM raw_rudderstack.tracks ORDER BY id"
    ) == [
        ("m1", None),
        ("m2", len(long)),
    ]


def test_a_key_that_stands_twice_costs_its_line(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    twice = json.dumps(call("m2")).replace('"userId"', '"userId": "other", "userId"')
    inner = json.dumps(call("m3")).replace('"price"', '"price": 1, "price"')
    write(landing_folder / DUMP, call("m1"), twice, inner)
    data = json.dumps(staged("tracks", row("m4"))).replace('"user_id"', '"user_id": "other", "user_id"')
    write(landing_folder / STAGING, data, staged("tracks", row("m5")))
    load_folder("rudderstack")
    assert rows("SELECT id FROM raw_rudderstack.tracks ORDER BY id") == [("m1",), ("m3",), ("m5",)]
    assert rows("SELECT file, line, reason, raw_text FROM raw.rejected_lines ORDER BY file") == [
        (DUMP, 2, "a key stands twice in the object", twice),
        (STAGING, 1, "a key stands twice in the object", data),
    ]
    # Further in, both values stay where they stood.
    assert rows("SELECT extras ->> '$.properties' FROM raw_rudderstack.tracks WHERE id = 'm3'") == [
        (f'{{"price":1,"price":19.99,"id":{BIG},"none":null}}',)
    ]


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1)),
        ("2099-12-31T23:59:59.999999Z", datetime(2099, 12, 31, 23, 59, 59, 999999)),
        ("2023-01-24T06:29:02.403123789Z", datetime(2023, 1, 24, 6, 29, 2, 403123)),
        ("2020-01-24T23:59:02-08:00", datetime(2020, 1, 25, 7, 59, 2)),
        ("1970-01-01T00:00:00+00:01", None),
        ("1969-12-31T23:59:59Z", None),
        ("2100-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("-2006-10-15T01:02:03Z", None),
        ("12020-01-24T06:29:02Z", None),
        ("2020-02-30T06:29:02Z", None),
        ("2020-01-24T25:29:02Z", None),
    ],
)
def test_a_time_out_of_range_costs_its_line(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, moment: str, kept: datetime | None
) -> None:
    write(landing_folder / DUMP, call("m1", timestamp=moment), call("m2"))
    load_folder("rudderstack")
    assert rows("SELECT \"timestamp\" FROM raw_rudderstack.tracks WHERE id = 'm1'") == (
        [(kept,)] if kept else []
    )
    assert rows("SELECT reason FROM raw.rejected_lines") == (
        [] if kept else [(f"timestamp: {moment} is not a time between 1970 and 2100",)]
    )


def test_a_time_years_before_its_receipt_is_kept(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / DUMP, call("m1", timestamp="2020-01-24", receivedAt="2023-05-12T04:08:48.750Z"))
    load_folder("rudderstack")
    assert rows('SELECT "timestamp", received_at FROM raw_rudderstack.tracks') == [
        (datetime(2020, 1, 24), datetime(2023, 5, 12, 4, 8, 48, 750000))
    ]


def test_whole_numbers_keep_every_digit(landing_folder: Path, load_folder: LoadFolder, rows: Rows) -> None:
    own = {"sessionId": BIG, "traits": {"id": -(2**63)}}
    write(landing_folder / DUMP, call("m1", userId=BIG, anonymousId=-BIG, context=own))
    write(landing_folder / STAGING, staged("tracks", row("m2", user_id=BIG, context_traits_id=-(2**63))))
    load_folder("rudderstack")
    assert rows(
        "SELECT id, user_id, anonymous_id, context_session_id, "
        "coalesce(extras ->> '$.context.traits.id', extras ->> '$.context_traits_id') "
        "FROM raw_rudderstack.tracks ORDER BY id"
    ) == [("m1", str(BIG), f"-{BIG}", BIG, str(-(2**63))), ("m2", str(BIG), "anon", None, str(-(2**63)))]


@pytest.mark.parametrize("name", ["tracks.json", "tracks.csv"])
def test_a_byte_order_mark_and_windows_line_ends_are_no_content(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, name: str
) -> None:
    texts = {
        "tracks.json": '{"id":"m1","received_at":"2020-01-24","user_id":"u"}\r\n\r\n'
        '{"id":"m2","received_at":"2020-01-24","user_id":"v"}\r\n',
        "tracks.csv": "id,received_at,user_id\r\nm1,2020-01-24,u\r\nm2,2020-01-24,v\r\n",
    }
    put(landing_folder / name, texts[name].encode("utf-8-sig"))
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.rejected_rows == 0
    assert rows("SELECT id, user_id, extras FROM raw_rudderstack.tracks ORDER BY id") == [
        ("m1", "u", None),
        ("m2", "v", None),
    ]


def test_too_many_bad_lines_reject_the_file(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / DUMP, *(call(f"m{n}") for n in range(20)), *["not json"] * 11)
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.status is Status.REJECTED
    assert f"{DUMP} line 21: not valid JSON" in outcome.entry.reason
    assert counts(rows) == {}
    assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]
