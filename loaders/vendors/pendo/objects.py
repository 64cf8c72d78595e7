"""Pendo's account and visitor exports: what a manifest says of them.

They belong to a subscription, not to an application, and lie in its folders `account` and `visitor`. The
first export holds all records, later ones those that changed. No count is given of what the files must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from loaders.errors import ChangedFileError, ExportRejectedError, ManifestError
from loaders.vendors.pendo.manifest import (
    Entry,
    listed_exports,
    read_counter,
    read_json,
    read_type,
    with_own_folders,
)
from loaders.vendors.pendo.values import (
    export_folder,
    file_names,
    named_id,
    read_moment,
    shown,
    whole_number,
)

METADATA_KEY = "metadataSchemaFile"
BILL_NAME = "billofmaterials.json"
# Key of the files in a bill of materials, by the name of the folder.
OBJECT_KINDS: Mapping[str, str] = {"account": "accounts", "visitor": "visitors"}

# Returns the content of an export folder's bill of materials, None where there is none yet.
ReadBill = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEntry(Entry):
    """One export of accounts or of visitors, as `kind` says.

    `records` and `metadata` are the listed files; `count` is what the first must hold together, None where
    nothing is said. With `bill` nothing is known of them until that file is there.
    """

    kind: str
    records: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    count: int | None = None
    bill: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All listed names, each once."""
        return tuple(dict.fromkeys((*self.records, *self.metadata, *([self.bill] if self.bill else []))))


def read_objects(content: bytes, kind: str, read_bill: ReadBill) -> tuple[ObjectEntry, ...]:
    """Return the exports that a manifest of accounts or visitors lists, in its order.

    What an entry does not say itself is taken from the bill of materials in its folder. Raises ManifestError
    for content that is no manifest, or that lists an export without a place in the order.
    """
    exports = listed_exports(content)
    is_counted = any(raw.get("counter") is not None for raw in exports)
    return with_own_folders(
        [
            _entry(raw, _placed(raw, place, kind, is_counted=is_counted), read_bill)
            for place, raw in enumerate(exports, start=1)
        ]
    )


def _placed(raw: dict[str, Any], place: int, kind: str, *, is_counted: bool) -> ObjectEntry:
    if is_counted:
        return ObjectEntry(counter=read_counter(raw, place), kind=kind)
    finished = read_moment(raw.get("finishTime") or raw.get("timestamp"))
    if finished is None:
        raise ManifestError(f"its export number {place} has neither a counter nor a finishTime")
    try:
        return ObjectEntry(counter=finished, name=export_folder(raw.get("rootUrl")), kind=kind)
    except ManifestError as error:
        raise ManifestError(f"its export number {place} has no counter, and {error}") from error


def _entry(raw: dict[str, Any], entry: ObjectEntry, read_bill: ReadBill) -> ObjectEntry:
    if entry.counter == 0:
        return entry
    try:
        entry = replace(entry, type=read_type(raw), folder=export_folder(raw.get("rootUrl")))
        if not _says_what_it_holds(raw):
            bill = read_bill(entry.folder)
            if bill is None:
                return replace(entry, bill=BILL_NAME)
            raw = {**_read_bill(bill), **raw}
        return _with_content(entry, raw)
    except ChangedFileError:
        raise
    except ExportRejectedError as error:
        return replace(entry, fault=str(error))


def _says_what_it_holds(raw: dict[str, Any]) -> bool:
    return bool(raw.keys() & {*OBJECT_KINDS.values(), METADATA_KEY, "timeDependent"})


def _read_bill(content: bytes) -> dict[str, Any]:
    try:
        bill = read_json(content)
    except ManifestError as error:
        raise ManifestError(f"its {BILL_NAME} cannot be used: {error}") from error
    if not isinstance(bill, dict):
        raise ManifestError(f"its {BILL_NAME} is no object but {shown(bill)}")
    return bill


def _with_content(entry: ObjectEntry, raw: dict[str, Any]) -> ObjectEntry:
    key = OBJECT_KINDS[entry.kind]
    others = {*OBJECT_KINDS.values(), "timeDependent"} - {key}
    if found := sorted(name for name in others if raw.get(name)):
        raise ManifestError(f"it holds {found[0]}, but lies in the folder {entry.kind}")
    if not raw.keys() & {key, METADATA_KEY}:
        raise ManifestError(f"it lists no {key}")
    part = raw.get(key)
    content = part if isinstance(part, dict) else {"files": part}
    return replace(
        entry,
        subscription=named_id(raw, "subscription"),
        records=file_names(content, "files"),
        metadata=file_names(raw, METADATA_KEY),
        count=whole_number(content.get("eventCount")),
        number_of_files=whole_number(raw.get("numberOfFiles")),
    )
