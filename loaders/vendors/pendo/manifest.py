"""Pendo's export manifest (`exportmanifest.json`): what each listed export holds, and what is wrong with it.

Every key may be absent or null, and a single value may stand where a list is expected. What cannot be
understood makes its export faulty; only an export without a counter makes the whole manifest unreadable,
because then nobody knows what comes before what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Any, TypeVar

from loaders.documents import parse_json
from loaders.errors import ManifestError
from loaders.limits import MANIFEST_EXPORTS
from loaders.vendors.pendo.values import (
    export_folder,
    file_names,
    listed,
    named_id,
    read_period,
    shown,
    whole_number,
)

DEFINITION_KEYS = (
    "pageDefinitionsFile",
    "featureDefinitionsFile",
    "trackTypeDefinitionsFile",
    "guideDefinitionsFile",
)
MATCHABLE_TYPES = {name.lower(): name for name in ("Page", "Feature", "TrackType")}


class ExportType(Enum):
    """Value of `exportType`."""

    REGULAR = "regular"
    RETROACTIVE = "Retroactive"
    TEST = "Test"


@dataclass(frozen=True, slots=True)
class Matchable:
    """A page, feature or track type: `type` as Pendo spells it, `id` without the type before it."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class EventFiles:
    """The listed files of one UTC day: all its events, or those that match one matchable.

    No files mean that the day (or the matchable on that day) has no events any more. `event_count` is
    what the files must hold together.
    """

    period: date
    matchable: Matchable | None
    event_count: int
    files: tuple[str, ...]

    @property
    def title(self) -> str:
        """How messages name this part of an export."""
        part = f"matchedEvents {self.matchable.type}/{self.matchable.id}" if self.matchable else "allEvents"
        return f"{part} of {self.period}"


@dataclass(frozen=True, slots=True)
class DefinitionFiles:
    """The listed files of one kind of definition; `key` is one of DEFINITION_KEYS."""

    key: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One export of a manifest. With a `fault` it cannot be loaded and its other fields say nothing.

    `folder` is the last part of `rootUrl`, below which the listed names lie. `subscription` and
    `application` are None where the entry does not name them. `name` is the export's own where its manifest
    has no counters; then `counter` is when it was finished (microseconds since 1970).
    """

    counter: int
    name: str = ""
    type: ExportType = ExportType.REGULAR
    fault: str = ""
    subscription: str | None = None
    application: str | None = None
    folder: str = ""
    definitions: tuple[DefinitionFiles, ...] = ()
    events: tuple[EventFiles, ...] = ()
    number_of_files: int | None = None

    @property
    def label(self) -> str:
        """Last part of the export's id."""
        return self.name or str(self.counter)

    @property
    def title(self) -> str:
        """How messages name the export."""
        return f"export {self.name}" if self.name else f"counter {self.counter}"

    @property
    def names(self) -> tuple[str, ...]:
        """All listed names, each once, in the manifest's order."""
        parts: tuple[DefinitionFiles | EventFiles, ...] = (*self.definitions, *self.events)
        return tuple(dict.fromkeys(name for part in parts for name in part.files))


AnyEntry = TypeVar("AnyEntry", bound=Entry)


def read_manifest(content: bytes) -> tuple[Entry, ...]:
    """Return the event exports that the manifest lists, in its order.

    Raises ManifestError for content that is no manifest, or that lists an export without a counter.
    """
    entries = [_entry(raw, place) for place, raw in enumerate(listed_exports(content), start=1)]
    return with_own_folders(entries)


def with_own_folders(entries: Sequence[AnyEntry]) -> tuple[AnyEntry, ...]:
    """Return the entries, at fault those that name the folder of another one before them."""
    folders: dict[str, Entry] = {}
    for entry in entries:
        if entry.folder:
            folders.setdefault(entry.folder, entry)
    return tuple(_with_own_folder(entry, folders) for entry in entries)


def _with_own_folder(entry: AnyEntry, folders: Mapping[str, Entry]) -> AnyEntry:
    first = folders.get(entry.folder, entry)
    if first.label == entry.label:
        return entry
    return replace(entry, fault=f"its rootUrl is that of {first.title}, so it lists files of another export")


def listed_exports(content: bytes) -> list[dict[str, Any]]:
    """Return the exports of a manifest as they stand there; raises ManifestError for what is no manifest."""
    manifest = read_json(content)
    if not isinstance(manifest, dict) or "exports" not in manifest:
        raise ManifestError("it has no list of exports; fetch it again")
    exports = listed(manifest, "exports")
    if len(exports) > MANIFEST_EXPORTS.value:
        raise ManifestError(
            f"it lists {len(exports):,} exports, more than {MANIFEST_EXPORTS.value:,}; Pendo lists 30 days. "
            f"{MANIFEST_EXPORTS.remedy}"
        )
    for place, raw in enumerate(exports, start=1):
        if not isinstance(raw, dict):
            raise ManifestError(f"its export number {place} is no object but {shown(raw)}")
    return exports


