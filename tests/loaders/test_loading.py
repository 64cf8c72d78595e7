from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from loaders.errors import NotReadyError, UsageError
from loaders.exports import Options, Status
from loaders.landing import open_landing
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.loading import Outcome, load_landing
from tests.loaders.fake_vendor import FakeVendor

Rows = Callable[..., list[tuple[Any, ...]]]
Deliver = Callable[..., None]
Run = Callable[[], list[Outcome]]


@pytest.fixture
def deliver(landing_folder: Path) -> Deliver:
    """Write an export of the fake vendor: ids of good rows, then whole lines, or a verdict."""

    def write(
        export: str, *ids: str, lines: tuple[str, ...] = (), verdict: str = "", reason: str = ""
    ) -> None:
        folder = landing_folder / export
        folder.mkdir(exist_ok=True)
        (folder / "verdict.json").unlink(missing_ok=True)
        if verdict:
            told = {"status": verdict, "reason": reason}
            (folder / "verdict.json").write_text(json.dumps(told), encoding="utf-8")
        content = [*(json.dumps({"id": each}) for each in ids), *lines]
        (folder / "rows.ndjson").write_text("".join(f"{line}\n" for line in content), encoding="utf-8")

    return write


@pytest.fixture
def run(connection: duckdb.DuckDBPyConnection, landing_folder: Path) -> Run:
    def load() -> list[Outcome]:
        return load_landing(connection, FakeVendor(), open_landing(str(landing_folder)), Options())

    return load


def statuses(outcomes: list[Outcome]) -> list[tuple[str, str, bool]]:
    return [(each.entry.export_id, str(each.entry.status), each.is_new) for each in outcomes]


def raw_counts(rows: Rows) -> dict[str, int]:
    """Count the rows of every table that a loader writes, the ledger's own list of exports left out."""
    tables = rows(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
        "WHERE schema_name LIKE 'raw%' AND table_name <> 'loads'"
    )
    counts = {table: rows(f"SELECT count(*) FROM {table}")[0][0] for (table,) in tables}
    return {table: count for table, count in counts.items() if count}


def test_exports_are_loaded_in_order_and_only_once(deliver: Deliver, run: Run, rows: Rows) -> None:
    deliver("b", "3")
    deliver("a", "1", "2")
    assert statuses(run()) == [("a", "loaded", True), ("b", "loaded", True)]
    assert statuses(run()) == [("a", "loaded", False), ("b", "loaded", False)]
    assert rows("SELECT id, _load_id, _file, _line FROM raw_rudderstack.tracks ORDER BY id") == [
        ("1", 1, "a/rows.ndjson", 1),
        ("2", 1, "a/rows.ndjson", 2),
        ("3", 2, "b/rows.ndjson", 1),
    ]


def test_every_row_bears_the_time_of_its_load(deliver: Deliver, run: Run, rows: Rows) -> None:
    deliver("a", "1", "2")
    deliver("b", "3")
    run()
    assert rows(
        "SELECT count(*) FROM raw_rudderstack.tracks t JOIN raw.loads l "
        "ON t._load_id = l.load_id AND t._loaded_at = l.loaded_at"
    ) == [(3,)]


@pytest.mark.parametrize("verdict", ["incomplete", "orphan", "skipped"])
def test_an_export_that_is_kept_out_is_noted_and_loads_when_the_verdict_falls(
    deliver: Deliver, run: Run, rows: Rows, verdict: str
) -> None:
    deliver("a", "1", verdict=verdict, reason="because")
    assert statuses(run()) == [("a", verdict, True)]
    assert rows("SELECT status, reason, load_id, loaded_at, rows FROM raw.loads") == [
        (verdict, "because", None, None, 0)
    ]
    assert raw_counts(rows) == {}
    deliver("a", "1")
    assert statuses(run()) == [("a", "loaded", True)]
    assert rows("SELECT status, reason, load_id, rows FROM raw.loads") == [("loaded", "", 1, 1)]


def test_a_loaded_export_stays_loaded_when_its_files_go(deliver: Deliver, run: Run, rows: Rows) -> None:
    deliver("a", "1")
    run()
    deliver("a", verdict="incomplete", reason="a file is missing")
    assert statuses(run()) == [("a", "loaded", False)]
    assert rows("SELECT status, rows FROM raw.loads") == [("loaded", 1)]


