"""Rows of the raw tables as plain values, and what happens to them between two runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import ClassVar

FIRST_LOAD_AT = datetime(2026, 6, 1)
DAY = date(2026, 3, 1)
VENDORS = ("leanplum", "monetate", "pendo", "rudderstack", "snowplow")


@dataclass(frozen=True, slots=True)
class Track:
    """A track call of RudderStack."""

    table: ClassVar[str] = "raw_rudderstack.tracks"
    id: str
    timestamp: datetime | None
    received_at: datetime | None
    anonymous_id: str | None = None
    user_id: str | None = None
    event: str | None = None
    source_id: str | None = "app"
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None
    extras: str | None = None


@dataclass(frozen=True, slots=True)
class PendoEvent:
    """An event of a period of an application."""

    table: ClassVar[str] = "raw_pendo.allevents"
    application_id: str
    period_id: date
    event_id: str
    visitor_id: str | None
    browser_timestamp: datetime | None
    received_timestamp: datetime | None
    subscription_id: str = "subscription"
    event_type: str | None = "click"
    url: str | None = None
    record: str = "{}"


@dataclass(frozen=True, slots=True)
class SnowplowEvent:
    """An enriched event: every field is text."""

    table: ClassVar[str] = "raw_snowplow.events"
    event_id: str
    collector_tstamp: str
    derived_tstamp: str | None
    dvce_created_tstamp: str | None
    dvce_sent_tstamp: str | None
    domain_sessionid: str | None
    domain_userid: str | None = None
    user_id: str | None = None
    event_name: str | None = "page_view"
    app_id: str | None = "shop"
    page_url: str | None = None
    geo_city: str | None = None
    contexts: str | None = None


@dataclass(frozen=True, slots=True)
class LeanplumSession:
    """A session as one export tells it."""

    table: ClassVar[str] = "raw_leanplum.sessions"
    session_id: str
    time: datetime | None
    duration: float | None = None
    user_id: str | None = None
    device_id: str | None = None
    is_session: bool | None = True
    city: str | None = None
    app_id: str = "app"
    job_id: str = "job"
    export_date: date = DAY


@dataclass(frozen=True, slots=True)
class LeanplumEvent:
    """An event of a session as one export tells it."""

    table: ClassVar[str] = "raw_leanplum.events"
    session_id: str
    event_id: str
    time: datetime | None
    name: str | None = "play"
    state_id: str | None = "state"
    app_id: str = "app"
    job_id: str = "job"
    export_date: date = DAY
    _ordinal: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A page event, an offer, or a view, cart or purchase line of a Monetate session."""

    kind: str
    id: str
    time: datetime | None


@dataclass(frozen=True, slots=True)
class MonetateSession:
    """A session as it stood at the end of a window."""

    table: ClassVar[str] = "raw_monetate.sessions"
    session_id: str
    start_time: datetime
    end_time: datetime | None
    is_closed: bool | None
    window_started_at: datetime
    window_sequence: int
    guid: str | None = None
    customer_id: str | None = None
    account_id: int | None = 7
    city: str | None = None
    parts: tuple[Part, ...] = field(default=(), metadata={"raw": False})

    @property
    def window_ended_at(self) -> datetime:
        return self.window_started_at + timedelta(hours=1)

    def of_kind(self, kind: str) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.kind == kind)


WEB_PAGE = "iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0"


def on_page(url: str | None) -> str | None:
    """What RudderStack tells beside a call that was made on a page."""
    return None if url is None else json.dumps({"context": {"page": {"url": url}}})


def in_page_view(page_view_id: str | None) -> str | None:
    """The entities of a Snowplow event: the page view it belongs to, behind another one."""
    if page_view_id is None:
        return None
    other = {"schema": "iglu:shop/product/jsonschema/1-0-0", "data": {"id": "product"}}
    return json.dumps({"data": [other, {"schema": WEB_PAGE, "data": {"id": page_view_id}}]})


Record = Track | PendoEvent | SnowplowEvent | LeanplumSession | LeanplumEvent | MonetateSession

# The lists of a Monetate session: of pairs, and of objects that name their id so.
PAIRS = {"page_event": "page_event_ids", "offer": "offers"}
OBJECTS = {
    "view": ("view_lines", "product_id"),
    "cart": ("cart_lines", "product_id"),
    "purchase": ("purchase_lines", "purchase_id"),
}


@dataclass(frozen=True, slots=True)
class Filed:
    """A record and where in the files of its export it stands."""

    record: Record
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """A raw row: a record and the load that brought it."""

    record: Record
    load_id: int
    file: str
    line: int

    @property
    def loaded_at(self) -> datetime:
        return FIRST_LOAD_AT + timedelta(minutes=self.load_id)

    @property
    def position(self) -> tuple[int, str, int]:
        return (self.load_id, self.file, self.line)

    def values(self) -> dict[str, object]:
        """The columns of the raw table, by name."""
        record = self.record
        told = {
            each.name: getattr(record, each.name) for each in fields(record) if each.metadata.get("raw", True)
        }
        if isinstance(record, MonetateSession):
            told |= _lists_of(record) | {"window_ended_at": record.window_ended_at}
        place = {"_load_id": self.load_id, "_loaded_at": self.loaded_at, "_file": self.file}
        return told | place | {"_line": self.line}


@dataclass(frozen=True, slots=True)
class Raw:
    """The raw tables at one moment."""

    rows: frozenset[Row] = frozenset()
    loads: int = 0

    @property
    def in_order(self) -> list[Row]:
        return sorted(self.rows, key=lambda row: (*row.position, repr(row.record)))

    @property
    def live_loads(self) -> list[int]:
        return sorted({row.load_id for row in self.rows})

    def without(self, gone: frozenset[Row]) -> Raw:
        return replace(self, rows=self.rows - gone)

    def with_load(self, filed: tuple[Filed, ...]) -> Raw:
        load_id = self.loads + 1
        new = {Row(each.record, load_id, each.file, each.line) for each in filed}
        return Raw(self.rows | new, load_id)


def _lists_of(session: MonetateSession) -> dict[str, object]:
    pairs = {
        column: [[part.id, _milliseconds(part.time)] for part in session.of_kind(kind)]
        for kind, column in PAIRS.items()
    }
    objects = {
        column: [{name: part.id, "time": _milliseconds(part.time)} for part in session.of_kind(kind)]
        for kind, (column, name) in OBJECTS.items()
    }
    return {column: json.dumps(written) for column, written in (pairs | objects).items()}


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
