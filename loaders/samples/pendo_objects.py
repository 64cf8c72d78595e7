"""Account and visitor exports of the Pendo samples: first all of them, then what changed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import fastavro

from loaders.samples.clock import DAYS, START, at
from loaders.samples.output import new_uuid, write_json
from loaders.samples.pendo_avro import write_records
from loaders.samples.pendo_events import account_id, visitor_id
from loaders.samples.pendo_exports import SUBSCRIPTION, bill_of, listed_entry, manifest_of
from loaders.samples.visits import is_customer

_TEXT = ["null", "string"]
_MOMENT = {"type": "long", "logicalType": "timestamp-millis"}
_PLANS = ("free", "team", "business")
_LANGUAGES = ("en-US", "de-DE", "fr-FR")
CHANGED = 1


def _schema(name: str, fields: dict[str, Any]) -> Any:
    named = [{"name": key, "type": kind} for key, kind in fields.items()]
    return fastavro.parse_schema({"type": "record", "name": name, "fields": named})


_ACCOUNT = _schema("Account", {"id": "string", "name": _TEXT, "agent__plan": _TEXT, "agent__seats": "long"})
_VISITOR = _schema(
    "Visitor", {"id": "string", "accountId": _TEXT, "agent__language": _TEXT, "auto__firstvisit": _MOMENT}
)
_FIELD = _schema(
    "Field",
    {
        **dict.fromkeys(("group", "name", "displayName", "type", "elementType", "elementFormat"), _TEXT),
        "isDeleted": "boolean",
        "isPerApp": "boolean",
        "avroFieldName": "string",
    },
)
_ACCOUNT_FIELDS = (("agent", "plan", "Plan", "string"), ("agent", "seats", "Seats", "integer"))
_VISITOR_FIELDS = (
    ("agent", "language", "Language", "string"),
    ("auto", "firstvisit", "First visit", "time"),
)


def write_objects(root: Path, visitors: int, draw: random.Random) -> None:
    """Write the accounts and visitors of the first `visitors` people, twice: all, then one that changed."""
    accounts = _Folder(root, "account", draw)
    everybody = range((visitors + 3) // 4)
    accounts.export(1, at(1, "02:00"), [("accounts", _accounts(everybody))], _ACCOUNT_FIELDS)
    accounts.export(2, at(DAYS, "02:00"), [("accounts", _accounts([CHANGED], "enterprise"))], _ACCOUNT_FIELDS)
    accounts.write_manifest()
    known = _Folder(root, "visitor", draw)
    edge = visitors // 2
    first = [
        ("visitors-000", _visitors(range(edge))),
        ("visitors-001", _visitors(range(edge, visitors))),
    ]
    known.export(1, at(1, "02:30"), first, _VISITOR_FIELDS)
    known.export(2, at(DAYS, "02:30"), [("visitors", _visitors([CHANGED], "pt-BR"))], _VISITOR_FIELDS)
    known.write_manifest()


def _accounts(numbers: Iterable[int], plan: str | None = None) -> Iterator[dict[str, Any]]:
    for number in numbers:
        yield {
            "id": account_id(4 * number),
            "name": f"Account {number}",
            "agent__plan": plan or _PLANS[number % len(_PLANS)],
            "agent__seats": 5 + number % 40,
        }


def _visitors(numbers: Iterable[int], language: str | None = None) -> Iterator[dict[str, Any]]:
    for number in numbers:
        if is_customer(number):
            yield {
                "id": visitor_id(number),
                "accountId": account_id(number),
                "agent__language": language or _LANGUAGES[number % len(_LANGUAGES)],
                "auto__firstvisit": START,
            }


class _Folder:
    """The folder of a subscription's accounts or visitors."""

    def __init__(self, root: Path, kind: str, draw: random.Random) -> None:
        self._kind = kind
        self._path = root / "datasync" / SUBSCRIPTION / kind
        self._draw = draw
        self._entries: list[dict[str, Any]] = []

    def export(
        self,
        counter: int,
        made: int,
        files: Sequence[tuple[str, Iterable[dict[str, Any]]]],
        fields: tuple[tuple[str, str, str, str], ...],
    ) -> None:
        """Write the files of one export, its metadata fields and its bill."""
        folder = self._path / new_uuid(self._draw)
        for name, records in files:
            write_records(folder / f"{name}.avro", _ACCOUNT if self._kind == "account" else _VISITOR, records)
        write_records(folder / "metadataschema.avro", _FIELD, [_field(*each) for each in fields])
        content = {
            f"{self._kind}s": {"files": [f"{name}.avro" for name, _ in files]},
            "metadataSchemaFile": ["metadataschema.avro"],
        }
        bill = bill_of(folder, made, content)
        self._entries.append(listed_entry(folder, made, bill, counter))

    def write_manifest(self) -> None:
        """Write the manifest, the newest export first."""
        write_json(self._path / "exportmanifest.json", manifest_of(self._entries, at(DAYS, "04:17")))


def _field(group: str, name: str, title: str, kind: str) -> dict[str, Any]:
    return {
        "group": group,
        "name": name,
        "displayName": title,
        "type": kind,
        "elementType": None,
        "elementFormat": None,
        "isDeleted": False,
        "isPerApp": False,
        "avroFieldName": f"{group}__{name}",
    }
