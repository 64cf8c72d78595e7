"""The rules of events and sessions, read plainly: what the marts have to say about some raw rows.

Every step looks at all rows at once and in order; nothing is kept from one run to the next.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import pairwise
from typing import TypeVar
from uuid import UUID

from tests.lifecycle.rows import (
    WEB_PAGE,
    LeanplumEvent,
    LeanplumSession,
    MonetateSession,
    PendoEvent,
    Raw,
    Row,
    SnowplowEvent,
    Track,
)

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

IDLE_SOURCES = ("pendo", "rudderstack")
NEVER = datetime.max
LONG_AGO = datetime.min


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits of the rules."""

    idle: timedelta
    cap: timedelta
    late: timedelta


@dataclass(frozen=True, slots=True)
class Event:
    """An event of any vendor in the one shape."""

    source: str
    app_id: str | None
    event_id: str
    anonymous_id: str | None
    user_id: str | None
    native_session_id: str | None
    event_name: str | None
    occurred_at: datetime | None
    created_at: datetime | None
    sent_at: datetime | None
    received_at: datetime | None
    loaded_at: datetime
    event_scope: str | None = None
    session_scope: str | None = None
    page_url: str | None = None
    city: str | None = None
    page_view_id: str | None = None

    @property
    def key(self) -> UUID:
        return content_key(self.source, self.event_scope, self.event_id)

    @property
    def native_session_key(self) -> UUID:
        return native_session_key(self.source, self.session_scope, self.native_session_id)

    @property
    def alias(self) -> str:
        return self.user_id or self.anonymous_id or ""

    @property
    def at(self) -> datetime:
        """When it occurred, for an event of which this is known."""
        assert self.occurred_at is not None
        return self.occurred_at

    @property
    def order(self) -> tuple[datetime, str, str]:
        return (self.at, self.event_id, self.key.hex)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What a vendor tells of a session."""

    source: str
    app_id: str | None
    native_session_id: str
    session_key: UUID
    anonymous_id: str | None
    user_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    is_interaction: bool
    city: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A session with its events in order, those beyond its cap apart."""

    source: str
    key: UUID
    record: SessionRecord | None
    visitor_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    is_capped: bool
    events: tuple[Event, ...]
    rejected: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the models have to contain, each row with the columns that the rules speak of."""

    aliases: list[dict[str, object]]
    rejected: list[dict[str, object]]
    events: list[dict[str, object]]
    sessions: list[dict[str, object]]
    flows: list[dict[str, object]]
    staged: int
    told: tuple[Session, ...]


def read(raw: Raw, rules: Rules) -> Reading:
    """Read the raw tables by the rules."""
    rows = raw.in_order
    events = list(staged_events(rows))
    reasons = {event.key: rejection_reason(event, rules) for event in events}
    accepted = [event for event in events if reasons[event.key] is None]
    visitors = visitors_of(accepted)
    sessions = [
        *idle_sessions(accepted, visitors, rules),
        *native_sessions(accepted, list(session_records(rows)), visitors, rules),
    ]
    beyond_cap = {event.key for session in sessions for event in session.rejected}
    numbers = numbered(sessions)
    pauses = pauses_before(accepted, visitors)
    return Reading(
        aliases=[
            {"source": source, "alias": alias, "visitor_id": visitor}
            for (source, alias), visitor in visitors.items()
        ],
        rejected=[
            _shape(event) | {"reason": reasons[event.key] or "beyond_session_cap"}
            for event in events
            if reasons[event.key] or event.key in beyond_cap
        ],
        events=[row for each in sessions for row in event_rows(each, numbers, visitors, pauses)],
        sessions=[session_row(each, numbers, following(sessions)) for each in sessions],
        flows=[row for each in sessions for row in flow_rows(each)],
        staged=len(events),
        told=tuple(sessions),
    )


def content_key(*parts: str | None) -> UUID:
    return UUID(md5("\x1f".join("\x1e" if part is None else part for part in parts).encode()).hexdigest())


def native_session_key(source: str, scope: str | None, session_id: str | None) -> UUID:
    return content_key("native", source, scope, session_id)


# From raw rows to events: the delivery that counts, in the one shape.


def staged_events(rows: list[Row]) -> Iterator[Event]:
    yield from rudderstack_events(rows)
    yield from pendo_events(rows)
    yield from snowplow_events(rows)
    yield from leanplum_events(rows)
    yield from monetate_events(rows)


def rudderstack_events(rows: list[Row]) -> Iterator[Event]:
    """Tracks; of an id that came twice, the first received."""
    tracks = [(row, row.record) for row in rows if isinstance(row.record, Track)]
    for deliveries in grouped(tracks, lambda each: each[1].id).values():
        row, track = min(deliveries, key=lambda each: (each[1].received_at or NEVER, each[0].position))
        yield Event(
            source="rudderstack",
            app_id=track.source_id,
            event_id=track.id,
            anonymous_id=track.anonymous_id or None,
            user_id=track.user_id or None,
            native_session_id=None,
            event_name=track.event or None,
            occurred_at=track.timestamp,
            created_at=track.original_timestamp,
            sent_at=track.sent_at,
            received_at=track.received_at,
            loaded_at=row.loaded_at,
            page_url=json.loads(track.extras)["context"]["page"]["url"] if track.extras else None,
        )


def pendo_events(rows: list[Row]) -> Iterator[Event]:
    """Events of applications; of an id that came twice to one application, the first received."""
    events = [(row, row.record) for row in rows if isinstance(row.record, PendoEvent)]
    of_id = grouped(events, lambda each: (each[1].subscription_id, each[1].application_id, each[1].event_id))
    for deliveries in of_id.values():
        row, event = min(deliveries, key=lambda each: (each[1].received_timestamp or NEVER, each[0].position))
        visitor = event.visitor_id or None
        is_anonymous = visitor is not None and visitor.startswith("_PENDO_T_")
        yield Event(
            source="pendo",
            app_id=event.application_id,
            event_id=event.event_id,
            anonymous_id=visitor if is_anonymous else None,
            user_id=None if is_anonymous else visitor,
            native_session_id=None,
            event_name=event.event_type,
            occurred_at=event.browser_timestamp,
            created_at=None,
            sent_at=None,
            received_at=event.received_timestamp,
            loaded_at=row.loaded_at,
            event_scope=f"{event.subscription_id}/{event.application_id}",
            page_url=event.url,
        )


def snowplow_events(rows: list[Row]) -> Iterator[Event]:
    """Enriched events; of an id that came twice, the first that the collector received."""
    events = [(row, row.record) for row in rows if isinstance(row.record, SnowplowEvent)]
    for deliveries in grouped(events, lambda each: each[1].event_id).values():
        row, event = min(
            deliveries, key=lambda each: (time_of(each[1].collector_tstamp) or NEVER, each[0].position)
        )
        yield Event(
            source="snowplow",
            app_id=event.app_id or None,
            event_id=event.event_id,
            anonymous_id=event.domain_userid or None,
            user_id=event.user_id or None,
            native_session_id=event.domain_sessionid or None,
            event_name=event.event_name,
            occurred_at=time_of(event.derived_tstamp),
            created_at=time_of(event.dvce_created_tstamp),
            sent_at=time_of(event.dvce_sent_tstamp),
            received_at=time_of(event.collector_tstamp),
            loaded_at=row.loaded_at,
            page_url=event.page_url,
            city=event.geo_city,
            page_view_id=page_view_of(event.contexts),
        )


def page_view_of(contexts: str | None) -> str | None:
    """The page view among the entities of an event."""
    entities = json.loads(contexts)["data"] if contexts else []
    return next((each["data"]["id"] for each in entities if each["schema"] == WEB_PAGE), None)


def time_of(text: str | None) -> datetime | None:
    """The time in UTC that a text tells; none for any other text."""
    try:
        told = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return told.astimezone(UTC).replace(tzinfo=None) if told.tzinfo else told


def counting_leanplum_sessions(rows: list[Row]) -> dict[tuple[str, str], tuple[Row, LeanplumSession]]:
    """Sessions by app and id, each from the latest export."""
    sessions = [(row, row.record) for row in rows if isinstance(row.record, LeanplumSession)]
    return {
        key: max(deliveries, key=lambda each: each[0].position)
        for key, deliveries in grouped(sessions, lambda each: (each[1].app_id, each[1].session_id)).items()
    }


def leanplum_events(rows: list[Row]) -> Iterator[Event]:
    """The events that the counting delivery of their session brought, each once; its device is theirs."""
    sessions = counting_leanplum_sessions(rows)
    events = [(row, row.record) for row in rows if isinstance(row.record, LeanplumEvent)]
    for key, deliveries in grouped(events, lambda each: (each[1].app_id, each[1].session_id)).items():
        delivery = sessions.get(key)
        last_load = max(row.load_id for row, _ in deliveries)
        told = {
            leanplum_event(row, event, delivery[1] if delivery else None)
            for row, event in deliveries
            if (is_part(row, delivery[0]) if delivery else row.load_id == last_load)
        }
        yield from told


def is_part(row: Row, session: Row) -> bool:
    """Whether a row belongs to the delivery of a session: its line of JSON, any file of its CSV export."""
    if "-output-" in row.file:
        return row.position == session.position
    return row.load_id == session.load_id


def leanplum_event(row: Row, event: LeanplumEvent, session: LeanplumSession | None) -> Event:
    device, user = (session.device_id or None, session.user_id or None) if session else (None, None)
    told = (
        event.app_id,
        event.session_id,
        event.state_id,
        event.name,
        text_of(event.time),
        None,
        None,
    )
    return Event(
        source="leanplum",
        app_id=event.app_id,
        event_id=event.event_id,
        anonymous_id=device,
        user_id=None if user == device else user,
        native_session_id=event.session_id,
        event_name=event.name,
        occurred_at=event.time,
        created_at=None,
        sent_at=None,
        received_at=row.loaded_at,
        loaded_at=row.loaded_at,
        event_scope=str(content_key(*told)),
        session_scope=event.app_id,
    )


def text_of(moment: datetime | None) -> str | None:
    """As DuckDB writes a time: without the zeros at the end of a fraction."""
    if moment is None:
        return None
    text = moment.isoformat(sep=" ")
    return text.rstrip("0") if "." in text else text


def counting_monetate_sessions(rows: list[Row]) -> list[tuple[Row, MonetateSession]]:
    """Each session as it was closed, else as it was last seen."""
    sessions = [(row, row.record) for row in rows if isinstance(row.record, MonetateSession)]
    of_id = grouped(sessions, lambda each: each[1].session_id)
    return [max(deliveries, key=_completeness) for deliveries in of_id.values()]


def _completeness(delivery: tuple[Row, MonetateSession]) -> tuple[object, ...]:
    row, session = delivery
    return (
        bool(session.is_closed),
        session.end_time or LONG_AGO,
        session.window_started_at,
        session.window_sequence,
        row.position,
    )


def monetate_events(rows: list[Row]) -> Iterator[Event]:
    """The parts of sessions."""
    for row, session in counting_monetate_sessions(rows):
        for kind in sorted({part.kind for part in session.parts}):
            for ordinal, part in enumerate(session.of_kind(kind), start=1):
                yield Event(
                    source="monetate",
                    app_id=None if session.account_id is None else str(session.account_id),
                    event_id=f"{session.session_id}/{kind}/{part.id}/{ordinal}",
                    anonymous_id=session.guid or None,
                    user_id=session.customer_id or None,
                    native_session_id=session.session_id,
                    event_name=f"{kind} {part.id}" if kind in ("page_event", "offer") else kind,
                    occurred_at=part.time,
                    created_at=None,
                    sent_at=None,
                    received_at=session.window_ended_at,
                    loaded_at=row.loaded_at,
                )


def session_records(rows: list[Row]) -> Iterator[SessionRecord]:
    """What vendors tell of sessions, with or without events."""
    for _, leanplum in counting_leanplum_sessions(rows).values():
        device, user = leanplum.device_id or None, leanplum.user_id or None
        length = timedelta(seconds=leanplum.duration or 0)
        yield SessionRecord(
            source="leanplum",
            app_id=leanplum.app_id,
            native_session_id=leanplum.session_id,
            session_key=native_session_key("leanplum", leanplum.app_id, leanplum.session_id),
            anonymous_id=device,
            user_id=None if user == device else user,
            started_at=leanplum.time,
            ended_at=leanplum.time + length if leanplum.time else None,
            is_interaction=leanplum.is_session is not False,
            city=leanplum.city,
        )
    for _, monetate in counting_monetate_sessions(rows):
        yield SessionRecord(
            source="monetate",
            app_id=None if monetate.account_id is None else str(monetate.account_id),
            native_session_id=monetate.session_id,
            session_key=native_session_key("monetate", None, monetate.session_id),
            anonymous_id=monetate.guid or None,
            user_id=monetate.customer_id or None,
            started_at=monetate.start_time,
            ended_at=monetate.end_time or monetate.start_time,
            is_interaction=True,
            city=monetate.city,
        )


# Filters and identities.


def rejection_reason(event: Event, rules: Rules) -> str | None:
    """The first filter that an event does not pass."""
    is_native = event.source not in IDLE_SOURCES
    times = (event.created_at, event.sent_at)
    if event.occurred_at is None:
        return "missing_time"
    if not event.anonymous_id and not event.user_id:
        return "missing_identity"
    if is_native and event.native_session_id is None:
        return "missing_session"
    if event.source == "snowplow" and None in times:
        return "missing_device_time"
    if event.created_at and event.sent_at and event.sent_at > event.created_at + rules.late:
        return "late"
    return None


def visitors_of(accepted: list[Event]) -> dict[tuple[str, str], str]:
    """Who is behind every alias: of a device the last user seen on it, else the alias itself."""
    visitors: dict[tuple[str, str], str] = {}
    for event in sorted(accepted, key=lambda each: each.order):
        for alias in (event.anonymous_id, event.user_id):
            if alias:
                visitors.setdefault((event.source, alias), alias)
        if event.anonymous_id and event.user_id:
            visitors[event.source, event.anonymous_id] = event.user_id
    return visitors


# Sessions.


def idle_sessions(
    accepted: list[Event], visitors: Mapping[tuple[str, str], str], rules: Rules
) -> Iterator[Session]:
    """Split every visitor's events where they pause for longer than the idle limit."""
    for (source, visitor), stream in streams(accepted, visitors).items():
        splits: list[list[Event]] = []
        for event in stream:
            if not splits or event.at > splits[-1][-1].at + rules.idle:
                splits.append([])
            splits[-1].append(event)
        for split in splits:
            limit = split[0].at + rules.cap
            events = tuple(event for event in split if event.at <= limit)
            yield Session(
                source=source,
                key=split[0].key,
                record=None,
                visitor_id=visitor,
                started_at=split[0].at,
                ended_at=events[-1].at,
                is_capped=len(events) < len(split),
                events=events,
                rejected=tuple(split[len(events) :]),
            )


