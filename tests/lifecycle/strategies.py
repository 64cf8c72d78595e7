"""Histories to try: few devices, users, ids and moments, so that what is rare meets often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.lifecycle.history import (
    Action,
    Change,
    FailedRun,
    History,
    KilledRun,
    Load,
    RemoveLoad,
    RemoveRow,
    ReplaceLoad,
    Run,
)
from tests.lifecycle.rows import (
    DAY,
    VENDORS,
    Filed,
    LeanplumEvent,
    LeanplumSession,
    MonetateSession,
    Part,
    PendoEvent,
    Record,
    SnowplowEvent,
    Track,
    in_page_view,
    on_page,
)

START = datetime(2026, 3, 1)
IDLE = timedelta(hours=12)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
LATE = timedelta(days=3)

Files = tuple[Filed, ...]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Batch:
    """How many events a load is about to have, and since which of the moments."""

    size: int
    since: int = 0


def moments(since: int = 0, step: timedelta = MICROSECOND) -> SearchStrategy[datetime]:
    """Moments half an idle limit apart, some a step off: pauses and spans on, within, beyond the limits."""
    halves = st.integers(since, 12)
    off = st.sampled_from([0] * 6 + [1, -1])
    return st.builds(lambda half, steps: START + half * (IDLE / 2) + steps * step, halves, off)


def mostly(value: SearchStrategy[Value]) -> SearchStrategy[Value | None]:
    """A value, now and then none."""
    return st.integers(0, 19).flatmap(lambda roll: st.none() if roll == 19 else value)


def ids(prefix: str, count: int) -> SearchStrategy[str]:
    return st.sampled_from([f"{prefix}{number}" for number in range(count)])


def event_ids() -> SearchStrategy[str]:
    """Ids of which some come again and again."""
    return st.integers(0, 3).flatmap(lambda roll: ids("e", 4) if roll == 3 else ids("e", 50))


def received() -> SearchStrategy[datetime]:
    """Times of receipt, often the same."""
    return st.sampled_from([START + timedelta(days=10, hours=hours) for hours in range(3)])


def texts(times: SearchStrategy[datetime]) -> SearchStrategy[str]:
    """Times as the vendor's files write them: two forms that do not sort alike."""
    return st.tuples(times, st.booleans()).map(
        lambda told: told[0].isoformat() + "Z" if told[1] else str(told[0])
    )


EVENT_NAMES = ("viewed_product", "signup", "page")
# A device may bear the name of a user; that is still one alias.
DEVICES = ("d0",) * 8 + ("d1",) * 4 + ("d2", None, "")
USERS = (None,) * 9 + ("u0",) * 3 + ("u1", "u1", "d1")
PAGES = ("https://shop/a?utm_source=x", "https://shop/b", None)
CITIES = ("Bern", "Oslo", "unknown", None)
DELAYS = (timedelta(0),) * 8 + (LATE, LATE + MICROSECOND)


@st.composite
def tracks(draw: st.DrawFn, since: int) -> Track:
    at = draw(mostly(moments(since)))
    delay = draw(mostly(st.sampled_from(DELAYS)))
    return Track(
        id=draw(event_ids()),
        timestamp=at,
        received_at=draw(mostly(received())),
        anonymous_id=draw(st.sampled_from(DEVICES)),
        user_id=draw(st.sampled_from(USERS)),
        event=draw(st.sampled_from(EVENT_NAMES)),
        original_timestamp=at,
        sent_at=at + delay if at and delay is not None else None,
        extras=on_page(draw(st.sampled_from(PAGES))),
    )


@st.composite
def tracks_of_one_device(draw: st.DrawFn, since: int) -> Track:
    """Nothing but one stream: long sessions, over their cap again and again."""
    at = draw(moments(since))
    return Track(draw(event_ids()), at, draw(received()), "d0", event=draw(st.sampled_from(EVENT_NAMES)))


# Around where a week and a month after one of them end.
FAR_DAYS = (0, 1, 5, 6, 7, 8, 28, 29, 30, 31, 36)


@st.composite
def tracks_over_weeks(draw: st.DrawFn) -> Track:
    """Visits far apart, in two apps: what counts visitors over days."""
    at = START + timedelta(days=draw(st.sampled_from(FAR_DAYS)), hours=draw(st.sampled_from([-1, 0, 1])))
    return Track(
        draw(event_ids()),
        at,
        draw(received()),
        draw(st.sampled_from(DEVICES)),
        draw(st.sampled_from(USERS)),
        event=draw(st.sampled_from(EVENT_NAMES)),
        source_id=draw(st.sampled_from(["app", "app", "other", None])),
    )