def test_a_rejected_export_leaves_no_row_anywhere_and_loads_once_it_is_mended(
    deliver: Deliver, run: Run, rows: Rows
) -> None:
    deliver("a", "1", "2", lines=('{"id": "contradicts the manifest"}', "a bad line"))
    deliver("b", "3")
    assert statuses(run()) == [("a", "rejected", True), ("b", "loaded", True)]
    assert raw_counts(rows) == {"raw_rudderstack.tracks": 1, "raw.load_files": 1}
    assert rows(
        "SELECT status, reason, rows, rejected_rows, load_id FROM raw.loads WHERE export_id = 'a'"
    ) == [("rejected", "the manifest lists other rows", 0, 0, None)]
    deliver("a", "1", "2")
    assert statuses(run()) == [("a", "loaded", True), ("b", "loaded", False)]
    assert rows("SELECT export_id, status, reason, load_id FROM raw.loads ORDER BY load_id") == [
        ("b", "loaded", "", 1),
        ("a", "loaded", "", 2),
    ]


def test_other_content_takes_the_place_of_a_loaded_export(deliver: Deliver, run: Run, rows: Rows) -> None:
    deliver("a", "1", "2", lines=("bad",))
    deliver("b", "9")
    run()
    before = rows("SELECT loaded_at FROM raw.loads WHERE export_id = 'a'")
    deliver("a", "2", "3", "4")
    assert statuses(run()) == [("a", "loaded", True), ("b", "loaded", False)]
    assert rows("SELECT id, _load_id FROM raw_rudderstack.tracks ORDER BY id") == [
        ("2", 3),
        ("3", 3),
        ("4", 3),
        ("9", 2),
    ]
    assert raw_counts(rows) == {"raw_rudderstack.tracks": 4, "raw.load_files": 2}
    assert rows("SELECT loaded_at FROM raw.loads WHERE export_id = 'a'") > before


def test_a_loaded_export_keeps_its_rows_when_its_newer_content_is_rejected(
    deliver: Deliver, run: Run, rows: Rows
) -> None:
    deliver("a", "1", "2", lines=("bad",))
    run()
    before = raw_counts(rows)
    deliver("a", "1", lines=('{"id": "contradicts the manifest"}',))
    assert statuses(run()) == [("a", "rejected", True)]
    assert raw_counts(rows) == before
    assert rows("SELECT id FROM raw_rudderstack.tracks ORDER BY id") == [("1",), ("2",)]
    assert rows("SELECT status, load_id, rows, rejected_rows, reason FROM raw.loads") == [
        ("loaded", 1, 2, 1, "newer content rejected: the manifest lists other rows")
    ]
    deliver("a", "5")
    assert statuses(run()) == [("a", "loaded", True)]
    assert rows("SELECT id FROM raw_rudderstack.tracks") == [("5",)]
    assert rows("SELECT status, load_id, reason FROM raw.loads") == [("loaded", 2, "")]


@pytest.mark.parametrize("good", [0, 11, 1000, 10_988, 10_989, 10_990])
@pytest.mark.parametrize("bad", [10, 11])
def test_more_than_10_bad_lines_and_more_than_a_thousandth_reject_an_export(
    deliver: Deliver, run: Run, rows: Rows, good: int, bad: int
) -> None:
    deliver("a", *(str(number) for number in range(good)), lines=("bad",) * bad)
    (outcome,) = run()
    if bad == 11 and bad > 0.001 * (good + bad):
        assert outcome.entry.status is Status.REJECTED
        assert outcome.entry.reason.startswith(
            f"11 of {good + 11} lines are bad (the first is a/rows.ndjson line {good + 1}: not valid JSON)."
        )
        assert raw_counts(rows) == {}
    else:
        assert (outcome.entry.status, outcome.entry.rows, outcome.entry.rejected_rows) == (
            Status.LOADED,
            good,
            bad,
        )
        assert rows("SELECT count(*), min(line), any_value(raw_text) FROM raw.rejected_lines") == [
            (bad, good + 1, "bad")
        ]


def test_bad_lines_are_kept_with_their_place_reason_and_text(deliver: Deliver, run: Run, rows: Rows) -> None:
    deliver("a", "1", lines=("", '{"id": null}', '["é"'))
    run()
    assert rows(
        "SELECT load_id, vendor, export_id, file, line, reason, raw_text FROM raw.rejected_lines "
        "ORDER BY line"
    ) == [
        (1, "fake", "a", "a/rows.ndjson", 3, "id is missing", '{"id": null}'),
        (1, "fake", "a", "a/rows.ndjson", 4, "not valid JSON", '["é"'),
    ]
    assert rows(
        "SELECT r.loaded_at = l.loaded_at FROM raw.rejected_lines r JOIN raw.loads l USING (load_id)"
    ) == [
        (True,),
        (True,),
    ]


