"""The rules of what a session tells beside its events, read plainly: pages, places, engaged time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.lifecycle.reading import Event, Session, grouped, sessions_of_visitors

HEARTBEAT = timedelta(seconds=10)
MINIMUM_VISIT = timedelta(seconds=5)
NOTHING = ("unknown", "")


def context_rows(sessions: Sequence[Session]) -> list[dict[str, object]]:
    """The rows of `dim_sessions`, with the columns that the rules speak of."""
    new = set(first_interactions(sessions))
    return [context_row(session, is_new=session.key in new) for session in sessions]


def first_interactions(sessions: Sequence[Session]) -> Iterator[UUID]:
    """The key of each visitor's first session that is an interaction."""
    for of_visitor in sessions_of_visitors(list(sessions)):
        yield from [session.key for session in of_visitor if is_interaction(session)][:1]


def is_interaction(session: Session) -> bool:
    return session.record.is_interaction if session.record else True


def context_row(session: Session, *, is_new: bool) -> dict[str, object]:
    first = session.events[0] if session.events else None
    last = session.events[-1] if session.events else None
    city = session.record.city if session.record else first and first.city
    acts = sum(event.event_name != "page_ping" for event in session.events)
    return {
        "session_key": session.key,
        "landing_page_url": first and first.page_url,
        "exit_page_url": last and last.page_url,
        "utm_source": "x" if first and first.page_url and "utm_source=x" in first.page_url else None,
        "city": None if city in NOTHING else city,
        "is_new_visitor": None if session.visitor_id is None else is_new,
        "is_bounce": acts <= 1 if is_interaction(session) else None,
        **page_activity(session),
    }


def page_activity(session: Session) -> dict[str, object]:
    """What Snowplow's page views and pings tell; nothing for other vendors."""
    if session.source != "snowplow":
        return dict.fromkeys(("page_views", "engaged_seconds", "visited_from", "absolute_seconds"))
    pings = [event for event in session.events if event.event_name == "page_ping"]
    seen = [event for event in session.events if event.event_name in ("page_view", "page_ping")]
    starts = [session.events[0].at, *(ping.at - MINIMUM_VISIT for ping in pings)]
    return {
        "page_views": len({event.page_view_id for event in seen if event.page_view_id}),
        "engaged_seconds": sum(engaged_seconds(group) for group in pings_of_pages(pings)),
        "visited_from": min(starts),
        "absolute_seconds": seconds(max(event.at for event in session.events)) - seconds(min(starts)),
    }


def pings_of_pages(pings: list[Event]) -> list[list[Event]]:
    of_page = [ping for ping in pings if ping.page_view_id]
    return list(grouped(of_page, lambda ping: ping.page_view_id).values())


def engaged_seconds(pings: list[Event]) -> int:
    """The minimum visit for the first heartbeat with a ping, and a heartbeat for every other one."""
    beats = {seconds(ping.created_at or ping.at) // HEARTBEAT.seconds for ping in pings}
    return MINIMUM_VISIT.seconds + HEARTBEAT.seconds * (len(beats) - 1)


def seconds(moment: datetime) -> int:
    return int(moment.replace(microsecond=0, tzinfo=UTC).timestamp())
