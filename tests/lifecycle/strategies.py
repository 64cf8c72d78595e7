"""Histories to try: few devices, users, ids and moments, so that what is rare meets often."""

from __future__ import annotations

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

START = datetime(2026, 3, 1)
IDLE = timedelta(hours=12)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
LATE = timedelta(days=3)

Files = tuple[Filed, ...]
Value = TypeVar("Value")


def moments(step: timedelta = MICROSECOND) -> SearchStrategy[datetime]:
    """Moments half an idle limit apart, some a step off: pauses and spans on, within, beyond the limits."""
    halves = st.integers(0, 11)
    off = st.sampled_from([0] * 6 + [1, -1])
    return st.builds(lambda half, steps: START + half * (IDLE / 2) + steps * step, halves, off)


def mostly(value: SearchStrategy[Value]) -> SearchStrategy[Value | None]:
    """A value, now and then none."""
    return st.integers(0, 19).flatmap(lambda roll: st.none() if roll == 19 else value)


def ids(prefix: str, count: int) -> SearchStrategy[str]:
    return st.sampled_from([f"{prefix}{number}" for number in range(count)])


def received() -> SearchStrategy[datetime]:
    """Times of receipt, often the same."""
    return st.sampled_from([START + timedelta(days=10, hours=hours) for hours in range(3)])


EVENT_NAMES = ("viewed_product", "signup", "page")
# A device may bear the name of a user; that is still one alias.
DEVICES = ("d0",) * 8 + ("d1",) * 4 + ("d2", None, "")
USERS = (None,) * 9 + ("u0",) * 3 + ("u1", "u1", "d1")
DELAYS = (timedelta(0),) * 8 + (LATE, LATE + MICROSECOND)


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    at = draw(mostly(moments()))
    delay = draw(mostly(st.sampled_from(DELAYS)))
    return Track(
        id=draw(ids("e", 30)),
        timestamp=at,
        received_at=draw(mostly(received())),
        anonymous_id=draw(st.sampled_from(DEVICES)),
        user_id=draw(st.sampled_from(USERS)),
        event=draw(st.sampled_from(EVENT_NAMES)),
        original_timestamp=at,
        sent_at=at + delay if at and delay is not None else None,
    )


@st.composite
def tracks_of_one_device(draw: st.DrawFn) -> Track:
    """Nothing but one stream: long sessions, over their cap again and again."""
    at = draw(moments())
    return Track(draw(ids("e", 40)), at, draw(received()), "d0", event=draw(st.sampled_from(EVENT_NAMES)))


@st.composite
def snowplow_events(draw: st.DrawFn) -> SnowplowEvent:
    at = draw(mostly(moments()))
    delay = draw(st.sampled_from(DELAYS))
    return SnowplowEvent(
        event_id=draw(ids("e", 30)),
        collector_tstamp=str(draw(received())),
        derived_tstamp=str(at) if at else draw(st.sampled_from([None, "", "soon"])),
        dvce_created_tstamp=draw(mostly(st.just(str(at or START)))),
        dvce_sent_tstamp=str((at or START) + delay),
        domain_sessionid=draw(st.sampled_from(["s0"] * 6 + ["s1"] * 4 + ["s2", None])),
        domain_userid=draw(st.sampled_from(DEVICES)),
        user_id=draw(st.sampled_from(USERS)),
        event_name=draw(st.sampled_from(EVENT_NAMES)),
    )


def pendo_events(application: str, day: int) -> SearchStrategy[PendoEvent]:
    return st.builds(
        PendoEvent,
        application_id=st.just(application),
        period_id=st.just(DAY + timedelta(days=day)),
        event_id=ids("e", 16),
        visitor_id=st.sampled_from(["_PENDO_T_0"] * 4 + ["u0"] * 8 + ["u1", None, ""]),
        browser_timestamp=mostly(moments()),
        received_timestamp=mostly(received()),
    )


@st.composite
def pendo_loads(draw: st.DrawFn) -> Change:
    """An export drops periods of applications and brings them anew, or only adds a period."""
    periods = draw(st.sets(st.tuples(st.sampled_from(["a0", "a1"]), st.integers(0, 1)), min_size=1))
    filed = tuple(
        Filed(event, f"{application}/{day}.avro", line)
        for application, day in sorted(periods)
        for line, event in enumerate(draw(st.lists(pendo_events(application, day), max_size=8)))
    )
    replaced = frozenset((application, DAY + timedelta(days=day)) for application, day in periods)
    return Load(filed, draw(st.sampled_from([replaced, replaced, frozenset()])))