@st.composite
def snowplow_events(draw: st.DrawFn, since: int) -> SnowplowEvent:
    at = draw(mostly(moments(since)))
    delay = draw(st.sampled_from(DELAYS))
    return SnowplowEvent(
        event_id=draw(event_ids()),
        collector_tstamp=draw(texts(received())),
        derived_tstamp=str(at) if at else draw(st.sampled_from([None, "", "soon"])),
        dvce_created_tstamp=draw(mostly(st.just(str(at or START)))),
        dvce_sent_tstamp=str((at or START) + delay),
        domain_sessionid=draw(st.sampled_from(["s0"] * 6 + ["s1"] * 4 + ["s2", None])),
        domain_userid=draw(st.sampled_from(DEVICES)),
        user_id=draw(st.sampled_from(USERS)),
        event_name=draw(st.sampled_from((*EVENT_NAMES, "page_view", "page_ping", "page_ping"))),
        page_url=draw(st.sampled_from(PAGES)),
        geo_city=draw(st.sampled_from(CITIES)),
        contexts=in_page_view(draw(st.sampled_from(["v0", "v0", "v1", None]))),
    )


def pendo_events(since: int) -> SearchStrategy[PendoEvent]:
    return st.builds(
        PendoEvent,
        application_id=ids("a", 2),
        period_id=st.integers(0, 2).map(lambda day: DAY + timedelta(days=day)),
        event_id=event_ids(),
        visitor_id=st.sampled_from(["_PENDO_T_0"] * 4 + ["u0"] * 8 + ["u1", None, ""]),
        browser_timestamp=mostly(moments(since)),
        received_timestamp=mostly(received()),
        url=st.sampled_from(PAGES),
    )


@st.composite
def pendo_loads(draw: st.DrawFn, batch: Batch) -> Change:
    """An export adds to periods of applications, or drops them first, perhaps others besides."""
    events = draw(many(pendo_events(batch.since), batch.size))
    told = frozenset((event.application_id, event.period_id) for event in events)
    replaced = draw(st.sampled_from([frozenset(), told, told | {("a0", DAY)}]))
    files = [f"{event.application_id}/{event.period_id}" for event in events]
    return Load(tuple(map(Filed, events, files, range(len(events)))), replaced)


@st.composite
def leanplum_sessions(draw: st.DrawFn) -> LeanplumSession:
    return LeanplumSession(
        session_id=draw(ids("s", 3)),
        time=draw(mostly(moments())),
        duration=draw(st.sampled_from([0.0, 0.5, 3600.0, 86400.0, 86400.000001, None])),
        user_id=draw(st.sampled_from(USERS)),
        device_id=draw(st.sampled_from(DEVICES)),
        is_session=draw(st.sampled_from([True, False, None])),
        city=draw(st.sampled_from(CITIES)),
    )


@st.composite
def leanplum_parts(draw: st.DrawFn, session_id: str) -> tuple[LeanplumEvent, ...]:
    """The events of a session; the same may be told twice."""
    event = st.tuples(ids("e", 4), mostly(moments()), st.sampled_from(["play", "signup"]))
    told = draw(st.lists(event, max_size=6))
    return tuple(
        LeanplumEvent(session_id, event_id, time, name, _ordinal=ordinal)
        for ordinal, (event_id, time, name) in enumerate(told)
    )


JOB = "export-app-job"


