"""The documented lifecycle: windows of the time of receipt, and nothing that makes it stall."""

from __future__ import annotations

from datetime import timedelta

from tests.incremental.received import START, Lived, july, june
from tests.incremental.warehouse import Snapshot

LIMITS = "SELECT state, lower_limit, upper_limit FROM lifecycle.run_limits"
MARTS = ("dim_visitors", "fct_events", "fct_flows", "fct_sessions")


def traces(snapshot: Snapshot, session_id: str) -> set[str]:
    """Return the marts that know the one visitor of a session."""
    sql = f"SELECT count(*) FROM marts.{{}} WHERE visitor_id = 'of {session_id}'"
    return {mart for mart in MARTS if snapshot.rows(sql.format(mart)) != [(0,)]}


def event_ids(snapshot: Snapshot) -> list[str]:
    return [name for (name,) in snapshot.rows("SELECT event_id FROM marts.fct_events ORDER BY event_id")]


def test_a_first_run_that_finds_nothing_does_not_hold_up_the_next(lived: Lived) -> None:
    assert lived.empty.rows(LIMITS) == [("first run", START, START + timedelta(days=30))]
    assert event_ids(lived.empty) == []
    assert lived.empty.last_successes() == {}
    # The next one is still the first, and its window lies where the data begins.
    assert lived.first.rows(LIMITS) == [("first run", START, july("10:00", 10))]


def test_a_run_takes_on_what_was_received_within_its_limits(lived: Lived) -> None:
    assert event_ids(lived.first) == ["a1", "a2", "b1", "e1", "q0", "q1", "q2", "q3"]
    assert set(lived.first.last_successes().values()) == {july("00:00", 10)}
    assert lived.first.rows(
        "SELECT session_id, start_tstamp, end_tstamp FROM lifecycle.sessions_lifecycle_manifest ORDER BY ALL"
    ) == [
        ("a", june("10:00", 10), june("10:10", 10)),
        ("b", july("20:00", 9), july("20:00", 9)),
        ("e", june("10:00", 20), june("10:00", 20)),
        ("q", july("12:00", 8), july("00:00", 10)),
    ]
    assert lived.first.rows("SELECT count(*) FROM lifecycle.quarantined_sessions") == [(0,)]


def test_a_standard_run_goes_back_a_little_and_on_by_the_backfill_limit(lived: Lived) -> None:
    assert lived.second.rows(LIMITS) == [("standard", july("18:00", 9), july("00:00", 10 + 30))]
    assert lived.second.rows("SELECT session_id FROM lifecycle.sessions_this_run ORDER BY ALL") == [
        ("b",),
        ("c",),
        ("d",),
        ("q",),
    ]
    assert set(lived.second.last_successes().values()) == {july("20:00", 30)}


def test_what_was_received_before_the_window_is_not_taken_on(lived: Lived) -> None:
    assert "a3" not in event_ids(lived.second)
    assert "z1" not in event_ids(lived.level)


def test_a_session_at_its_cap_is_quarantined_with_what_came_up_to_then(lived: Lived) -> None:
    assert event_ids(lived.second) == ["a1", "a2", "b1", "c1", "d1", "e1", *(f"q{step}" for step in range(7))]
    assert lived.second.rows(
        "SELECT session_id, start_tstamp, capped_at, rejected_event_count FROM lifecycle.quarantined_sessions"
    ) == [("q", july("12:00", 8), july("12:00", 11), 3)]


def test_a_mart_that_lags_is_only_as_far_as_its_window_was(lived: Lived) -> None:
    assert lived.behind.rows(LIMITS) == [("catch-up", june("18:00", 9), july("00:00", 10))]
    ahead = lived.second.last_successes()
    assert lived.behind.last_successes() == ahead | {"fct_events": july("00:00", 10)}
    # What was received too late for an earlier window is found by one that goes over it again.
    assert event_ids(lived.behind) == ["a1", "a2", "a3", "b1", *(f"q{step}" for step in range(4))]


def test_a_deleted_event_leaves_every_mart_wherever_the_window_is(lived: Lived) -> None:
    assert traces(lived.second, "c") == set(MARTS)
    for snapshot in (lived.behind, lived.level):
        assert traces(snapshot, "c") == set()


def test_layers_that_are_run_one_after_the_other_lose_no_deletion(lived: Lived) -> None:
    assert traces(lived.second, "e") == set(MARTS)
    assert traces(lived.behind, "e") == set()


def test_marts_are_level_although_the_event_that_led_them_is_deleted(lived: Lived) -> None:
    assert lived.level.rows(LIMITS) == [("catch-up", july("18:00", 9), july("20:00", 30))]
    assert lived.level.last_successes() == lived.second.last_successes()
    assert event_ids(lived.level) == ["a1", "a2", "a3", "b1", "d1", *(f"q{step}" for step in range(7))]
    assert [row[0] for row in lived.level.rows(lived.limits_query)] == ["standard"]


def test_events_that_no_run_can_take_on_do_not_hold_up_those_after_them(lived: Lived) -> None:
    end_of_window = july("20:00", 30) + timedelta(days=30)
    assert lived.passed.rows(LIMITS) == [("standard", july("14:00", 30), end_of_window)]
    assert not {"q99", "r1"} & set(event_ids(lived.passed))
    assert set(lived.passed.last_successes().values()) == {end_of_window}
    assert "q99" not in event_ids(lived.freed)
    assert event_ids(lived.freed)[-1] == "r1"
