"""Reading Leanplum manifests: a JSON list of the files that a job has uploaded.

The vendor promises the list and does not show it. So the shapes are read that such lists are known to
have, and a manifest of any other shape is refused: what it vouches for would be a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from loaders.documents import parse_json
from loaders.errors import ManifestError
from loaders.exports import DataFile
from loaders.vendors.leanplum.jobs import DATE_FOLDER, JSON_TYPE, Job, PartName, part_of

LIST_KEYS = ("files", "entries", "uploadedFiles", "success")
NAME_KEYS = ("url", "key", "name", "file", "path", "destFile")
SIZE_KEYS = ("content_length", "size", "numBytes", "bytes")
ROW_KEYS = ("rows", "records")
SESSIONS_KEY = "numSessions"
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of a manifest; `size` in bytes and `rows` are None where the manifest does not say."""

    name: str
    size: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files one manifest vouches for, and how many rows they hold together, if it says so."""

    file: DataFile
    type: str
    listed: tuple[Listed, ...]
    rows: int | None


def parse_manifest(job: Job, file: DataFile, text: bytes) -> Manifest:
    """Return what the manifest lists; raises ManifestError for one that cannot be understood.

    Refused are also a file of another job or folder, a path that leaves its folder, and a file that is
    listed twice with different words.
    """
    try:
        document = parse_json(text)
    except ValueError as error:
        raise ManifestError(f"{file.path} is not valid JSON ({error}). Fetch it again.") from error
    kind = job.parts[file].type
    row_keys = (*ROW_KEYS, SESSIONS_KEY) if kind in (JSON_TYPE, "sessions") else ROW_KEYS
    items, about = _list(file, document)
    _check_places(file, items)
    listed: dict[PartName, Listed] = {}
    for item in items:
        one = _listed(job, file, item, row_keys)
        part = part_of(one.name)
        if part is None or (part.app_id, part.uuid) != (job.app_id, job.uuid):
            raise ManifestError(f"{file.path} lists {one.name}, which is no file of its own job.")
        # A manifest may list itself, and so what is read already.
        if not part.is_manifest and listed.setdefault(part, one) != one:
            raise ManifestError(f"{file.path} lists {one.name} twice, in different words.")
    return Manifest(file, kind, tuple(listed.values()), _number(file, about, row_keys))


def _list(file: DataFile, document: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the list of files, and the object it stands in."""
    if isinstance(document, list):
        return document, {}
    if isinstance(document, dict):
        if document.get("success") is False:
            raise ManifestError(f"{file.path} says that the job failed. Wait for the next job.")
        for key in LIST_KEYS:
            items = document.get(key)
            if isinstance(items, list):
                return items, document
            # In an answer of the API, `success` is true or false and the files stand further in.
            if items is not None and items is not True:
                break
        else:
            response = document.get("response")
            if isinstance(response, list) and len(response) == 1 and isinstance(response[0], dict):
                return _list(file, response[0])
    raise ManifestError(
        f"{file.path} is no list of files, nor an object with one under {', '.join(LIST_KEYS)} or "
        f"response: {json.dumps(document)[:SHOWN_CHARACTERS]}. Nothing says which files are complete."
    )


def _listed(job: Job, file: DataFile, item: Any, row_keys: Sequence[str]) -> Listed:
    if isinstance(item, str):
        return Listed(_base_name(job, file, item))
    told = item if isinstance(item, dict) else {}
    name = _told_name(told)
    if not isinstance(name, str):
        raise ManifestError(
            f"{file.path} has an item that names no file: {json.dumps(item)[:SHOWN_CHARACTERS]}. An item is "
            f"a name, or an object with one under {', '.join(NAME_KEYS)}."
        )
    meta = told.get("meta")
    sizes = {**meta, **told} if isinstance(meta, dict) else told
    return Listed(_base_name(job, file, name), _number(file, sizes, SIZE_KEYS), _number(file, told, row_keys))


def _told_name(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return next((item[key] for key in NAME_KEYS if item.get(key) is not None), None)


def _check_places(file: DataFile, items: list[Any]) -> None:
    """Raise ManifestError where the URLs of the list lead to several places: a job uploads to one."""
    urls = (name for name in map(_told_name, items) if isinstance(name, str) and "://" in name)
    places = {re.split(r"[?#]", url, maxsplit=1)[0].rsplit("/", 2)[0]: None for url in urls}
    if len(places) > 1:
        named = " and ".join([*places][:2])
        raise ManifestError(f"{file.path} lists files of several places, {named}; a job uploads to one.")


def _base_name(job: Job, file: DataFile, told: str) -> str:
    """Return the last part of a name, key or URL."""
    *folders, name = unquote(re.split(r"[?#]", told, maxsplit=1)[0]).split("/")
    if folders[:1] == [""] or told.startswith("file:"):
        raise ManifestError(f"{file.path} lists {told}, a path of some machine, not of the landing place.")
    if ".." in (*folders, name):
        raise ManifestError(f"{file.path} lists {told}, a path that leaves its folder.")
    dated = any(DATE_FOLDER.fullmatch(folder) for folder in folders)
    if dated and folders[-1] != job.folder_name:
        raise ManifestError(f"{file.path} lists {told}, a file of another folder than {job.folder_name}.")
    return name


def _number(file: DataFile, told: dict[str, Any], keys: Sequence[str]) -> int | None:
    key = next((key for key in keys if told.get(key) is not None), None)
    if key is None:
        return None
    value = told[key]
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,18}", str(value), re.ASCII):
        raise ManifestError(f"{file.path} has {key} {json.dumps(value)}, which is no count.")
    return int(value)
