"""Writes what Pendo delivers for one application: a manifest, export folders and Avro files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import fastavro

SUBSCRIPTION = "6591622502678528"
APPLICATION = "-323232"
FIRST_DAY = date(2024, 4, 14)
SECOND_DAY = date(2024, 4, 15)
DEFINITION_KEYS = {
    "pageId": ("pageDefinitionsFile", "allpages.avro"),
    "featureId": ("featureDefinitionsFile", "allfeatures.avro"),
    "trackTypeId": ("trackTypeDefinitionsFile", "alltracktypes.avro"),
    "guideId": ("guideDefinitionsFile", "allguides.avro"),
}
DATE = {"type": "int", "logicalType": "date"}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
EVENT_TYPES: dict[str, Any] = {
    "eventId": "string",
    "periodId": DATE,
    "visitorId": ["null", "string"],
    "accountId": ["null", "string"],
    "browserTimestamp": ["null", MILLIS],
    "receivedTimestamp": MILLIS,
    "type": "string",
    "url": ["null", "string"],
    "appId": "long",
}


def schema(types: dict[str, Any]) -> dict[str, Any]:
    fields = [{"name": name, "type": kind} for name, kind in types.items()]
    return {"type": "record", "name": "Record", "fields": fields}


def event(event_id: str, day: date = FIRST_DAY, **values: Any) -> dict[str, Any]:
    moment = datetime(day.year, day.month, day.day, 9, 30, 15, 250_000, tzinfo=UTC)
    return {
        "eventId": event_id,
        "periodId": day,
        "visitorId": "ada@example.com",
        "accountId": "acme",
        "browserTimestamp": moment,
        "receivedTimestamp": moment.replace(minute=31),
        "type": "ui",
        "url": "https://app.example.com/orders",
        "appId": -323232,
        **values,
    }


def write_avro(
    path: Path, records: Iterable[dict[str, Any]], types: dict[str, Any] = EVENT_TYPES, **options: Any
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        fastavro.writer(stream, schema(types), list(records), **options)
    return path


class Delivery:
    """The folder of one application. Each `export` writes its files and the manifest anew."""

    def __init__(self, root: Path, subscription: str = SUBSCRIPTION, application: str = APPLICATION) -> None:
        self.subscription = subscription
        self.application = application
        self.folder = root / "datasync" / subscription / application
        self.entries: list[dict[str, Any]] = []
        self._matched_files = 0

    def export(self, counter: int, *periods: dict[str, Any], **keys: Any) -> dict[str, Any]:
        """Add an export and return its entry, which may be changed before `write_manifest`."""
        entry = {
            "timestamp": "2024-04-16T02:00:00Z",
            "application": {"displayName": "Acme CRM", "id": self.application},
            "subscription": {"displayName": "Acme", "id": self.subscription},
            "timeDependent": list(periods),
            "exportType": None,
            "counter": counter,
            "finishTime": "2024-04-16T02:20:12.9489274",
            "rootUrl": f"gs://bucket/datasync/{self.subscription}/{self.application}/export-{counter}",
            **keys,
        }
        self.entries.append(entry)
        self.write_manifest()
        return entry

    def write_manifest(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        manifest = {"exports": self.entries, "generatedTime": "2024-04-16T04:17:59.853205005Z"}
        (self.folder / "exportmanifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    def path(self, counter: int, name: str) -> Path:
        return self.folder / f"export-{counter}" / name

    def files(self, counter: int, *files: tuple[str, list[dict[str, Any]]], **options: Any) -> dict[str, Any]:
        """Write Avro files of events and return what the manifest says about them."""
        for name, records in files:
            write_avro(self.path(counter, name), records, **options)
        return {
            "eventCount": sum(len(records) for _, records in files),
            "files": [name for name, _ in files],
        }

    def all_events(self, counter: int, *events: dict[str, Any], **options: Any) -> dict[str, Any]:
        return self.files(counter, (f"allevents-{len(self.entries)}.avro", list(events)), **options)

    def matched(self, counter: int, full_id: str, *events: dict[str, Any]) -> dict[str, Any]:
        """Write the events of one page, feature or track type; without events the list of files is empty."""
        self._matched_files += 1
        name = f"matchedEvents/{full_id}-{self._matched_files}.avro"
        files = [(name, list(events))] if events else []
        return {**self.files(counter, *files), "id": full_id, "type": full_id.partition("/")[0]}

    def definitions(self, counter: int, id_key: str, *named: tuple[str, str]) -> dict[str, Any]:
        key, name = DEFINITION_KEYS[id_key]
        types = {id_key: "string", "name": "string", "createdAt": MILLIS}
        moment = datetime(2023, 1, 1, tzinfo=UTC)
        records = [{id_key: each, "name": title, "createdAt": moment} for each, title in named]
        write_avro(self.path(counter, name), records, types)
        return {key: [name]}


class ObjectDelivery:
    """The folder of a subscription's accounts or visitors. Each `export` writes its files and manifest."""

    def __init__(self, root: Path, kind: str, subscription: str = SUBSCRIPTION) -> None:
        self.kind = kind
        self.subscription = subscription
        self.folder = root / "datasync" / subscription / kind
        self.entries: list[dict[str, Any]] = []

    def export(self, counter: int, *names: tuple[str, str], **keys: Any) -> dict[str, Any]:
        """Add an export of records, given as id and name, and return its entry."""
        self.write_records(counter, f"{self.kind}s.avro", *names)
        entry = {
            "subscription": {"displayName": "Acme", "id": self.subscription},
            f"{self.kind}s": {"files": [f"{self.kind}s.avro"]},
            "exportType": None,
            "counter": counter,
            "finishTime": f"2024-04-{counter or 1:02}T02:20:12.9489274",
            "rootUrl": f"gs://bucket/datasync/{self.subscription}/{self.kind}/export-{counter}",
            **keys,
        }
        self.entries.append(entry)
        self.write_manifest()
        return entry

    def write_manifest(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "exportmanifest.json").write_text(
            json.dumps({"exports": self.entries}), encoding="utf-8"
        )

    def path(self, counter: int, name: str) -> Path:
        return self.folder / f"export-{counter}" / name

    def write_records(self, counter: int, file: str, *names: tuple[str, str]) -> Path:
        types = {"id": "string", "accountId": ["null", "string"], "name": "string", "seats": "long"}
        records = [
            {"id": each, "accountId": "acme", "name": name, "seats": 2**53 + 1} for each, name in names
        ]
        return write_avro(self.path(counter, file), records, types)

    def write_fields(self, counter: int, file: str, *fields: dict[str, Any]) -> dict[str, Any]:
        """Write the metadata schema of an export and return the key that lists it."""
        texts = ("group", "name", "displayName", "type", "elementType", "elementFormat", "avroFieldName")
        types: dict[str, Any] = {key: ["null", "string"] for key in texts}
        types |= {key: ["null", "boolean"] for key in ("isDeleted", "isPerApp")}
        write_avro(self.path(counter, file), [{**dict.fromkeys(types), **each} for each in fields], types)
        return {"metadataSchemaFile": [file]}


def period(day: date, *matched: dict[str, Any], all_events: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what the manifest says about one day; without `all_events` as retroactive exports do."""
    content: dict[str, Any] = {"periodId": f"{day}T00:00:00Z", "matchedEvents": list(matched)}
    return content if all_events is None else {**content, "allEvents": all_events}


def day_export(delivery: Delivery, counter: int, *event_ids: str, day: date = FIRST_DAY) -> dict[str, Any]:
    """Add an ordinary export of one day."""
    events = [event(event_id, day) for event_id in event_ids or (f"e{counter}",)]
    return delivery.export(counter, period(day, all_events=delivery.all_events(counter, *events)))
