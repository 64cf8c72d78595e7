from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import duckdb
import pytest

from loaders.exports import DataFile, Status
from loaders.ledger import Entry, FileRecord, KnownFile, Ledger

LOADED_AT = datetime(2026, 3, 1, 10)


@pytest.fixture
def ledger(connection: duckdb.DuckDBPyConnection) -> Ledger:
    return Ledger(connection)


def entry(export_id: str, load_id: int | None = None, *, vendor: str = "pendo", rows: int = 0) -> Entry:
    return Entry(
        vendor=vendor,
        export_id=export_id,
        status=Status.LOADED if load_id else Status.INCOMPLETE,
        files=2,
        reason="" if load_id else "a file is missing",
        digest="d",
        uri="/exports",
        rows=rows,
        load_id=load_id,
        loaded_at=LOADED_AT + timedelta(minutes=load_id) if load_id else None,
    )


def test_an_entry_comes_back_as_it_was_written(ledger: Ledger) -> None:
    for written in (entry("a", 7, rows=3), entry("b")):
        ledger.write(written)
        assert ledger.entry("pendo", written.export_id) == written


def test_an_unknown_export_has_no_entry(ledger: Ledger) -> None:
    ledger.write(entry("a", 1))
    assert ledger.entry("pendo", "b") is None
    assert ledger.entry("monetate", "a") is None


def test_an_export_has_one_row_whatever_is_written(ledger: Ledger) -> None:
    ledger.write(entry("a"))
    ledger.write(entry("a", vendor="monetate"))
    ledger.write(entry("a", 1, rows=5))
    assert [(each.vendor, each.status, each.rows) for each in ledger.entries()] == [
        ("pendo", Status.LOADED, 5),
        ("monetate", Status.INCOMPLETE, 0),
    ]


def test_entries_come_in_the_order_of_loading_and_those_not_loaded_last(ledger: Ledger) -> None:
    for written in (entry("z"), entry("b", 2), entry("a", 3), entry("y"), entry("c", 1, vendor="leanplum")):
        ledger.write(written)
    assert [each.export_id for each in ledger.entries()] == ["c", "b", "a", "y", "z"]
    assert [each.export_id for each in ledger.entries("leanplum")] == ["c"]


def test_the_first_load_has_number_1(ledger: Ledger) -> None:
    assert ledger.next_load()[0] == 1


def test_load_numbers_grow_past_all_vendors_and_exports_not_loaded(ledger: Ledger) -> None:
    for written in (entry("a", 4), entry("b", 9, vendor="monetate"), entry("c")):
        ledger.write(written)
    assert ledger.next_load()[0] == 10


def test_a_load_is_later_than_every_load_before_it_even_one_from_the_future(ledger: Ledger) -> None:
    future = datetime(2999, 1, 1)
    ledger.write(replace(entry("a", 1), loaded_at=future))
    ledger.write(entry("b", 2))
    assert ledger.next_load() == (3, future + timedelta(microseconds=1))


def test_files_come_back_with_what_they_were_known_by(ledger: Ledger) -> None:
    file = DataFile(path="2026/03/x.gz", size=12, version="v1")
    ledger.write_files(entry("a", 1), [file], "anchor/x.gz", "abc")
    ledger.write_files(entry("a", 1, vendor="monetate"), [file, file], "", "")
    assert ledger.files("pendo") == [FileRecord("a", "anchor/x.gz", "x.gz", 12, "v1", "abc")]
    assert ledger.files("monetate") == [FileRecord("a", "2026/03/x.gz", "x.gz", 12, "v1", "")] * 2


def test_rejected_lines_come_in_order_with_their_names(
    ledger: Ledger, connection: duckdb.DuckDBPyConnection
) -> None:
    for load_id, line in ((2, 1), (1, 9), (1, 3)):
        connection.execute(
            "INSERT INTO raw.rejected_lines VALUES (?, 'v', 'e', 'f', ?, 'why', NULL, ?)",
            [load_id, line, LOADED_AT],
        )
    lines = ledger.rejected_lines()
    assert [each["line"] for each in lines] == [3, 9, 1]
    assert lines[0] == {
        "vendor": "v", "export_id": "e", "file": "f", "line": 3, "reason": "why", "raw_text": None,
    }  # fmt: skip


def test_an_unknown_status_cannot_be_written(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.ConstraintException):
        connection.execute("INSERT INTO raw.loads VALUES (1, 'v', 'e', 'done', 0, 0, 0, '', '', '', NULL)")


def test_a_known_file_takes_the_place_of_what_was_noted_of_it(connection: duckdb.DuckDBPyConnection) -> None:
    ledger = Ledger(connection)
    old = [KnownFile("e1", "d1", "/m", 1, "v1"), KnownFile("e2", "d2", "/m", 1, "v1")]
    other = KnownFile("e9", "d9", "/other", 1, "v1")
    ledger.write_known_files("v", [*old, other])
    ledger.write_known_files("w", [KnownFile("e1", "d1", "/m", 1, "v1")])
    new = KnownFile("e3", "d3", "/m", 2, "v2")
    ledger.write_known_files("v", [new])
    ledger.write_known_files("v", [])
    assert sorted(ledger.known_files("v"), key=lambda known: known.file) == [new, other]
    assert len(ledger.known_files("w")) == 1
