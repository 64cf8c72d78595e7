"""What the report's queries answer, on marts that can be counted by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from loaders.warehouse import connect
from reporting import queries
from reporting.facts import ALL, Facts, read_facts
from reporting.words import DURATION_LABELS
from tests.conftest import Workspace
from tests.reporting.house import LOADED_AT, Session, make

MONDAY = datetime(2026, 2, 2, 9)
DAY = timedelta(days=1)
SESSIONS = [
    Session("pendo", "ann", MONDAY, ("load", "click", None)),
    Session("pendo", "ann", MONDAY + timedelta(hours=5), ("load",)),
    Session("pendo", "bob", MONDAY + DAY, ("load", "click")),
    Session("pendo", "ann", MONDAY + 2 * DAY, ("load", "click", "click", "click", "click", "click", "leave")),
    Session("pendo", "bot", MONDAY, ("sent",), is_interaction=False),
    Session("rudderstack", "ann", MONDAY, ("page",), pause=2 * DAY),
    Session("rudderstack", "zoe", MONDAY + 2 * DAY, ("page", "page"), pause=timedelta(seconds=10)),
]
REJECTED = [
    ("pendo", "late"),
    ("rudderstack", "late"),
    ("rudderstack", "missing_identity"),
    ("snowplow", "late"),
]


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return read_facts(make(tmp_path_factory.mktemp("house") / "warehouse.duckdb", SESSIONS, REJECTED))


def facts_of(folder: Path, *sessions: Session) -> Facts:
    return read_facts(make(folder / "warehouse.duckdb", sessions))


def test_totals_count_interactions_visitors_and_all_events(facts: Facts) -> None:
    assert facts.session_totals == {
        ALL: [(6, (1 / 6 + 1) / 2, 1)],
        "pendo": [(4, 1.5, 1)],
        "rudderstack": [(2, 1 / 12, 0)],
    }
    assert facts.visitor_totals == {ALL: [(5,)], "pendo": [(3,)], "rudderstack": [(2,)]}
    assert facts.event_totals["pendo"] == [
        (14, MONDAY + 2 * DAY + timedelta(minutes=6), MONDAY + 2 * DAY + timedelta(minutes=7))
    ]
    assert facts.total("event_totals", ALL) == 17
    assert facts.total("event_totals", "snowplow") == 0


def test_the_report_is_as_of_the_last_load_and_names_every_source_there_is(facts: Facts) -> None:
    assert facts.as_of == LOADED_AT
    assert facts.sources == ["leanplum", "pendo", "rudderstack", "snowplow"]
    assert facts.last_loads["pendo"] == [(LOADED_AT - 3 * DAY,)]
    assert facts.last_loads["leanplum"] == [(None,)]


def test_loads_are_counted_by_status(facts: Facts) -> None:
    assert facts.loads["rudderstack"] == [("loaded", 1, 2, 7, 3), ("rejected", 1, 2, 0, 0)]
    assert facts.loads[ALL] == [("incomplete", 1, 2, 0, 0), ("loaded", 2, 4, 47, 3), ("rejected", 1, 2, 0, 0)]
    assert facts.exports_left_out[ALL] == [
        ("r2", "rejected", "r2 is cut", "rudderstack"),
        ("l1", "incomplete", "a file is missing", "leanplum"),
    ]


def test_rejected_events_are_counted_by_reason_the_most_frequent_first(facts: Facts) -> None:
    assert facts.rejected_events[ALL] == [("late", 3), ("missing_identity", 1)]
    assert facts.rejected_events["rudderstack"] == [("late", 1), ("missing_identity", 1)]


def test_a_day_counts_its_sessions_and_each_visitor_once(facts: Facts) -> None:
    assert facts.activity["pendo"] == [
        (date(2026, 2, 2), 2, 1),
        (date(2026, 2, 3), 1, 1),
        (date(2026, 2, 4), 1, 1),
    ]
    assert facts.activity[ALL][0] == (date(2026, 2, 2), 3, 2)


def test_days_after_the_last_load_do_not_push_real_ones_out(tmp_path: Path) -> None:
    days = (MONDAY - 366 * DAY, MONDAY - 365 * DAY, MONDAY, datetime(2999, 1, 1))
    found = facts_of(tmp_path, *(Session("pendo", "ann", day, ("load",)) for day in days))
    assert [row[0] for row in found.activity[ALL]] == [(MONDAY - 365 * DAY).date(), MONDAY.date()]


@pytest.mark.parametrize(
    ("seconds", "label"),
    [
        (0, "0 s"),
        (0.001, "under 10 s"),
        (9.999, "under 10 s"),
        (10, "10-30 s"),
        (30, "30-60 s"),
        (60, "1-3 min"),
        (599.999, "3-10 min"),
        (600, "10-30 min"),
        (3599.999, "30-60 min"),
        (3600, "1 h or more"),
    ],
)
def test_a_length_belongs_to_the_bucket_that_begins_with_it(
    tmp_path: Path, seconds: float, label: str
) -> None:
    found = facts_of(tmp_path, Session("pendo", "ann", MONDAY, ("a", "b"), timedelta(seconds=seconds)))
    assert [(DURATION_LABELS[bucket], count) for bucket, count in found.durations[ALL]] == [(label, 1)]


def test_every_bucket_has_a_label() -> None:
    assert len(DURATION_LABELS) == len(queries.DURATION_EDGES) + 2


def test_paths_tell_ends_from_events_without_a_name(facts: Facts) -> None:
    assert facts.flows["pendo"] == [
        (1, "load", "event", None, "end", 1),
        (1, "load", "event", "click", "event", 3),
        (2, "click", "event", None, "end", 1),
        (2, "click", "event", None, "event", 1),
        (2, "click", "event", "click", "event", 1),
        (3, None, "event", None, "end", 1),
        (3, "click", "event", "click", "event", 1),
        (4, "click", "event", "click", "event", 1),
    ]


def test_less_frequent_events_of_a_step_are_told_together(tmp_path: Path) -> None:
    names = [f"name {number}" for number in range(queries.NAMES_PER_STEP + 2)]
    sessions = [Session("pendo", f"v{name}", MONDAY, (name, "next")) for name in names]
    found = facts_of(tmp_path, *sessions, *sessions[2:])
    shown = {row[1]: row[5] for row in found.flows["pendo"] if row[0] == 1}
    assert shown == {None: 2} | dict.fromkeys(names[2:], 2)
    assert sum(row[5] for row in found.flows[ALL] if row[0] == 1) == len(sessions) + len(sessions[2:])


def test_retention_counts_who_came_of_whom_and_leaves_out_days_to_come(facts: Facts) -> None:
    assert facts.retention["pendo"] == [
        (date(2026, 2, 2), 0, 1, 1, False),
        (date(2026, 2, 2), 1, 0, 1, False),
        (date(2026, 2, 2), 2, 1, 1, False),
        (date(2026, 2, 3), 0, 1, 1, False),
        (date(2026, 2, 3), 1, 0, 1, False),
    ]


def test_many_cohorts_are_told_by_week_with_only_those_that_had_the_day(tmp_path: Path) -> None:
    monday = MONDAY - 42 * DAY
    sessions = [Session("pendo", f"v{number}", monday + number * DAY, ("load",)) for number in range(40)]
    found = facts_of(tmp_path, *sessions, Session("pendo", "v35", monday + 37 * DAY, ("load",)))
    rows = [row for row in found.retention["pendo"] if row[0] == (monday + 35 * DAY).date()]
    # The last cohort's first day is the last day there is: day 4 is known of one of the week's five cohorts.
    assert [row[1:] for row in rows] == [
        (0, 5, 5, True),
        (1, 0, 4, True),
        (2, 1, 3, True),
        (3, 0, 2, True),
        (4, 0, 1, True),
    ]


def test_events_are_ranked_with_first_and_last_ones(facts: Facts) -> None:
    assert facts.top_events["pendo"] == [("click", 7), ("load", 4), ("leave", 1), ("sent", 1), (None, 1)]
    assert facts.first_events["pendo"] == [("load", 4)]
    assert facts.last_events["pendo"] == [("click", 2), ("leave", 1), ("load", 1)]
    assert facts.top_events[ALL][0] == ("click", 7)


def test_long_rankings_are_cut_to_their_top(tmp_path: Path) -> None:
    names = tuple(f"name {number:03}" for number in range(100))
    found = facts_of(tmp_path, Session("pendo", "ann", MONDAY, names))
    assert found.top_events[ALL] == [(name, 1) for name in names[: queries.SHOWN_NAMES]]


def test_marts_are_behind_when_something_was_loaded_after_them(tmp_path: Path) -> None:
    database = make(tmp_path / "warehouse.duckdb", SESSIONS)
    assert not read_facts(database).are_behind
    with connect(database) as connection:
        connection.execute(
            "INSERT INTO raw_rudderstack.tracks (id, _load_id, _loaded_at, _file, _line) "
            "VALUES ('m', 3, $at, 'a', 1)",
            {"at": LOADED_AT},
        )
    assert read_facts(database).are_behind


def test_a_real_build_is_told_as_its_marts_are(sampled: Workspace) -> None:
    found = read_facts(sampled.database)
    events = dict(sampled.rows("SELECT source, count(*) FROM marts.fct_events GROUP BY ALL"))
    assert {source: rows[0][0] for source, rows in found.event_totals.items()} == events | {
        ALL: sum(events.values())
    }
    begun = sampled.rows("SELECT count(*) FROM marts.fct_sessions WHERE is_interaction AND event_count > 0")
    assert sum(row[5] for row in found.flows[ALL] if row[0] == 1) == begun[0][0]
    rejected = sampled.rows("SELECT count(*) FROM intermediate.int_events_rejected")
    assert sum(row[1] for row in found.rejected_events[ALL]) == rejected[0][0]
    days = sampled.rows("SELECT sum(sessions), max(day) FROM marts.fct_daily_metrics")
    assert (sum(row[1] for row in found.activity[ALL]), found.activity[ALL][-1][0]) == days[0]
    assert not found.are_behind


def test_pages_referrers_and_campaigns_count_interactions_and_leave_out_what_is_not_told(
    tmp_path: Path,
) -> None:
    found = facts_of(
        tmp_path,
        Session("pendo", "ann", MONDAY, ("load",), page="/", referrer="Google"),
        Session("pendo", "bob", MONDAY, ("load",), page="/a", campaign="letter"),
        Session("rudderstack", "cat", MONDAY, ("page",), page="/"),
        Session("rudderstack", "dan", MONDAY, ("page",)),
        Session("pendo", "bot", MONDAY, ("sent",), is_interaction=False, page="/hidden"),
    )
    assert found.landing_pages == {
        ALL: [("/", 2), ("/a", 1)],
        "pendo": [("/", 1), ("/a", 1)],
        "rudderstack": [("/", 1)],
    }
    assert found.referrers == {ALL: [("search: Google", 1)], "pendo": [("search: Google", 1)]}
    assert found.campaigns == {ALL: [("letter / email", 1)], "pendo": [("letter / email", 1)]}
