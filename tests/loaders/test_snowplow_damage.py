"""Damage and leftovers of Snowplow files: what is whole loads, what is not is told and leaves no row."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from loaders.exports import Status
from loaders.vendors.snowplow.columns import ATOMIC_COLUMNS
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.snowplow_delivery import (
    ATOMIC_FOLDER,
    MOMENT,
    RUN,
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


# Single files


def test_empty_and_concatenated_members_are_one_stream(
    load_folder: LoadFolder, landing_folder: Path, rows: Rows
) -> None:
    whole = tsv(event("e1"), event("e2"), event("e3")).encode()
    members = (whole[:100], b"", whole[100:])
    (landing_folder / "1.tsv.gz").write_bytes(b"".join(map(gzip.compress, members)))
    (landing_folder / "2.tsv.gz").write_bytes(gzip.compress(b""))

    outcomes = load_folder("snowplow")

    assert [(each.entry.status, each.entry.rows) for each in outcomes] == [
        (Status.LOADED, 3),
        (Status.LOADED, 0),
    ]
    assert rows("SELECT event_id, _line FROM raw_snowplow.events ORDER BY 1") == [
        ("e1", 1),
        ("e2", 2),
        ("e3", 3),
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("1.gz", b"", "1.gz is empty, not even a gzip header"),
        ("events.parquet", b"", "events.parquet is no whole Parquet file"),
        ("1.gz", b"\x1f", "1.gz is cut"),
        ("1.lzo", b"\x89LZO\x00\r\n\x1a\n\x10\x30", "1.lzo is a lzo file; only gzip and plain UTF-8"),
        ("1.tsv.bz2", b"BZh91AY&SY\x00\x00", "1.tsv.bz2 is a bzip2 file"),
        ("1.tsv.zst", b"\x28\xb5\x2f\xfd\x00\x00", "1.tsv.zst is a zstd file"),
        ("part-00000", b"PAR1\x00\x00", "part-00000 is a parquet file"),
    ],
)
def test_a_file_in_another_form_than_its_name_tells_is_rejected(
    load_folder: LoadFolder, landing_folder: Path, name: str, content: bytes, reason: str
) -> None:
    (landing_folder / name).write_bytes(content)

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.REJECTED
    assert reason in outcome.entry.reason


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_no_content(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    last = {"true_tstamp": MOMENT}
    text = tsv(event("e1", app_id="shop", **last), event("e2", **last)).replace("\n", "\r\n\r\n")
    write("events.tsv", text.encode("utf-8-sig"))

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.rejected_rows == 0
    assert rows("SELECT app_id, event_id, true_tstamp, _line FROM raw_snowplow.events ORDER BY 2") == [
        ("shop", "e1", MOMENT, 1),
        (None, "e2", MOMENT, 3),
    ]


def test_a_line_of_20_megabytes_loads_whole(load_folder: LoadFolder, write: Write, rows: Rows) -> None:
    long = json.dumps({"data": ["x" * 20_000_000]})
    write("events.tsv", tsv(event("e1"), event("e2", contexts=long)))

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (2, 0)
    assert rows("SELECT length(contexts) FROM raw_snowplow.events WHERE event_id = 'e2'") == [(len(long),)]


@pytest.mark.parametrize(
    ("moment", "is_kept"),
    [
        ("2021-10-15 09:05:41.458800585", True),
        ("2021-10-15T09:05:41.458Z", True),
        ("1970-01-01 00:00:00.000", True),
        ("2099-12-31 23:59:59.999999999", True),
        ("1969-12-31 23:59:59.999", False),
        ("2100-01-01 00:00:00.000", False),
        ("-2006-10-15 01:02:03.000", False),
        ("2006-10-15 (BC) 01:02:03", False),
        ("2021-02-30 09:05:41.458", False),
    ],
)
def test_an_event_collected_out_of_range_is_quarantined(
    load_folder: LoadFolder, write: Write, rows: Rows, moment: str, is_kept: bool
) -> None:
    write("events.tsv", tsv(event("e1", collector_tstamp=moment)))

    load_folder("snowplow")

    kept = rows("SELECT collector_tstamp FROM raw_snowplow.events")
    reasons = rows("SELECT reason FROM raw.rejected_lines")
    assert (kept, reasons) == (
        ([(moment,)], [])
        if is_kept
        else ([], [(f"collector_tstamp: {moment} is not a time between 1970 and 2100",)])
    )


def test_numbers_of_any_size_and_odd_moments_stay_the_text_that_was_delivered(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    values = {"txn_id": "9007199254740993", "tr_total": "0.1234567890123456789", "se_value": "1e400"}
    write("events.tsv", tsv(event(**values, derived_tstamp="-2006-10-15 00:00:00")))

    load_folder("snowplow")

    assert rows("SELECT txn_id, tr_total, se_value, derived_tstamp FROM raw_snowplow.events") == [
        (*values.values(), "-2006-10-15 00:00:00")
    ]


def test_markers_and_unfinished_files_are_no_exports(
    load_folder: LoadFolder, write: Write, landing_folder: Path
) -> None:
    write("2024/events.tsv", tsv(event()))
    for name in ("2024_$folder$", "2024/_SUCCESS", "2024/_temporary/0/task_1/part-00000.gz"):
        write(name, tsv(event("e2")))

    assert [outcome.entry.export_id for outcome in load_folder("snowplow")] == ["2024/events.tsv"]


# Run folders


def test_markers_and_unfinished_files_are_no_part_of_a_run(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    good = f"{RUN}/output=good"
    write(f"{good}/part-0", ndjson(event()))
    write(f"{good}/_temporary/0/part-0", ndjson(event("e2")))
    for name in ("_SUCCESS", "_started_1", "_committed_1", "part_$folder$"):
        write(f"{good}/{name}", "")
    write(f"{RUN}_$folder$", "")
    finish(good=1)

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.status, outcome.entry.rows) == (Status.LOADED, 1)
    assert outcome.warnings == ("3 files of unknown purpose, not loaded",)
    assert rows("SELECT event_id FROM raw_snowplow.events") == [("e1",)]


def test_a_key_that_stands_twice_in_a_wide_row_costs_its_line(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    twice = ndjson(event("e2", user_id="u")).replace('"user_id"', '"user_id": "v", "user_id"')
    write(f"{RUN}/output=good/part-0", ndjson(event()) + twice)
    finish(good=2)

    load_folder("snowplow")

    assert rows("SELECT event_id FROM raw_snowplow.events") == [("e1",)]
    assert rows("SELECT line, reason, raw_text FROM raw.rejected_lines") == [
        (2, "a key stands twice in the object", twice.strip())
    ]


def test_wide_rows_with_windows_line_ends_and_large_numbers_load_exactly(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows
) -> None:
    wide = {**event(), "domain_sessionidx": 9007199254740993, "contexts_com_acme_x_1": [{"id": 2**63}]}
    write(f"{RUN}/output=good/part-0", ndjson(wide).replace("\n", "\r\n").encode("utf-8-sig"))
    finish(good=1)

    load_folder("snowplow")

    assert rows("SELECT domain_sessionidx, extras::VARCHAR FROM raw_snowplow.events") == [
        ("9007199254740993", f'{{"contexts_com_acme_x_1":[{{"id":{2**63}}}]}}')
    ]


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped"])
def test_one_damaged_file_keeps_the_whole_run_out(
    load_folder: LoadFolder, write: Write, finish: Finish, rows: Rows, damage: str
) -> None:
    write(f"{RUN}/{ATOMIC_FOLDER}/part-0.gz", tsv(event(), columns=ATOMIC_COLUMNS))
    path = write(f"{RUN}/{ATOMIC_FOLDER}/part-1.gz", tsv(event("e2"), columns=ATOMIC_COLUMNS))
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes({"empty": b"", "cut": path.read_bytes()[:-3], "flipped": bytes(content)}[damage])
    finish(form="SHREDDED", file_format=None, good=2)

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.REJECTED
    assert "part-1.gz is" in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]