def streams(
    accepted: list[Event], visitors: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], list[Event]]:
    """Every visitor's events of idle sources in order."""
    idle = [event for event in accepted if event.source in IDLE_SOURCES]
    found = grouped(idle, lambda event: (event.source, visitors[event.source, event.alias]))
    return {key: sorted(events, key=lambda event: event.order) for key, events in found.items()}


def native_sessions(
    accepted: list[Event],
    records: list[SessionRecord],
    visitors: Mapping[tuple[str, str], str],
    rules: Rules,
) -> Iterator[Session]:
    """Take sessions as the vendor made them, from its records and from the events that name them."""
    native = [event for event in accepted if event.source not in IDLE_SOURCES]
    of_session = grouped(native, lambda event: event.native_session_key)
    record_of = {record.session_key: record for record in records}
    for key in {*of_session, *record_of}:
        events = sorted(of_session.get(key, []), key=lambda event: event.order)
        yield native_session(key, events, record_of.get(key), visitors, rules)


def native_session(
    key: UUID,
    told: list[Event],
    record: SessionRecord | None,
    visitors: Mapping[tuple[str, str], str],
    rules: Rules,
) -> Session:
    started_at = (record and record.started_at) or (told[0].at if told else None)
    limit = started_at + rules.cap if started_at else None
    events = tuple(event for event in told if limit is None or event.at <= limit)
    ended_at = (record and record.ended_at) or (events[-1].at if events else None)
    is_capped = len(events) < len(told) or bool(limit and ended_at and ended_at > limit)
    return Session(
        source=record.source if record else told[0].source,
        key=key,
        record=record,
        visitor_id=session_visitor(record, events, visitors),
        started_at=started_at,
        ended_at=within(started_at, ended_at, limit),
        is_capped=is_capped,
        events=events,
        rejected=tuple(event for event in told if event not in events),
    )


