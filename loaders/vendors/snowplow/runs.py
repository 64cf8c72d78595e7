"""Run folders of Snowplow's transformers: which files belong to a run, and what its completion file says.

A transformer writes `run=<time>/` and, when everything is there, `shredding_complete.json` into it. Batch
transformers name the data files `part-*`, streaming ones `sink-*`; older ones have no `output=` folders.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from loaders.documents import parse_json, read_document
from loaders.errors import ManifestError
from loaders.exports import DataFile
from loaders.landing import Landing

COMPLETION_NAME = "shredding_complete.json"
COMPLETION_SCHEMA = "/shredding_complete/"
# Streaming transformers append an id of their own to the time, so that several can write side by side.
RUN_FOLDER = re.compile(r"(?P<path>(?:.*/)?(?P<name>run=[^/]+))/.+")
RUN_TIME_DIGITS = 14
# Each half of a run's digest.
DIGEST_CHARACTERS = 32
BAD_PATH = re.compile(r"(?:.*/)?(?:output|kind)=bad/.+")
ATOMIC_PATH = re.compile(r"(?:.*/)?(?:atomic-events|vendor=com\.snowplowanalytics\.snowplow/name=atomic)/.+")
ENTITY_PATH = re.compile(r"(?:.*/)?(?:vendor=[^/]+|shredded-types|shredded-tsv)/.+")
WIDE_PATH = re.compile(r"output=good/.+")
# Spark writes into `_temporary/` first, and marks its folders with files such as `_started_1`.
TEMPORARY_PATH = re.compile(r"(?:.*/)?_temporary/.+")
MARKER_PATH = re.compile(r"(?:.*/)?_[^/]*")
OBJECTS_PATH = re.compile(r"(?:.*/)?format=json/.+")


class Part(Enum):
    """What a file of a run folder holds."""

    COMPLETION = "completion"
    ATOMIC = "atomic events"
    WIDE_ROWS = "wide rows"
    ENTITIES = "entities"
    BAD_ROWS = "bad rows"
    OTHER = "other"


class RunForm(Enum):
    """How the events of a run are written."""

    SHREDDED = "shredded"
    WIDE_JSON = "wide row JSON"
    WIDE_PARQUET = "wide row Parquet"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run: its folder's path from the top of the landing place, and its files by path inside it."""

    path: str
    name: str
    files: dict[str, DataFile]

    @property
    def parent(self) -> str:
        """Name of the folder the run lies in, `""` at the top."""
        return self.path.rpartition("/")[0].rpartition("/")[2]

    @property
    def time(self) -> str:
        """The digits of the moment in the folder's name, year first."""
        return re.sub(r"\D", "", self.name)[:RUN_TIME_DIGITS]

    @property
    def completion(self) -> DataFile | None:
        """The file that says the run is finished."""
        return self.files.get(COMPLETION_NAME)

    def select(self, part: Part) -> dict[str, DataFile]:
        """Return the files that hold `part`, keyed by their path from the run's own folder on."""
        return {f"{self.name}/{path}": file for path, file in self.files.items() if part_of(path) is part}

    def digest(self, completion: str) -> str:
        """Return the run's digest: `completion`, that of its completion file, and one of its data files."""
        data = {**self.select(Part.ATOMIC), **self.select(Part.WIDE_ROWS)}
        listing = "\n".join(f"{path} {file.size}" for path, file in sorted(data.items()))
        return completion + hashlib.sha256(listing.encode()).hexdigest()[:DIGEST_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Completion:
    """What a completion file vouches for.

    `good` is the number of events, None where the file does not say; `has_events` tells that the file
    names the earliest moment of an event, so that there must be one; `run_name` is that of the folder it was
    written into, `""` where it does not say.
    """

    form: RunForm
    run_name: str
    good: int | None
    has_events: bool


def find_runs(landing: Landing, files: Iterable[DataFile]) -> tuple[list[RunFolder], list[DataFile]]:
    """Return the run folders that `files` lie in, by path, and the files that lie in none."""
    found: dict[tuple[str, str], dict[str, DataFile]] = defaultdict(dict)
    outside = []
    for file in files:
        full_path = landing.full_path(file)
        match = RUN_FOLDER.fullmatch(full_path)
        if match is None:
            outside.append(file)
            continue
        path, name = match["path"], match["name"]
        found[path, name][full_path.removeprefix(f"{path}/")] = file
    return [RunFolder(path, name, held) for (path, name), held in sorted(found.items())], outside


def part_of(path: str) -> Part:
    """Return what the file at `path`, relative to its run folder, holds."""
    if path == COMPLETION_NAME:
        return Part.COMPLETION
    kinds = (
        (TEMPORARY_PATH, Part.OTHER),
        (MARKER_PATH, Part.OTHER),
        (BAD_PATH, Part.BAD_ROWS),
        (ATOMIC_PATH, Part.ATOMIC),
        (ENTITY_PATH, Part.ENTITIES),
        (WIDE_PATH, Part.WIDE_ROWS),
    )
    return next((part for pattern, part in kinds if pattern.fullmatch(path)), Part.OTHER)


def holds_objects(path: str) -> bool:
    """Return whether a file of a shredded run holds JSON objects, else its lines are TSV."""
    return OBJECTS_PATH.fullmatch(path) is not None


def is_temporary(path: str) -> bool:
    """Return whether Spark is still writing the file at `path`, or has left it behind."""
    return TEMPORARY_PATH.fullmatch(path) is not None


def read_completion(landing: Landing, file: DataFile) -> Completion:
    """Read a completion file of version 1 or 2; raises ManifestError for one that cannot be understood."""
    try:
        document = parse_json(read_document(landing, file))
    except ValueError as error:
        raise ManifestError(f"{file.path} is no JSON ({error}). Fetch it again.") from error
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or COMPLETION_SCHEMA not in str(document.get("schema")):
        raise ManifestError(
            f"{file.path} is no completion file: it has no shredding_complete schema with data. "
            f"Check what wrote it."
        )
    timestamps = data.get("timestamps")
    return Completion(
        form=_form(file, data),
        run_name=_run_name(data.get("base")),
        good=_good(file, data.get("count")),
        has_events=isinstance(timestamps, dict) and timestamps.get("min") is not None,
    )


def _run_name(base: object) -> str:
    name = base.rstrip("/").rpartition("/")[2] if isinstance(base, str) else ""
    return name if name.startswith("run=") else ""


def _form(file: DataFile, data: dict[str, Any]) -> RunForm:
    info = data.get("typesInfo")
    if info is None and isinstance(data.get("types"), list):
        # Version 1 knew shredded output only, and did not name it.
        return RunForm.SHREDDED
    if not isinstance(info, dict):
        raise ManifestError(
            f"{file.path} has no data.typesInfo, so the form of the data is unknown. Check what wrote it."
        )
    transformation = str(info.get("transformation")).upper()
    file_format = str(info.get("fileFormat")).upper()
    match transformation, file_format:
        case "SHREDDED", _:
            return RunForm.SHREDDED
        case "WIDEROW", "JSON":
            return RunForm.WIDE_JSON
        case "WIDEROW", "PARQUET":
            return RunForm.WIDE_PARQUET
    named = f"{transformation} in {file_format}" if transformation == "WIDEROW" else transformation
    raise ManifestError(
        f"{file.path} names the transformation {named}; SHREDDED and WIDEROW in JSON or PARQUET can be "
        f"read. Have the transformer write one of them."
    )


def _good(file: DataFile, count: object) -> int | None:
    if count is None:
        return None
    good = count.get("good") if isinstance(count, dict) else None
    if not isinstance(good, int) or isinstance(good, bool):
        raise ManifestError(f"{file.path} has a data.count without a whole number of good events: {count}.")
    return good
