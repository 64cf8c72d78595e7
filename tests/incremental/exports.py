"""Writes small exports of all vendors: the few events that a story is told with, as files of each vendor."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.loaders.leanplum_delivery import JobFiles
from tests.loaders.leanplum_delivery import lines as leanplum_lines
from tests.loaders.pendo_delivery import event as pendo_record
from tests.loaders.snowplow_delivery import tsv

DAY = date(2024, 3, 1)


def at(clock: str, day: int = 1, month: date = DAY) -> datetime:
    """Return a moment: `at("10:05")` is on the story's first day, `at("10:05", day=3)` two days later."""
    hour, minute = clock.split(":")
    return datetime(month.year, month.month, 1, int(hour), int(minute)) + timedelta(days=day - 1)


def write_json_lines(path: Path, *records: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(record)}\n" for record in records)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


# RudderStack


def track(
    message_id: str,
    moment: datetime,
    device: str,
    user: str | None = None,
    *,
    event: str = "Viewed",
    received: datetime | None = None,
) -> dict[str, Any]:
    written = f"{moment.isoformat()}Z"
    return {
        "messageId": message_id,
        "type": "track",
        "event": event,
        "anonymousId": device,
        "userId": user,
        "originalTimestamp": written,
        "sentAt": written,
        "timestamp": written,
        "receivedAt": f"{(received or moment).isoformat()}Z",
    }


def identify(message_id: str, moment: datetime, device: str, user: str) -> dict[str, Any]:
    return track(message_id, moment, device, user) | {"type": "identify", "event": None}


def write_tracks(folder: Path, name: str, *calls: dict[str, Any]) -> None:
    write_json_lines(folder / f"rudder-logs/src1/2024-03-01/{name}.json.gz", *calls)


# Pendo


def pendo_event(event_id: str, visitor: str, period: date, clock: str, **values: Any) -> dict[str, Any]:
    hour, minute = clock.split(":")
    moment = datetime(period.year, period.month, period.day, int(hour), int(minute), tzinfo=UTC)
    times = {"browserTimestamp": moment, "receivedTimestamp": moment + timedelta(minutes=1)}
    return pendo_record(event_id, period, visitorId=visitor, **times, **values)


# Leanplum


def leanplum_session(
    session_id: str, user: str, device: str, events: dict[str, datetime], minutes: int = 30
) -> dict[str, Any]:
    started = min(events.values())
    return {
        "sessionId": session_id,
        "userId": user,
        "deviceId": device,
        "time": _epoch_seconds(started),
        "duration": 60 * minutes,
        "isSession": True,
        "states": [
            {
                "stateId": 1,
                "name": "Home",
                "time": _epoch_seconds(started),
                "events": [
                    {"eventId": number, "name": name, "time": _epoch_seconds(moment)}
                    for number, (name, moment) in enumerate(events.items(), start=1)
                ],
            }
        ],
    }


def write_job(folder: Path, uuid: str, day: str, *sessions: dict[str, Any]) -> None:
    JobFiles(folder, uuid, day).write_json(leanplum_lines(*sessions))


# Monetate


def monetate_session(
    session_id: str,
    guid: str,
    pages: dict[int, datetime],
    ended: datetime,
    **values: Any,
) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "account_id": 4711,
        "guid": guid,
        "start_time": _epoch_ms(min(pages.values())),
        "end_time": _epoch_ms(ended),
        "is_closed": "t",
        "page_event_ids": {str(page): _epoch_ms(moment) for page, moment in pages.items()},
        **values,
    }


def write_stream(folder: Path, window: datetime, *sessions: dict[str, Any]) -> None:
    name = f"{window:%Y%m%dT%H%M%S}.000Z_PT15M-1.json.gz"
    write_json_lines(folder / f"4711/raw_data/session_stream/{window:%Y/%m/%d}/{name}", *sessions)


# Snowplow


def snowplow_event(
    event_id: str, session_id: str, moment: datetime, received: datetime | None = None
) -> dict[str, str]:
    """Return an event of the visitor `of <session>`; without `received` it was received when it happened."""
    return {
        "event_id": event_id,
        "app_id": "shop",
        "event_name": "page_view",
        "domain_userid": f"of {session_id}",
        "domain_sessionid": session_id,
        "derived_tstamp": f"{moment}",
        "dvce_created_tstamp": f"{moment}",
        "dvce_sent_tstamp": f"{moment}",
        "collector_tstamp": f"{received or moment}",
    }


def write_enriched(folder: Path, name: str, *events: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.tsv").write_text(tsv(*events))


def _epoch_seconds(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=UTC).timestamp():.3f}"


def _epoch_ms(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