def session_visitor(
    record: SessionRecord | None, events: tuple[Event, ...], visitors: Mapping[tuple[str, str], str]
) -> str | None:
    """Whom the record names, else who caused the first event."""
    alias = (record.user_id or record.anonymous_id) if record else None
    if record and alias:
        return visitors.get((record.source, alias), alias)
    return visitors[events[0].source, events[0].alias] if events else None


def within(started_at: datetime | None, ended_at: datetime | None, limit: datetime | None) -> datetime | None:
    """The end, but neither before the start nor beyond the cap."""
    if started_at is None or ended_at is None or limit is None:
        return ended_at or started_at
    return max(started_at, min(ended_at, limit))


def numbered(sessions: list[Session]) -> dict[UUID, int | None]:
    """Number every visitor's sessions by their start."""
    numbers: dict[UUID, int | None] = {session.key: None for session in sessions}
    for of_visitor in sessions_of_visitors(sessions):
        numbers |= {session.key: number for number, session in enumerate(of_visitor, start=1)}
    return numbers


def following(sessions: list[Session]) -> dict[UUID, datetime | None]:
    """When each session's visitor begins the next one."""
    return {
        session.key: after.started_at
        for of_visitor in sessions_of_visitors(sessions)
        for session, after in pairwise(of_visitor)
    }