@st.composite
def leanplum_sessions(draw: st.DrawFn) -> LeanplumSession:
    return LeanplumSession(
        session_id=draw(ids("s", 3)),
        time=draw(mostly(moments())),
        duration=draw(st.sampled_from([0.0, 0.5, 3600.0, 86400.0, 86400.000001, None])),
        user_id=draw(st.sampled_from(USERS)),
        device_id=draw(st.sampled_from(DEVICES)),
        is_session=draw(st.sampled_from([True, False, None])),
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
def leanplum_json(draw: st.DrawFn) -> Files:
    """Each session in a line with its events."""
    sessions = draw(st.lists(leanplum_sessions(), min_size=1, max_size=3))
    filed: list[Filed] = []
    for line, session in enumerate(sessions):
        file = f"{JOB}-output-{draw(st.integers(0, 1))}"
        records: list[Record] = [session, *draw(leanplum_parts(session.session_id))]
        filed += [Filed(record, file, line) for record in records]
    return tuple(filed)


@st.composite
def leanplum_csv(draw: st.DrawFn) -> Files:
    """Sessions and events in files of their own; the events of a session may come without its row."""
    sessions = draw(st.lists(leanplum_sessions(), max_size=3))
    told = [session.session_id for session in sessions]
    events = draw(st.lists(st.sampled_from([*told, *told, "s0"]).flatmap(leanplum_parts), max_size=3))
    rows = [Filed(session, f"{JOB}-outputsessions-0", line) for line, session in enumerate(sessions)]
    parts = [event for of_session in events for event in of_session]
    return (*rows, *(Filed(event, f"{JOB}-outputevents-0", line) for line, event in enumerate(parts)))


@st.composite
def monetate_sessions(draw: st.DrawFn) -> MonetateSession:
    kinds = st.sampled_from(["page_event", "offer", "view", "cart", "purchase"])
    parts = st.builds(Part, kinds, ids("p", 2), mostly(moments(MILLISECOND)))
    return MonetateSession(
        session_id=draw(ids("m", 3)),
        start_time=draw(moments(MILLISECOND)),
        end_time=draw(mostly(moments(MILLISECOND))),
        is_closed=draw(st.sampled_from([True, False, None])),
        window_started_at=START + timedelta(hours=draw(st.integers(0, 2))),
        window_sequence=draw(st.integers(0, 1)),
        guid=draw(st.sampled_from(DEVICES)),
        customer_id=draw(st.sampled_from(USERS)),
        parts=tuple(draw(st.lists(parts, max_size=6))),
    )


@st.composite
def one_file(
    draw: st.DrawFn, records: SearchStrategy[Track | SnowplowEvent | MonetateSession], most: int
) -> Files:
    """Much at once, or a latecomer or two."""
    found = draw(st.lists(records, min_size=1, max_size=draw(st.sampled_from([most, 2]))))
    return tuple(Filed(record, "export", line) for line, record in enumerate(found))


def seldom(usual: SearchStrategy[Change], rare: SearchStrategy[Change]) -> SearchStrategy[Change]:
    """The rare one once in eight times."""
    return st.integers(0, 7).flatmap(lambda roll: rare if roll == 7 else usual)


def loads_of(files: SearchStrategy[Files]) -> SearchStrategy[Change]:
    """Loads that only add; now and then, a file that has changed."""
    return seldom(st.builds(Load, files), st.builds(ReplaceLoad, st.integers(0, 9), files))


# By vendor, and after the vendor's name what is peculiar.
LOADS: dict[str, SearchStrategy[Change]] = {
    "rudderstack": loads_of(one_file(tracks(), 14)),
    "rudderstack, one device": loads_of(one_file(tracks_of_one_device(), 14)),
    "pendo": pendo_loads(),
    "snowplow": loads_of(one_file(snowplow_events(), 14)),
    "leanplum": loads_of(st.one_of(leanplum_json(), leanplum_csv())),
    "monetate": loads_of(one_file(monetate_sessions(), 4)),
}


def vendor_of(kind: str) -> str:
    return kind.partition(",")[0]


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
    """Loads and removals of a vendor's rows, and runs between them."""
    load = LOADS[kind]
    removals = st.builds(RemoveLoad, st.integers(0, 9)) | st.builds(RemoveRow, st.integers(0, 99))
    chapters = st.tuples(st.lists(seldom(load, removals), min_size=1, max_size=3), RUNS)
    told = draw(st.lists(chapters, min_size=1, max_size=4))
    return tuple(action for changes, runs in told for action in (*changes, *runs))
