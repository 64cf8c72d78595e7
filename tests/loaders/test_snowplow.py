from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from loaders.exports import Status
from loaders.vendors.snowplow.columns import ATOMIC_COLUMNS, ENRICHED_COLUMNS, EVENT_COLUMNS
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.snowplow_delivery import HOSTILE, MOMENT, Write, event, tsv, writer


@pytest.fixture
def write(landing_folder: Path) -> Write:
    return writer(landing_folder)


def test_the_columns_are_those_of_the_raw_table(rows: Rows) -> None:
    names = [
        name
        for (name,) in rows(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = 'raw_snowplow' ORDER BY ordinal_position"
        )
    ]

    assert tuple(names[: len(EVENT_COLUMNS)]) == EVENT_COLUMNS
    assert (len(ENRICHED_COLUMNS), len(ATOMIC_COLUMNS)) == (131, 128)
    assert ENRICHED_COLUMNS.index("refr_dvce_tstamp") == 121


def test_all_131_fields_land_as_text_under_their_warehouse_names(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    values = {name: f"{number} {name}" for number, name in enumerate(ENRICHED_COLUMNS)}
    write("events.tsv", tsv({**values, "collector_tstamp": MOMENT}))

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.export_id, outcome.entry.rows) == ("events.tsv", 1)
    names = ", ".join(f'"{name}"' for name in ENRICHED_COLUMNS)
    (row,) = rows(f"SELECT {names} FROM raw_snowplow.events")
    assert row == tuple({**values, "collector_tstamp": MOMENT}.values())
    assert rows("SELECT load_tstamp, extras, _file, _line FROM raw_snowplow.events") == [
        (None, None, "events.tsv", 1)
    ]