def sessions_of_visitors(sessions: list[Session]) -> Iterator[list[Session]]:
    identified = [session for session in sessions if session.visitor_id is not None]
    for of_visitor in grouped(identified, lambda each: (each.source, each.visitor_id)).values():
        yield sorted(of_visitor, key=lambda each: (each.started_at or NEVER, each.key.hex))


def pauses_before(accepted: list[Event], visitors: Mapping[tuple[str, str], str]) -> dict[UUID, timedelta]:
    """How long a visitor, or a native session, has paused before each event; none before the first."""
    native = [event for event in accepted if event.source not in IDLE_SOURCES]
    of_session = grouped(native, lambda event: event.native_session_key)
    in_order = [sorted(events, key=lambda event: event.order) for events in of_session.values()]
    return {
        event.key: event.at - before.at
        for stream in [*streams(accepted, visitors).values(), *in_order]
        for before, event in pairwise(stream)
    }


# Rows of the marts.


def event_rows(
    session: Session,
    numbers: Mapping[UUID, int | None],
    visitors: Mapping[tuple[str, str], str],
    pauses: Mapping[UUID, timedelta],
) -> Iterator[dict[str, object]]:
    for number, event in enumerate(session.events, start=1):
        visitor = visitors[event.source, event.alias]
        yield _shape(event) | {
            "event_key": event.key,
            "session_key": session.key,
            "session_id": session_id(session, numbers),
            "visitor_key": content_key(event.source, visitor),
            "visitor_id": visitor,
            "event_sequence_number": number,
            "idle_minutes": minutes(pauses.get(event.key)),
        }


