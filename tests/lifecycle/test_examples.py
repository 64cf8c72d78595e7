"""Histories that show one rule each; the limits are 12 hours of pause, a day of session, 3 days of delay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.lifecycle.conftest import TheatreOf
from tests.lifecycle.history import (
    Action,
    FailedRun,
    History,
    KilledRun,
    Load,
    RemoveLoad,
    RemoveRow,
    ReplaceLoad,
    Run,
)
from tests.lifecycle.play import play
from tests.lifecycle.rows import (
    DAY,
    Filed,
    LeanplumEvent,
    LeanplumSession,
    MonetateSession,
    Part,
    PendoEvent,
    Record,
    SnowplowEvent,
    Track,
)
from tests.lifecycle.strategies import JOB, MICROSECOND, START

DAYS = 24
SECOND_DELIVERY = START + timedelta(days=9)
FIRST_DELIVERY = START + timedelta(days=8)


def track(name: str, hours: float, device: str = "d0", user: str | None = None) -> Track:
    at = START + timedelta(hours=hours)
    return Track(name, at, SECOND_DELIVERY, device, user, "page", original_timestamp=at, sent_at=at)


def later(record: Track, by: timedelta) -> Track:
    assert record.timestamp
    return replace(record, timestamp=record.timestamp + by)


def click(name: str, hours: float, day: int = 0) -> PendoEvent:
    at = START + timedelta(hours=hours)
    return PendoEvent("a0", DAY + timedelta(days=day), name, "u0", at, at)


def page_view(name: str, hours: float, session: str = "s0", user: str | None = None) -> SnowplowEvent:
    at = str(START + timedelta(hours=hours))
    return SnowplowEvent(name, at, at, at, at, session, "d0", user)


def leanplum_session(hours: float, user: str | None = None) -> LeanplumSession:
    return LeanplumSession("s0", START + timedelta(hours=hours), 60.0, user, "d0")


def leanplum_event(name: str, hours: float) -> LeanplumEvent:
    return LeanplumEvent("s0", name, START + timedelta(hours=hours))


def monetate_session(window: int, *, is_closed: bool, parts: int) -> MonetateSession:
    hours = [START + timedelta(hours=hour) for hour in range(parts + 1)]
    views = tuple(Part("view", f"p{number}", at) for number, at in enumerate(hours))
    return MonetateSession(
        "m0", START, hours[-1], is_closed, START + timedelta(hours=window), 0, "d0", parts=views
    )


def load(*records: Record, file: str = "export") -> Load:
    return Load(filed(*records, file=file))


def filed(*records: Record, file: str = "export") -> tuple[Filed, ...]:
    return tuple(Filed(record, file, line) for line, record in enumerate(records))


def one_line(session: LeanplumSession, *events: LeanplumEvent) -> Load:
    numbered = [replace(event, _ordinal=ordinal) for ordinal, event in enumerate(events)]
    records: tuple[Record, ...] = (session, *numbered)
    return Load(tuple(Filed(record, f"{JOB}-output-0", 0) for record in records))


def files(*records: LeanplumSession | LeanplumEvent) -> Load:
    kinds = {LeanplumSession: f"{JOB}-outputsessions-0", LeanplumEvent: f"{JOB}-outputevents-0"}
    return Load(tuple(Filed(record, kinds[type(record)], line) for line, record in enumerate(records)))


LONG_STREAM = [track(f"e{hour:02}", hour) for hour in range(0, 60, 10)]
# A visitor on the first day, and others on days around where the week and the month of that day end.
ON_EDGES = (
    track("e00", 0),
    *(track(f"e{day:02}", day * DAYS, f"other {day}") for day in (1, 6, 7, 8, 29, 30, 31, 36)),
)

IDLE: dict[str, tuple[Action, ...]] = {
    "a pause of exactly the limit stays, a microsecond more ends the session": (
        load(track("e0", 0), track("e1", 12), later(track("e2", 24), MICROSECOND)),
        Run(),
    ),
    "an event between two sessions makes one of them": (
        load(track("e0", 0), track("e2", 20)),
        Run(),
        load(track("e1", 10)),
        Run(),
    ),
    "an event that goes parts a session, and its load as well": (
        load(track("e0", 0), track("e2", 20)),
        load(track("e1", 10)),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
    "events of one moment stay in the order of their ids, whatever comes to their session": (
        load(track("d", 1), track("b", 1), track("f", 1), track("e", 0)),
        Run(),
        load(track("g", 2)),
        Run(),
        load(track("c", 1), track("a", 1)),
        Run(),
    ),
    "events of one moment are ordered by their ids when their devices turn out to be one user's": (
        load(track("d", 1), track("b", 1), track("c", 1, "d1"), track("a", 1, "d1"), track("e", 2)),
        Run(),
        load(track("f", 3, "d0", "u0"), track("g", 3, "d1", "u0")),
        Run(),
    ),
    "an earlier event renumbers the sessions after it": (
        load(track("e1", 40), track("e2", 80)),
        Run(),
        load(track("e0", 0)),
        Run(),
    ),
    "a login moves what the device did before, and its removal moves it back": (
        load(track("e0", 0), track("e1", 6, "d1", "u0")),
        Run(),
        load(track("e2", 3, user="u0")),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
    "the latest user of a device has it, also when an earlier login comes later": (
        load(track("e0", 0), track("e1", 6, user="u1")),
        Run(),
        load(track("e2", 3, user="u0")),
        Run(),
        load(track("e3", 9, user="u0")),
        Run(),
    ),
    "a user who bears the name of a device is one alias with it": (
        load(track("e0", 0, "d0", "d1"), track("e1", 1, "d1")),
        Run(),
        load(track("e2", 2, "d1", "u0")),
        Run(),
    ),
    "of two deliveries the first received counts, until it goes": (
        load(track("e0", 0), track("e1", 5)),
        Run(),
        load(replace(track("e1", 30), received_at=FIRST_DELIVERY)),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
    "what is beyond the cap keeps the session going, and a pause there ends it": (
        load(*LONG_STREAM),
        Run(),
        load(track("e99", 61)),
        Run(),
        load(track("e98", 74)),
        Run(),
    ),
    "an event among those beyond the cap that goes starts a session after the pause": (
        load(*LONG_STREAM),
        Run(),
        RemoveRow(4),
        Run(),
    ),
    "an earlier start moves the cap": (
        load(*LONG_STREAM),
        Run(),
        load(later(track("e99", -5), -MICROSECOND)),
        Run(),
    ),
    "a removed start moves the cap": (
        load(*LONG_STREAM),
        Run(),
        RemoveRow(0),
        Run(),
    ),
    "a run without news touches nothing": (load(*LONG_STREAM), Run(), Run(), KilledRun(9), Run()),
    "the last session of a day that goes takes the day along": (
        load(track("e0", 0), track("e1", 5 * DAYS)),
        Run(),
        RemoveRow(1),
        Run(),
    ),
    "a session whose start moves past midnight is of another day": (
        load(track("e1", 25), track("e2", 60)),
        Run(),
        load(track("e0", 23)),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
    "a late visit counts in the weeks and months around it, and no longer": (
        load(*ON_EDGES),
        Run(),
        load(track("e99", 1 * DAYS, "d1")),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
    "a new day counts those who came up to 29 days before": (
        load(track("e0", 0), track("e1", 1 * DAYS, "d1")),
        Run(),
        load(track("e2", 30 * DAYS, "d2")),
        Run(),
    ),
    "a visit between two others of a visitor counts the visitor once": (
        load(*ON_EDGES, track("e98", 29 * DAYS)),
        Run(),
        load(track("e99", 20 * DAYS)),
        Run(),
    ),
    "a visitor whose first day moves takes all days to another cohort, and back": (
        load(*ON_EDGES, track("e97", 10 * DAYS, "d1"), track("e98", 33 * DAYS, "d1")),
        Run(),
        load(track("e99", 1 * DAYS, "d1")),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
    "a first day that goes is left to the others who came then": (
        load(track("e0", 0), track("e1", 9 * DAYS), track("e2", 0, "d1"), track("e3", 12 * DAYS, "d1")),
        Run(),
        RemoveRow(0),
        Run(),
    ),
    "sessions that move to another visitor take their days along, and back": (
        load(track("e0", 0), track("e1", 3 * DAYS, "d1", "u0"), track("e2", 31 * DAYS)),
        Run(),
        load(track("e3", 31 * DAYS + 1, user="u0")),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
    "what two runs did not count is counted by the third": (
        load(*ON_EDGES, track("e98", 33 * DAYS, "d1")),
        Run(),
        load(track("e99", 1 * DAYS, "d1")),
        FailedRun(20),
        RemoveLoad(1),
        load(track("e97", 8 * DAYS, "d1")),
        FailedRun(20),
        RemoveRow(0),
        FailedRun(21),
        Run(),
    ),
    "a file that has changed takes its former rows along": (
        load(track("e0", 0), track("e1", 5)),
        Run(),
        ReplaceLoad(0, filed(track("e0", 1), track("e2", 7))),
        Run(),
    ),
    "a build over rows that are there goes on like one over none": (
        load(*LONG_STREAM),
        Run(is_full_refresh=True),
        Run(),
        load(track("e99", 61)),
        Run(),
    ),
    "what killed runs have seen of a login is not lost": (
        load(track("e0", 0), track("e1", 6, "d1", "u0")),
        Run(),
        load(track("e2", 3, user="u0")),
        KilledRun(10),
        RemoveLoad(1),
        KilledRun(13),
        load(track("e3", 20)),
        KilledRun(20),
        Run(),
    ),
    "models that failed see later what the others saw": (
        load(track("e0", 0), track("e2", 20)),
        FailedRun(8),
        load(track("e1", 10, user="u0")),
        FailedRun(12),
        RemoveRow(0),
        FailedRun(19),
        Run(),
    ),
}

PENDO: dict[str, History] = {
    "a period that comes again without an event loses it": (
        Load(filed(click("e0", 0), click("e1", 5), click("e2", 20, day=1)), frozenset({("a0", DAY)})),
        Run(),
        Load(filed(click("e0", 1)), frozenset({("a0", DAY)})),
        Run(),
        Load((), frozenset({("a0", DAY)})),
        Run(),
    ),
}

SNOWPLOW: dict[str, History] = {
    "an event before the start moves the cap of a session": (
        load(page_view("e1", 10), page_view("e2", 34), page_view("e3", 35)),
        Run(),
        load(page_view("e0", 9)),
        Run(),
        load(page_view("e4", 60)),
        Run(),
    ),
    "two visitors in one session keep their events, and the first has the session": (
        load(page_view("e1", 10), page_view("e2", 11, user="u0")),
        Run(),
        load(page_view("e0", 9, user="u1"), page_view("e3", 1, "s1", "u1")),
        Run(),
    ),
}

LEANPLUM: dict[str, History] = {
    "a session delivered again comes with the parts of its last delivery only": (
        one_line(leanplum_session(0), leanplum_event("e0", 1), leanplum_event("e1", 2)),
        Run(),
        one_line(leanplum_session(0, "u0"), leanplum_event("e1", 2)),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
    "parts in files of their own belong to the export, with the session's row or without": (
        files(leanplum_event("e0", 1)),
        Run(),
        files(leanplum_session(0), leanplum_event("e0", 1), leanplum_event("e1", 2)),
        Run(),
        RemoveRow(1),
        Run(),
    ),
    "without the session's row the latest export has its events, and those of the one before leave": (
        files(leanplum_event("e0", 1), leanplum_event("e1", 2)),
        Run(),
        files(leanplum_event("e1", 3), leanplum_event("e2", 4)),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
    "a record that goes for one with another start moves the cap": (
        files(leanplum_session(0), leanplum_session(10), leanplum_event("e0", 1), leanplum_event("e1", 30)),
        Run(),
        RemoveRow(3),
        Run(),
    ),
    "a record that tells another start moves the cap": (
        one_line(leanplum_session(0), leanplum_event("e0", 1), leanplum_event("e1", 30)),
        Run(),
        one_line(leanplum_session(10), leanplum_event("e0", 1), leanplum_event("e1", 30)),
        Run(),
    ),
}

MONETATE: dict[str, History] = {
    "a closed session counts, whatever comes open after it": (
        load(monetate_session(0, is_closed=False, parts=1)),
        Run(),
        load(monetate_session(1, is_closed=True, parts=3)),
        Run(),
        load(monetate_session(2, is_closed=False, parts=2)),
        Run(),
        RemoveLoad(1),
        Run(),
    ),
}

EXAMPLES = {
    "rudderstack": IDLE,
    "pendo": PENDO,
    "snowplow": SNOWPLOW,
    "leanplum": LEANPLUM,
    "monetate": MONETATE,
}


@pytest.mark.parametrize(
    ("vendor", "rule"), [(vendor, rule) for vendor, rules in EXAMPLES.items() for rule in rules]
)
def test_rule(theatre_of: TheatreOf, vendor: str, rule: str) -> None:
    play(theatre_of(vendor), EXAMPLES[vendor][rule])
