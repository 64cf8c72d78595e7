from __future__ import annotations

import hashlib
import random
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loaders.cli import main
from loaders.errors import UsageError
from loaders.samples.clock import DAY, START, at, iso, scientific_seconds, spaced
from loaders.samples.generate import write_samples
from loaders.samples.output import Windows, window_width
from loaders.samples.visits import visits
from tests.loaders.sample_files import enriched_rows, json_lines


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def test_the_same_number_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("again", 7), ("other", 8)):
        write_samples(tmp_path / name, 300, seed)
    assert digest(tmp_path / "one") == digest(tmp_path / "again")
    assert digest(tmp_path / "one") != digest(tmp_path / "other")


def test_files_do_not_depend_on_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_samples(tmp_path / "one", 100, 1)
    monkeypatch.setattr(time, "time", lambda: 1.0)
    write_samples(tmp_path / "other", 100, 1)
    assert digest(tmp_path / "one") == digest(tmp_path / "other")


def test_the_number_of_events_is_met_by_every_vendor(tmp_path: Path) -> None:
    written = {sample.vendor: sample.events for sample in write_samples(tmp_path / "s", 2000, 3)}
    assert written == {"leanplum": 300, "monetate": 200, "pendo": 300, "rudderstack": 800, "snowplow": 400}
    calls = json_lines(tmp_path / "s" / "rudderstack")
    regular = [
        call for call in calls if call["type"] == "track" and call.get("anonymousId", "")[-2:] in ("-a", "-b")
    ]
    assert len(regular) == 800
    snowplow = [
        row for row in enriched_rows(tmp_path / "s" / "snowplow") if row["domain_userid"][-7:].isdigit()
    ]
    assert len(snowplow) == 400
    sessions: dict[str, dict[str, Any]] = {}
    for session in json_lines(tmp_path / "s" / "monetate"):
        if session["guid"][-7:].isdigit() and session["is_closed"] == "t":
            sessions[session["session_id"]] = session
    parts = ("offers", "page_event_ids", "view_lines", "cart_lines", "purchases")
    assert sum(len(session[part]) for session in sessions.values() for part in parts) == 200


def test_visits_are_made_one_by_one_in_order_of_their_start() -> None:
    first = list(islice(visits(10**12, random.Random(1)), 1000))
    starts = [visit.moments[0] for visit in first]
    assert starts == sorted(starts)
    assert START <= starts[0] < START + DAY


def test_the_number_of_visit_steps_is_exact() -> None:
    made = list(visits(5000, random.Random(2)))
    assert sum(len(visit.moments) for visit in made) == 5000
    assert 5 < 5000 / len(made) < 11
    assert any(0 < visit.known_from < len(visit.moments) for visit in made)


def test_people_come_back_and_their_visits_are_counted() -> None:
    counted: Counter[int] = Counter()
    first_seen: dict[int, int] = {}
    for visit in visits(5000, random.Random(2)):
        counted[visit.visitor] += 1
        assert visit.number == counted[visit.visitor]
        assert visit.first_seen == first_seen.setdefault(visit.visitor, visit.moments[0])
    assert len(counted) < 300
    assert max(counted.values()) > 5


def test_windows_that_lie_behind_are_written_and_forgotten() -> None:
    written: list[tuple[int, list[str]]] = []
    windows = Windows(1000, lambda number, lines: written.append((number, lines)))
    windows.lines[1].append("a")
    windows.lines[2].append("b")
    windows.advance(2500)
    assert written == [(1, ["a"])]
    assert list(windows.lines) == [2]
    windows.finish()
    assert written == [(1, ["a"]), (2, ["b"])]


def test_a_window_with_many_lines_is_written_in_pieces() -> None:
    written: list[tuple[int, list[str]]] = []
    windows = Windows(1000, lambda number, lines: written.append((number, lines)), most_lines=2)
    for line in ("a", "b", "c"):
        windows.advance(1500)
        windows.lines[1].append(line)
    windows.finish()
    assert written == [(1, ["a", "b"]), (1, ["c"])]


@pytest.mark.parametrize(("events", "files_a_day"), [(1000, 1), (4_000_000, 24), (20_000_000, 96)])
def test_more_events_make_more_files_a_day_and_not_larger_ones(events: int, files_a_day: int) -> None:
    assert window_width(events) * files_a_day == DAY


def test_moments_are_written_as_the_vendors_do() -> None:
    noon = at(1, "12:00") + 34_560
    assert iso(noon) == "2026-01-06T12:00:34.560Z"
    assert spaced(noon) == "2026-01-06 12:00:34.560"
    assert scientific_seconds(noon) == "1.76770083456E9"
    assert scientific_seconds(at(0) - at(0) % 10**9) == "1.767E9"


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="not empty"):
        write_samples(tmp_path, 100, 1)
    with pytest.raises(UsageError, match="is a file"):
        write_samples(tmp_path / "mine.txt", 100, 1)
    with pytest.raises(UsageError, match="at least 100"):
        write_samples(tmp_path / "new", 99, 1)


def test_the_command_tells_the_cases_and_what_to_type_next(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    told = CliRunner().invoke(main, ["sample", str(folder), "--events", "100", "--verbose"])
    assert told.exit_code == 0
    assert "rudderstack: 40 events in " in told.stdout
    assert "    one broken line" in told.stdout
    assert f"sessionhouse load leanplum {folder / 'leanplum'}" in told.stdout
    again = CliRunner().invoke(main, ["sample", str(folder)])
    assert again.exit_code == 2
    assert "is not empty" in again.stderr