def session_row(
    session: Session, numbers: Mapping[UUID, int | None], next_starts: Mapping[UUID, datetime | None]
) -> dict[str, object]:
    record, first = session.record, session.events[0] if session.events else None
    names = [event.event_name for event in session.events]
    told = [name for name in names if name is not None]
    times = (session.started_at, session.ended_at)
    return {
        "session_key": session.key,
        "source": session.source,
        "app_id": (record and record.app_id) or (first and first.app_id),
        "session_id": session_id(session, numbers),
        "visitor_key": content_key(session.source, session.visitor_id) if session.visitor_id else None,
        "visitor_id": session.visitor_id,
        "session_sequence_number": numbers[session.key],
        "started_at": session.started_at,
        "ended_at": session.ended_at,
        "duration_minutes": minutes(times[1] - times[0] if times[0] and times[1] else None),
        "next_session_started_at": next_starts.get(session.key),
        "event_count": len(names),
        "first_event": told[0] if told else None,
        "last_event": told[-1] if told else None,
        "is_interaction": record.is_interaction if record else True,
        "is_capped": session.is_capped,
        "cnt_viewed_product": names.count("viewed_product"),
        "cnt_signup": names.count("signup"),
    }


def flow_rows(session: Session) -> Iterator[dict[str, object]]:
    """Each event with the four that follow it in its session."""
    for position, event in enumerate(session.events):
        names = [each.event_name for each in session.events[position : position + 5]]
        names += [None] * (5 - len(names))
        yield {
            "event_key": event.key,
            "session_key": session.key,
            "event": names[0],
            **{f"event_{step}": name for step, name in enumerate(names[1:], start=2)},
        }


def session_id(session: Session, numbers: Mapping[UUID, int | None]) -> str | None:
    if session.source in IDLE_SOURCES:
        return f"{numbers[session.key]} - {session.visitor_id}"
    return session.record.native_session_id if session.record else session.events[0].native_session_id


def minutes(length: timedelta | None) -> float | None:
    return None if length is None else (length // timedelta(microseconds=1)) / 60_000_000


def _shape(event: Event) -> dict[str, object]:
    return {
        "source": event.source,
        "app_id": event.app_id,
        "event_id": event.event_id,
        "anonymous_id": event.anonymous_id,
        "user_id": event.user_id,
        "event_name": event.event_name,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "loaded_at": event.loaded_at,
    }


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    found: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return dict(found)