def read_json(content: bytes) -> Any:
    """Return a JSON document whose objects have each key once; raises ManifestError for any other content."""
    try:
        return parse_json(content, object_pairs_hook=_object)
    except ValueError as error:
        raise ManifestError(f"it is no valid JSON ({error}); fetch it again") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return content


def read_counter(raw: dict[str, Any], place: int) -> int:
    """Return the counter of the export at that place; raises ManifestError where there is none."""
    counter = whole_number(raw.get("counter"))
    if counter is None:
        raise ManifestError(f"the counter of its export number {place} is {shown(raw.get('counter'))}")
    return counter


def _entry(raw: dict[str, Any], place: int) -> Entry:
    entry = Entry(counter=read_counter(raw, place))
    if entry.counter == 0:
        return entry
    try:
        return _with_content(replace(entry, type=read_type(raw)), raw)
    except ManifestError as error:
        return replace(entry, fault=str(error))


def _with_content(entry: Entry, raw: dict[str, Any]) -> Entry:
    if "timeDependent" not in raw and raw.keys() & {"accounts", "visitors"}:
        raise ManifestError("it holds accounts or visitors, which belong into a folder account or visitor")
    definitions = [
        DefinitionFiles(key, file_names(raw, key)) for key in DEFINITION_KEYS if raw.get(key) is not None
    ]
    return replace(
        entry,
        subscription=named_id(raw, "subscription"),
        application=named_id(raw, "application"),
        folder=export_folder(raw.get("rootUrl")),
        definitions=tuple(definitions),
        events=tuple(part for period in listed(raw, "timeDependent") for part in _events(period)),
        number_of_files=whole_number(raw.get("numberOfFiles")),
    )


def read_type(raw: dict[str, Any]) -> ExportType:
    """Return the export's type; raises ManifestError for one that is not known."""
    match listed(raw, "exportType"):
        case []:
            return ExportType.REGULAR
        case ["Retroactive"]:
            return ExportType.RETROACTIVE
        case ["Test"]:
            return ExportType.TEST
    raise ManifestError(
        f"exportType is {shown(raw['exportType'])}; known are null, Retroactive and Test. "
        f"A newer version may know it"
    )


def _events(raw: Any) -> Iterable[EventFiles]:
    if not isinstance(raw, dict):
        raise ManifestError(f"timeDependent holds {shown(raw)} where a period is expected")
    period = read_period(raw.get("periodId"))
    if period is None:
        raise ManifestError(f"periodId is {shown(raw.get('periodId'))}, which is no day")
    for part in listed(raw, "allEvents"):
        yield _event_files(part, period, None)
    for part in listed(raw, "matchedEvents"):
        yield _event_files(part, period, _matchable(part))


def _event_files(raw: Any, period: date, matchable: Matchable | None) -> EventFiles:
    if not isinstance(raw, dict):
        raise ManifestError(f"the events of {period} hold {shown(raw)} where files are expected")
    if "files" not in raw and "eventCount" not in raw:
        raise ManifestError(f"an entry of {period} has neither files nor eventCount")
    files = file_names(raw, "files")
    count = whole_number(raw.get("eventCount"))
    if count is None and (files or raw.get("eventCount") is not None):
        raise ManifestError(
            f"eventCount is {shown(raw.get('eventCount'))} for {shown(list(files))} of {period}: "
            f"nothing says how many events they must hold"
        )
    return EventFiles(period, matchable, count or 0, files)


def _matchable(raw: Any) -> Matchable:
    full_id = raw.get("id") if isinstance(raw, dict) else None
    if not isinstance(full_id, str) or not full_id:
        raise ManifestError(f"matchedEvents holds {shown(raw)}, which names no page, feature or track type")
    prefix, slash, rest = full_id.partition("/")
    named, bare_id = (prefix, rest) if slash else (raw.get("type"), full_id)
    kind = named if raw.get("type") is None else raw["type"]
    if not isinstance(kind, str) or not kind or not bare_id or kind.lower() != str(named).lower():
        raise ManifestError(f"the matched id {shown(full_id)} does not fit its type {shown(raw.get('type'))}")
    return Matchable(MATCHABLE_TYPES.get(kind.lower(), kind), bare_id)