@st.composite
def leanplum_json(draw: st.DrawFn, size: int) -> Files:
    """Each session in a line with its events."""
    filed: list[Filed] = []
    for line, session in enumerate(draw(many(leanplum_sessions(), 1 + size // 5))):
        file = f"{JOB}-output-{draw(st.integers(0, 1))}"
        records: list[Record] = [session, *draw(leanplum_parts(session.session_id))]
        filed += [Filed(record, file, line) for record in records]
    return tuple(filed)


@st.composite
def leanplum_csv(draw: st.DrawFn, size: int) -> Files:
    """Sessions and events in files of their own; the events of a session may come without its row."""
    sessions = draw(many(leanplum_sessions(), size // 5))
    told = [session.session_id for session in sessions]
    events = draw(many(st.sampled_from([*told, *told, "s0"]).flatmap(leanplum_parts), 1 + size // 5))
    rows = [Filed(session, f"{JOB}-outputsessions-0", line) for line, session in enumerate(sessions)]
    parts = [event for of_session in events for event in of_session]
    return (*rows, *(Filed(event, f"{JOB}-outputevents-0", line) for line, event in enumerate(parts)))


def leanplum_files(size: int) -> SearchStrategy[Files]:
    return leanplum_json(size) | leanplum_csv(size)


@st.composite
def monetate_sessions(draw: st.DrawFn) -> MonetateSession:
    kinds = st.sampled_from(["page_event", "offer", "view", "cart", "purchase"])
    parts = st.builds(Part, kinds, ids("p", 2), mostly(moments(step=MILLISECOND)))
    return MonetateSession(
        session_id=draw(ids("m", 3)),
        start_time=draw(moments(step=MILLISECOND)),
        end_time=draw(mostly(moments(step=MILLISECOND))),
        is_closed=draw(st.sampled_from([True, False, None])),
        window_started_at=START + timedelta(hours=draw(st.integers(0, 2))),
        window_sequence=draw(st.integers(0, 1)),
        guid=draw(st.sampled_from(DEVICES)),
        customer_id=draw(st.sampled_from(USERS)),
        city=draw(st.sampled_from(CITIES)),
        parts=tuple(draw(st.lists(parts, max_size=6))),
    )


def one_file(
    records: SearchStrategy[Track | SnowplowEvent | MonetateSession], size: int
) -> SearchStrategy[Files]:
    return many(records, size).map(
        lambda found: tuple(Filed(record, "export", line) for line, record in enumerate(found))
    )


def many(records: SearchStrategy[Value], size: int) -> SearchStrategy[list[Value]]:
    return st.lists(records, min_size=size, max_size=size + 2)


def seldom(usual: SearchStrategy[Change], rare: SearchStrategy[Change]) -> SearchStrategy[Change]:
    """The rare one once in seven times."""
    return st.integers(0, 6).flatmap(lambda roll: rare if roll == 6 else usual)


def loads_of(files: SearchStrategy[Files]) -> SearchStrategy[Change]:
    """Loads that only add; now and then, a file that has changed."""
    return seldom(st.builds(Load, files), st.builds(ReplaceLoad, st.integers(0, 9), files))


def of_every_vendor(batch: Batch) -> SearchStrategy[Change]:
    return st.sampled_from(VENDORS).flatmap(lambda vendor: LOADS[vendor](batch))


# Loads of about so many events, by vendor, and after the vendor's name what is peculiar.
EVERY_VENDOR = "every vendor"
LOADS: dict[str, Callable[[Batch], SearchStrategy[Change]]] = {
    "rudderstack": lambda batch: loads_of(one_file(tracks(batch.since), batch.size)),
    "rudderstack, one device": lambda batch: loads_of(
        one_file(tracks_of_one_device(batch.since), batch.size)
    ),
    "rudderstack, over weeks": lambda batch: loads_of(one_file(tracks_over_weeks(), batch.size)),
    "pendo": pendo_loads,
    "snowplow": lambda batch: loads_of(one_file(snowplow_events(batch.since), batch.size)),
    "leanplum": lambda batch: loads_of(leanplum_files(batch.size)),
    "monetate": lambda batch: loads_of(one_file(monetate_sessions(), 1 + batch.size // 5)),
    EVERY_VENDOR: of_every_vendor,
}
FIRST = st.builds(Batch, st.sampled_from([1, 8, 14, 20]))
LATER = st.builds(Batch, st.sampled_from([1, 1, 1, 2, 8]), st.sampled_from([0, 0, 6, 9]))


def vendors_of(kind: str) -> tuple[str, ...]:
    return VENDORS if kind == EVERY_VENDOR else (kind.partition(",")[0],)


RUNS: SearchStrategy[tuple[Action, ...]] = st.one_of(
    st.just((Run(),)),
    st.just((Run(),)),
    st.just((Run(), Run())),
    st.builds(lambda models: (KilledRun(models),), st.integers(0, 24)),
    st.builds(lambda nth: (FailedRun(nth),), st.integers(0, 24)),
    st.just((Run(is_full_refresh=True),)),
)


@st.composite
def histories(draw: st.DrawFn, kind: str) -> History:
    """A load of some size, and then smaller ones and removals, and runs between them."""
    load = LOADS[kind]
    removal = st.builds(RemoveLoad, st.integers(0, 9)) | st.builds(RemoveRow, st.integers(0, 99))
    later = st.lists(seldom(LATER.flatmap(load), removal), min_size=1, max_size=2)
    told: list[Action] = [draw(FIRST.flatmap(load)), *draw(RUNS)]
    for changes, runs in draw(st.lists(st.tuples(later, RUNS), min_size=1, max_size=4)):
        told += [*changes, *runs]
    return tuple(told)
