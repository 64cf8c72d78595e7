"""What the marts say after each build of the story in `history.py`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.incremental.conftest import Told
from tests.incremental.warehouse import Snapshot, differences

Rows = list[tuple[Any, ...]]


def sessions(snapshot: Snapshot, source: str, *visitors: str) -> Rows:
    """Return the sessions of a source or of some visitors: id, visitor, start, end, number of events."""
    return snapshot.rows(
        "SELECT session_id, visitor_id, strftime(started_at, '%d %H:%M'), strftime(ended_at, '%d %H:%M'), "
        f"event_count FROM marts.fct_sessions WHERE source = '{source}'{_of(visitors)} "
        "ORDER BY visitor_id, started_at, session_id"
    )


def events(snapshot: Snapshot, source: str, *visitors: str) -> Rows:
    """Return the events of a source or of some of its visitors: id, name, moment, place in the session."""
    return snapshot.rows(
        "SELECT event_id, event_name, strftime(occurred_at, '%d %H:%M'), event_sequence_number "
        f"FROM marts.fct_events WHERE source = '{source}'{_of(visitors)} "
        "ORDER BY occurred_at, event_id"
    )


def visitors(snapshot: Snapshot, source: str) -> dict[str, list[str]]:
    """Return the visitors of a source with their aliases."""
    return dict(
        snapshot.rows(f"SELECT visitor_id, aliases FROM marts.dim_visitors WHERE source = '{source}'")
    )


def _of(visitors: tuple[str, ...]) -> str:
    return f" AND visitor_id IN ({', '.join(map(repr, visitors))})" if visitors else ""


# RudderStack: identities, late events, duplicates, files under a known name


def test_a_login_on_two_devices_moves_their_past_into_one_session(told: Told) -> None:
    assert sessions(told.first, "rudderstack", "tablet", "phone", "ada") == [
        ("1 - phone", "phone", "01 10:25", "01 10:40", 2),
        ("1 - tablet", "tablet", "01 10:00", "01 10:10", 2),
    ]
    assert sessions(told.second, "rudderstack", "tablet", "phone", "ada") == [
        ("1 - ada", "ada", "01 10:00", "01 10:40", 4),
        ("2 - ada", "ada", "01 18:00", "01 18:05", 2),
    ]
    assert visitors(told.second, "rudderstack")["ada"] == ["ada", "phone", "tablet"]


def test_an_identify_call_moves_the_past_of_a_device_until_it_is_deleted(told: Told) -> None:
    def owners(snapshot: Snapshot) -> list[str]:
        return [row[1] for row in sessions(snapshot, "rudderstack", "pod", "eve", "box", "flo")]

    assert owners(told.first) == ["flo", "pod"]
    assert owners(told.second) == ["eve", "flo"]
    assert owners(told.third) == ["box", "eve"]
    assert visitors(told.third, "rudderstack")["eve"] == ["pod"]


def test_a_login_that_is_deleted_gives_the_device_its_own_past_back(told: Told) -> None:
    assert sessions(told.third, "rudderstack", "tablet", "phone", "ada") == [
        ("1 - ada", "ada", "01 10:00", "01 10:10", 2),
        ("2 - ada", "ada", "01 18:00", "01 18:00", 1),
        ("1 - phone", "phone", "01 10:25", "01 10:40", 2),
    ]
    found = visitors(told.third, "rudderstack")
    assert (found["ada"], found["phone"]) == (["ada", "tablet"], ["phone"])


def test_a_late_event_bridges_two_sessions(told: Told) -> None:
    assert [row[4] for row in sessions(told.first, "rudderstack", "bo")] == [1, 1]
    assert sessions(told.second, "rudderstack", "bo") == [("1 - bo", "bo", "01 10:00", "01 10:50", 3)]
    assert [row[3] for row in events(told.second, "rudderstack", "bo")] == [1, 2, 3]


def test_of_duplicates_the_first_received_counts_though_it_was_loaded_later(told: Told) -> None:
    assert events(told.first, "rudderstack", "cy") == [("cy-1", "viewed", "01 10:00", 1)]
    assert events(told.second, "rudderstack", "cy") == [("cy-1", "bought", "01 10:02", 1)]
    assert told.second.rows(
        "SELECT event, strftime(timestamp, '%H:%M') FROM rudder.dbt_mapped_tracks WHERE event_id = 'cy-1'"
    ) == [("bought", "10:02")]


def test_a_visitor_whose_rows_are_all_deleted_is_nowhere(told: Told) -> None:
    for snapshot, expected in ((told.second, True), (told.third, False)):
        assert bool(sessions(snapshot, "rudderstack", "cy")) is expected
        assert bool(events(snapshot, "rudderstack", "cy")) is expected
        assert ("cy" in visitors(snapshot, "rudderstack")) is expected
        assert bool(snapshot.rows("SELECT 1 FROM marts.fct_flows WHERE visitor_id = 'cy'")) is expected
    assert not told.third.rows("SELECT 1 FROM intermediate.int_aliases WHERE alias IN ('cy', 'watch')")


def test_other_content_under_a_known_name_adds_what_is_new_of_it(told: Told) -> None:
    assert [row[0] for row in events(told.first, "rudderstack", "dee")] == ["dee-1", "dee-2"]
    assert [row[0] for row in events(told.second, "rudderstack", "dee")] == ["dee-1", "dee-2", "dee-3"]
    assert sessions(told.third, "rudderstack", "dee") == [("1 - dee", "dee", "01 10:00", "01 10:45", 4)]
    assert told.third.rows(
        "SELECT event, event_2, event_3, event_4, event_5 FROM marts.fct_flows "
        "WHERE event_id = 'dee-1' AND source = 'rudderstack'"
    ) == [("viewed", "viewed", "viewed", "viewed", None)]


# Pendo: days that are exported again


def test_a_day_that_is_exported_again_replaces_the_unfinalised_one(told: Told) -> None:
    assert sessions(told.first, "pendo", "ann") == [
        ("1 - ann", "ann", "14 09:00", "14 09:10", 2),
        ("2 - ann", "ann", "15 09:00", "15 09:00", 1),
    ]
    assert sessions(told.second, "pendo", "ann", "ben", "cat") == [
        ("1 - ann", "ann", "14 09:00", "14 09:00", 1),
        ("2 - ann", "ann", "14 09:45", "14 09:45", 1),
        ("3 - ann", "ann", "15 09:00", "15 09:00", 1),
        ("1 - cat", "cat", "14 11:00", "14 11:00", 1),
    ]
    assert sorted(visitors(told.first, "pendo")) == ["ann", "ben", "dan"]
    assert sorted(visitors(told.second, "pendo")) == ["ann", "cat", "dan"]


def test_a_duplicate_counts_once_the_day_of_the_first_delivery_is_replaced(told: Told) -> None:
    assert events(told.first, "pendo", "dan") == [("dan-1", "ui", "14 08:00", 1)]
    assert events(told.second, "pendo", "dan") == [("dan-1", "guide", "15 08:30", 1)]


def test_a_day_that_is_exported_empty_is_gone(told: Told) -> None:
    assert sessions(told.third, "pendo") == [
        ("1 - ann", "ann", "14 09:00", "14 09:00", 1),
        ("2 - ann", "ann", "14 09:45", "14 09:45", 1),
    ]
    assert visitors(told.third, "pendo") == {"ann": ["ann"]}


# Leanplum: sessions delivered again


def test_a_session_of_a_later_job_replaces_the_events_and_the_user(told: Told) -> None:
    assert sessions(told.first, "leanplum") == [
        ("1", "ada", "01 10:00", "01 10:30", 2),
        ("2", "bob", "01 11:00", "01 11:30", 1),
    ]
    assert sessions(told.second, "leanplum") == [
        ("2", "bob", "01 11:00", "01 11:30", 1),
        ("1", "zoe", "01 10:00", "01 10:30", 2),
    ]
    assert [row[1:3] for row in events(told.second, "leanplum", "zoe")] == [
        ("open", "01 10:00"),
        ("leave", "01 10:07"),
    ]
    assert visitors(told.second, "leanplum") == {"bob": ["bob", "device-2"], "zoe": ["device-1", "zoe"]}


def test_without_the_later_job_the_earlier_delivery_of_a_session_counts_again(told: Told) -> None:
    for read in (sessions, events):
        assert read(told.third, "leanplum") == read(told.first, "leanplum")
    assert visitors(told.third, "leanplum") == {"bob": ["bob", "device-2"], "ada": ["ada", "device-1"]}


# Monetate: open and closed sessions, changed files


def test_the_closed_version_of_a_session_replaces_the_open_one(told: Told) -> None:
    assert sessions(told.first, "monetate", "guest-1") == [("m1", "guest-1", "01 10:01", "01 10:05", 1)]
    assert sessions(told.second, "monetate", "guest-1", "kim") == [("m1", "kim", "01 10:01", "01 10:31", 2)]
    assert visitors(told.second, "monetate")["kim"] == ["guest-1", "kim"]


def test_without_the_closed_version_the_open_one_counts_again(told: Told) -> None:
    assert sessions(told.third, "monetate", "guest-1", "kim") == sessions(told.first, "monetate", "guest-1")
    assert told.third.rows(
        "SELECT count(*) FROM monetate.session_page_event_ids WHERE session_id = 'm1'"
    ) == [(1,)]


def test_a_changed_file_under_the_same_name_replaces_its_rows(told: Told) -> None:
    guests = ("guest-2", "guest-3", "guest-4")
    assert sessions(told.first, "monetate", *guests) == [
        ("m2", "guest-2", "01 10:16", "01 10:17", 1),
        ("m3", "guest-3", "01 10:18", "01 10:19", 1),
    ]
    assert sessions(told.second, "monetate", *guests) == [
        ("m2", "guest-2", "01 10:16", "01 10:21", 2),
        ("m4", "guest-4", "01 10:22", "01 10:23", 1),
    ]
    assert "guest-3" not in visitors(told.second, "monetate")


# Snowplow: duplicates, old sessions, the cap


def test_a_duplicate_that_was_received_later_makes_no_session(told: Told) -> None:
    assert not sessions(told.second, "snowplow", "of s9")
    assert "of s9" not in visitors(told.second, "snowplow")


def test_an_event_for_an_old_session_moves_its_start_and_renumbers_its_events(told: Told) -> None:
    assert sessions(told.second, "snowplow", "of s1") == [("s1", "of s1", "01 09:55", "01 10:10", 3)]
    assert [row[0] for row in events(told.second, "snowplow", "of s1")] == ["e0", "e1", "e2"]


def test_without_the_first_delivery_the_duplicate_counts_in_its_own_session(told: Told) -> None:
    assert sessions(told.third, "snowplow", "of s1", "of s9") == [
        ("s1", "of s1", "01 09:55", "01 10:00", 2),
        ("s9", "of s9", "01 10:11", "01 10:11", 1),
    ]


def test_an_earlier_start_moves_the_cap_and_pushes_events_beyond_it(told: Told) -> None:
    beyond = (
        "SELECT list(event_id ORDER BY event_id) FROM intermediate.int_events_rejected "
        "WHERE reason = 'beyond_session_cap'"
    )
    quarantined = "SELECT session_id, rejected_event_count FROM lifecycle.quarantined_sessions"
    assert told.first.rows(quarantined) == []
    assert sessions(told.second, "snowplow", "of s2") == [("s2", "of s2", "01 12:00", "04 11:00", 2)]
    assert told.second.rows(beyond) == [(["long-3"],)]
    assert told.second.rows(quarantined) == [("s2", 1)]
    assert sessions(told.third, "snowplow", "of s2") == [("s2", "of s2", "01 10:00", "01 12:00", 2)]
    assert told.third.rows(beyond) == [(["long-2", "long-3", "long-4"],)]
    assert told.third.rows(quarantined) == [("s2", 3)]


# All of it


def test_incremental_builds_end_with_the_rows_of_a_full_refresh(told: Told) -> None:
    names = set(told.refreshed.relations())
    assert {"marts.fct_retention", "rudder.dbt_tracks_flow", "monetate.session_offers"} <= names
    assert not differences(told.third.contents(), told.refreshed.contents())


@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_every_run_takes_on_the_sessions_that_its_deliveries_touch(told: Told, name: str) -> None:
    untouched = {("leanplum", "bob")}
    taken = set(getattr(told, name).rows("SELECT source, visitor_id FROM lifecycle.sessions_this_run"))
    assert taken
    assert (untouched <= taken) is (name == "first")