def test_quotes_braces_and_backslashes_are_plain_characters(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    odd = {"page_title": '"unclosed, \\', "se_label": "\\N", "useragent": "'", "contexts": HOSTILE}
    write("events.tsv", tsv(event(**odd), event("e2", page_title='"')))

    load_folder("snowplow")

    assert rows(
        "SELECT page_title, se_label, useragent, contexts FROM raw_snowplow.events ORDER BY event_id"
    ) == [tuple(odd.values()), ('"', None, None, None)]


def test_an_empty_field_is_null_and_a_moment_keeps_its_digits(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    write("events.tsv", tsv(event(collector_tstamp="2021-10-15 09:05:41.458800585", txn_id="007")))

    load_folder("snowplow")

    assert rows("SELECT collector_tstamp, txn_id, user_id, true_tstamp FROM raw_snowplow.events") == [
        ("2021-10-15 09:05:41.458800585", "007", None, None)
    ]


def test_files_are_known_by_their_names_and_others_ignored(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    names = [
        "part-00000",
        "events.tsv",
        "events.tsv.gz",
        "2024/05/01/2024-05-01-101500-4958.gz",
        "2024/05/01/2024-05-01-100000-0c1e2b7a-8a52-4b0b-9a39-4d1a2a6a6ef1.gz",
    ]
    for number, name in enumerate(names):
        write(name, tsv(event(f"e{number}")))
    for name in ("README.md", "notes.txt", "sessions.json.gz", "_SUCCESS", ".part-00000.crc"):
        write(name, "no events")

    outcomes = load_folder("snowplow")

    assert [outcome.entry.export_id for outcome in outcomes] == [
        "events.tsv",
        "events.tsv.gz",
        "part-00000",
        names[4],
        names[3],
    ]
    assert {outcome.entry.status for outcome in outcomes} == {Status.LOADED}
    assert rows("SELECT count(DISTINCT event_id) FROM raw_snowplow.events") == [(5,)]


def test_compression_is_told_by_content_not_by_name(
    load_folder: LoadFolder, write: Write, landing_folder: Path, rows: Rows
) -> None:
    (landing_folder / "part-00000").write_bytes(gzip.compress(tsv(event()).encode()))
    (landing_folder / "plain.gz").write_bytes(tsv(event("e2")).encode())

    load_folder("snowplow")

    assert rows("SELECT event_id, _file FROM raw_snowplow.events ORDER BY 1") == [
        ("e1", "part-00000"),
        ("e2", "plain.gz"),
    ]


def test_bad_lines_are_quarantined_with_number_reason_and_text(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    good = tsv(event())
    cases = [
        (good.replace("\t", "", 1), "130 fields, an enriched event has 131"),
        (good.replace("\n", "\t\n"), "132 fields, an enriched event has 131"),
        ("# a comment\n", "1 fields, an enriched event has 131"),
        (tsv({"collector_tstamp": MOMENT}), "event_id is missing"),
        (tsv({"event_id": "e9"}), "collector_tstamp is missing"),
        (
            tsv(event("e9", collector_tstamp="-2006-10-15 01:02:03.000")),
            "collector_tstamp: -2006-10-15 01:02:03.000 is not a time between 1970 and 2100",
        ),
        (
            tsv(event("e9", collector_tstamp="soon")),
            "collector_tstamp: soon is not a time between 1970 and 2100",
        ),
    ]
    write("events.tsv", good + "\n" + "".join(line for line, _ in cases) + tsv(event("e2")))

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.status, outcome.entry.rejected_rows) == (Status.LOADED, len(cases))
    assert rows("SELECT event_id, _line FROM raw_snowplow.events ORDER BY 1") == [("e1", 1), ("e2", 10)]
    assert rows("SELECT file, line, reason, raw_text FROM raw.rejected_lines ORDER BY line") == [
        ("events.tsv", number, reason, line.removesuffix("\n"))
        for number, (line, reason) in enumerate(cases, start=3)
    ]


def test_a_line_that_is_no_utf8_is_quarantined(load_folder: LoadFolder, write: Write, rows: Rows) -> None:
    write(
        "events.tsv",
        tsv(event(page_title="caf?")).encode().replace(b"?", b"\xe9") + tsv(event()).encode(),
    )

    load_folder("snowplow")

    assert rows("SELECT event_id, page_title, _line FROM raw_snowplow.events") == [("e1", None, 2)]
    ((line, reason, text),) = rows("SELECT line, reason, raw_text FROM raw.rejected_lines")
    assert (line, reason[:13]) == (1, "invalid UTF-8")
    assert "caf\\xe9" in text


def test_too_many_bad_lines_reject_the_file(load_folder: LoadFolder, write: Write, rows: Rows) -> None:
    write("events.tsv", tsv(*[event()] * 20) + "no event\n" * 11)

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.REJECTED
    assert "events.tsv line 21: 1 fields" in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]


def test_a_cut_gzip_file_is_rejected_and_loads_once_it_is_whole(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    path = write("events.tsv.gz", tsv(*[event(f"e{number}") for number in range(300)]))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    (cut,) = load_folder("snowplow")

    assert cut.entry.status is Status.REJECTED
    assert "is cut" in cut.entry.reason
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]

    path.write_bytes(whole)
    assert load_folder("snowplow")[0].entry.rows == 300


def test_the_same_file_again_or_elsewhere_is_a_no_op(
    load_folder: LoadFolder, landing_folder: Path, write: Write, rows: Rows, tmp_path: Path
) -> None:
    write("good/events.tsv", tsv(event()))
    load_folder("snowplow")
    moved = tmp_path / "archive"
    shutil.copytree(landing_folder / "good", moved)

    (again,) = load_folder("snowplow")
    (elsewhere,) = load_folder("snowplow", moved)

    assert (again.is_new, elsewhere.is_new) == (False, False)
    assert elsewhere.entry.export_id == "good/events.tsv"
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(1,)]


def test_other_content_under_the_same_name_is_an_export_of_its_own(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    write("events.tsv", tsv(event()))
    load_folder("snowplow")
    write("events.tsv", tsv(event("e2")))

    (second,) = load_folder("snowplow")

    assert second.entry.export_id.startswith("events.tsv@")
    assert rows("SELECT event_id FROM raw_snowplow.events ORDER BY 1") == [("e1",), ("e2",)]