def test_a_hundred_thousand_bad_lines_are_rejected_at_once(
    deliver: Deliver, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_loop(*_: object) -> None:
        raise AssertionError("bad lines travel in bulk")

    monkeypatch.setattr(Load, "reject", no_loop)
    deliver("a", lines=("bad",) * 100_000)
    (outcome,) = run()
    assert outcome.entry.reason.startswith("100000 of 100000 lines are bad")


def test_a_value_the_database_refuses_rejects_its_export_and_the_next_one_loads(
    deliver: Deliver, run: Run, rows: Rows
) -> None:
    deliver("a", "1", lines=('{"id": "surprises the database"}',))
    deliver("b", "2")
    assert statuses(run()) == [("a", "rejected", True), ("b", "loaded", True)]
    ((reason,),) = rows("SELECT reason FROM raw.loads WHERE export_id = 'a'")
    assert reason.startswith("its content cannot be stored: ")
    assert "surprises the database" in reason
    assert rows("SELECT id FROM raw_rudderstack.tracks") == [("2",)]


@pytest.mark.parametrize(
    "trouble",
    [
        duckdb.IOException("disk full\nwith details"),
        duckdb.OutOfMemoryException("disk full"),
        OSError("disk full"),
    ],
)
def test_trouble_of_the_machine_ends_the_run_and_leaves_the_export_unknown(
    deliver: Deliver, run: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def land(self: FakeVendor, load: Load) -> None:
        insert(self, load)
        if load.export.export_id == "b":
            raise trouble

    insert = FakeVendor.land
    deliver("a", "1")
    deliver("b", "2")
    monkeypatch.setattr(FakeVendor, "land", land)
    with pytest.raises(NotReadyError, match=r"fake export b could not be loaded: disk full Nothing of it"):
        run()
    assert rows("SELECT export_id FROM raw.loads") == [("a",)]
    assert raw_counts(rows) == {"raw_rudderstack.tracks": 1, "raw.load_files": 1}
    monkeypatch.setattr(FakeVendor, "land", insert)
    assert statuses(run()) == [("a", "loaded", False), ("b", "loaded", True)]


def test_an_interruption_rolls_the_export_back(
    deliver: Deliver, run: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Load) -> None:
        raise KeyboardInterrupt

    deliver("a", "1")
    monkeypatch.setattr(Load, "check_bad_lines", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert rows("SELECT count(*) FROM raw.loads") == [(0,)]
    assert raw_counts(rows) == {}


def test_no_moment_between_two_statements_loses_the_ledger_row_of_a_loaded_export(
    deliver: Deliver,
    run: Run,
    rows: Rows,
    connection: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deliver("a", "1")
    run()
    deliver("a", lines=('{"id": "contradicts the manifest"}',))

    def write(self: Ledger, entry: Any) -> None:
        connection.execute("DELETE FROM raw.loads WHERE export_id = $id", {"id": entry.export_id})
        raise KeyboardInterrupt

    monkeypatch.setattr(Ledger, "write", write)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert rows("SELECT export_id, status FROM raw.loads") == [("a", "loaded")]


def test_a_folder_without_exports_is_wrong_usage(run: Run) -> None:
    with pytest.raises(UsageError, match="No fake export found under"):
        run()


def test_an_export_without_rows_is_loaded(deliver: Deliver, run: Run, rows: Rows) -> None:
    deliver("a")
    assert statuses(run()) == [("a", "loaded", True)]
    assert rows("SELECT load_id, files, rows FROM raw.loads") == [(1, 1, 0)]


def test_the_clock_may_stand_still_or_go_back(
    deliver: Deliver, run: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        times = iter(
            ["2026-03-01T10:00:00+00:00"] * 3 + ["2026-03-01T09:00:00+00:00", "2026-03-01T11:00:00+00:00"]
        )

        @classmethod
        def now(cls, tz: object = None) -> Clock:
            return cls.fromisoformat(next(cls.times))

    monkeypatch.setattr("loaders.ledger.datetime", Clock)
    for name in "abcde":
        deliver(name, name)
    run()
    times = [loaded_at for (loaded_at,) in rows("SELECT loaded_at FROM raw.loads ORDER BY load_id")]
    ten = datetime(2026, 3, 1, 10)
    assert times == [ten.replace(microsecond=number) for number in range(4)] + [datetime(2026, 3, 1, 11)]
