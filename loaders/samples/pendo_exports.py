"""Export folders of the Pendo samples, their bills of materials, and the export manifest."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from loaders.samples.clock import DAY, MINUTE, iso
from loaders.samples.output import new_uuid, write_json
from loaders.samples.pendo_avro import ALL_EVENTS_SCHEMA, MATCHED_SCHEMA, EventFile, encode_text

SUBSCRIPTION = "4820161357021184"
BUCKET = "gs://sample-bucket/data"

ALL_EVENTS = "allevents"


class PeriodFiles:
    """The event files of one day in one export, open for writing.

    `suffix` tells the day's files from those of other days in the folder. After `split_after` events, if it
    is set, a second file of all events begins, as happens on a large day. `is_partial` leaves all events out.
    """

    def __init__(self, folder: Path, day: int, suffix: str = "", *, is_partial: bool = False) -> None:
        self.day = day
        self.split_after = -1
        self._added = 0
        self._folder = folder
        self._suffix = suffix
        self._all: list[EventFile] = []
        self._matched: dict[str, EventFile] = {}
        self._is_partial = is_partial
        if not is_partial:
            self._open_next()

    def add(self, record: bytes, matchables: Iterable[str]) -> None:
        """Add an encoded event to the day and to each of the matchables, given as `Page/<id>`."""
        if not self._is_partial:
            if self._added == self.split_after and len(self._all) == 1:
                self._open_next()
            self._all[-1].add(record)
            self._added += 1
        for matchable in matchables:
            file = self._matched.get(matchable) or self._open_matched(matchable)
            file.add(_encoded_id(matchable) + record)

    def finish(self, emptied: Iterable[str] = ()) -> dict[str, Any]:
        """Close the files and return the day's part of a bill, and `emptied` matchables without files."""
        for file in (*self._all, *self._matched.values()):
            file.close()
        part: dict[str, Any] = {"periodId": f"{iso(self.day * DAY)[:19]}Z"}
        if not self._is_partial:
            part["allEvents"] = self._listed(self._all)
        part["matchedEvents"] = [
            {**self._listed([self._matched[matchable]]), **_named(matchable)}
            for matchable in sorted(self._matched)
        ]
        part["matchedEvents"] += [
            {"eventCount": 0, "files": [], **_named(matchable)} for matchable in emptied
        ]
        return part

    def _open_next(self) -> None:
        number = f"-{len(self._all):03d}" if self._all else ""
        path = self._folder / f"{ALL_EVENTS}{self._suffix}{number}.avro"
        self._all.append(EventFile(path, ALL_EVENTS_SCHEMA))

    def _open_matched(self, matchable: str) -> EventFile:
        path = self._folder / "matchedEvents" / f"{matchable}{self._suffix}.avro"
        file = self._matched[matchable] = EventFile(path, MATCHED_SCHEMA)
        return file

    def _listed(self, files: list[EventFile]) -> dict[str, Any]:
        names = [file.path.relative_to(self._folder).as_posix() for file in files]
        return {"eventCount": sum(file.records for file in files), "files": names}


@cache
def _encoded_id(matchable: str) -> bytes:
    return encode_text(matchable.partition("/")[2])


def _named(matchable: str) -> dict[str, str]:
    return {"id": matchable, "type": matchable.partition("/")[0]}


@dataclass(slots=True)
class ExportFolder:
    """One export while it is written: `path` is its folder, `periods` the finished days."""

    path: Path
    definitions: dict[str, list[str]] = field(default_factory=dict)
    periods: list[dict[str, Any]] = field(default_factory=list)


class Application:
    """One application's folder: hands out export folders and keeps the manifest's entries."""

    def __init__(self, root: Path, app_id: str, name: str, draw: random.Random) -> None:
        self._path = root / "datasync" / SUBSCRIPTION / app_id
        self._id = app_id
        self._name = name
        self._draw = draw
        self._entries: list[dict[str, Any]] = []

    def new_folder(self) -> ExportFolder:
        """Return a new, empty export folder."""
        return ExportFolder(self._path / new_uuid(self._draw))

    def add(self, export: ExportFolder, made: int, export_type: list[str] | None = None) -> None:
        """Write the bill of a finished export and list it with the next counter; `made` is its time."""
        self._list(export, made, export_type, len(self._entries) + 1)

    def add_nothing(self, made: int) -> None:
        """List an export with counter 0: nothing to do."""
        self._list(self.new_folder(), made, None, 0)

    def write_manifest(self, made: int) -> None:
        """Write the manifest; its entries are in no particular order."""
        write_json(self._path / "exportmanifest.json", manifest_of(self._entries, made))

    def _list(self, export: ExportFolder, made: int, export_type: list[str] | None, counter: int) -> None:
        content = {
            "application": {"displayName": self._name, "id": self._id},
            **export.definitions,
            "timeDependent": export.periods,
        }
        bill = bill_of(export.path, made, content)
        self._entries.append({**listed_entry(export.path, made, bill, counter), "exportType": export_type})


def bill_of(folder: Path, made: int, content: dict[str, Any]) -> dict[str, Any]:
    """Write the bill of materials of an export whose files are there, and return it."""
    bill = {
        "timestamp": f"{iso(made)[:19]}Z",
        "numberOfFiles": len(_files(folder)),
        "subscription": {"displayName": "Sample shop", "id": SUBSCRIPTION},
        **content,
    }
    write_json(folder / "billofmaterials.json", bill)
    return bill


def listed_entry(folder: Path, made: int, bill: dict[str, Any], counter: int) -> dict[str, Any]:
    """Return what the manifest says of an export; `made` is when its bill was written."""
    finished = iso(made + 10 * MINUTE)[:19]
    size = sum(path.stat().st_size for path in _files(folder) if path.suffix == ".avro")
    return {
        **bill,
        "exportType": None,
        "counter": counter,
        # The vendor writes both forms.
        "finishTime": f"{finished}.9489274" if counter % 2 == 0 else f"{finished}.311651Z",
        "storageSize": size,
        "rootUrl": f"{BUCKET}/datasync/{SUBSCRIPTION}/{folder.parent.name}/{folder.name}",
    }


def manifest_of(entries: list[dict[str, Any]], made: int) -> dict[str, Any]:
    """Return a manifest, the newest export first."""
    return {"exports": entries[::-1], "generatedTime": f"{iso(made)[:19]}.853205005Z"}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
