"""A manifest of ours beside RudderStack files, because RudderStack gives its customers none.

It is optional. A file `sessionhouse-manifest.json` says what must be in its folder and the folders below:

    {"entries": [{"url": "2020-01-24/1579867142.src1.0a1b.json.gz",
                  "meta": {"content_length": 4711, "record_count": 100}}]}

`url` is a path from the manifest's folder on, or a URL of object storage that leads through a folder of the
same name. `content_length` is the size of the file in bytes, `record_count` the number of its records;
either may be left out, and is not checked then. A listed file that is not there is incomplete, one of
another size or count is rejected, and a file that is not listed is left alone and told of. Of two manifests
the nearer one counts. A manifest that cannot be understood keeps out all it could speak of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from loaders.documents import parse_json, read_document
from loaders.errors import ChangedFileError, DamagedFileError, ManifestError
from loaders.exports import DataFile
from loaders.landing import Landing
from loaders.vendors.rudderstack.paths import MANIFEST_NAME, form_of

SHOWN_CHARACTERS = 200
URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://[^/]*/(?P<key>.+)", re.DOTALL)
ENTRY_KEYS = {"url", "mandatory", "meta"}
META_KEYS = {"content_length", "record_count"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of a manifest; `size` in bytes and `records` are None where the manifest does not say."""

    path: str
    size: int | None = None
    records: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one manifest lists, by path from the landing root; `fault` says why nothing can be known.

    With `is_settled` it was not read: it says nothing new, and all that it speaks of is loaded.
    """

    file: DataFile
    listed: dict[str, Listed]
    fault: str = ""
    is_settled: bool = False


def manifest_files(files: Iterable[DataFile]) -> dict[str, DataFile]:
    """Return the files of manifests among `files`, by the folder they speak of."""
    return {file.folder: file for file in files if file.name == MANIFEST_NAME}


def read_manifests(
    landing: Landing, found: Mapping[str, DataFile], settled: Container[str] = ()
) -> dict[str, Manifest]:
    """Return the manifests of `found`, by the folder they speak of; those of `settled` folders unread."""
    unread = [folder for folder in found if folder not in settled]
    landing.expect(found[folder] for folder in unread)
    read = {folder: _read(landing, found[folder], found) for folder in unread}
    landing.release(found[folder] for folder in unread)
    return {folder: read.get(folder) or Manifest(file, {}, is_settled=True) for folder, file in found.items()}


def governing(manifests: dict[str, Manifest], path: str) -> Manifest | None:
    """Return the manifest that speaks of `path`: the one nearest above it, None where there is none."""
    folder = governing_folder(manifests, path)
    return None if folder is None else manifests[folder]


def governing_folder(folders: Container[str], path: str) -> str | None:
    """Return the nearest of `folders` above `path`, None where none is."""
    while path:
        path = path.rpartition("/")[0]
        if path in folders:
            return path
    return None


def _read(landing: Landing, file: DataFile, folders: Container[str]) -> Manifest:
    try:
        entries = _entries(landing, file)
        listed: dict[str, Listed] = {}
        for entry in entries:
            one = _listed(landing, file, entry)
            if one.path in listed:
                raise ManifestError(f"{file.path} lists {one.path} twice. List each file once.")
            if governing_folder(folders, one.path) != file.folder:
                raise ManifestError(
                    f"{file.path} lists {one.path}, which lies beside another {MANIFEST_NAME}. List it there."
                )
            listed[one.path] = one
    except (ManifestError, DamagedFileError, ChangedFileError) as error:
        return Manifest(file, {}, str(error))
    return Manifest(file, listed)


def _entries(landing: Landing, file: DataFile) -> list[Any]:
    try:
        document = parse_json(read_document(landing, file), object_pairs_hook=_once)
    except ValueError as error:
        raise ManifestError(f"{file.path} is not valid JSON ({error}). Write it again.") from error
    entries = document.get("entries") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ManifestError(f'{file.path} is no object with a list of "entries". Write it again.')
    return entries


def _listed(landing: Landing, file: DataFile, entry: Any) -> Listed:
    shown = json.dumps(entry)[:SHOWN_CHARACTERS]
    if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
        raise ManifestError(f'{file.path} has an entry without a "url": {shown}.')
    meta = entry.get("meta") or {}
    if not isinstance(meta, dict):
        raise ManifestError(f"{file.path} has a meta that is no object: {shown}.")
    # A key that is not understood may be a check that is not made.
    unknown = sorted((entry.keys() - ENTRY_KEYS) | (meta.keys() - META_KEYS))
    if unknown:
        raise ManifestError(
            f"{file.path} has the unknown key {unknown[0]}: {shown}. An entry has url and meta, and meta has "
            f"content_length and record_count."
        )
    if entry.get("mandatory", True) is not True:
        raise ManifestError(f"{file.path} has an entry that is not mandatory: {shown}. Leave it out.")
    path = _path(landing, file, entry["url"])
    if not form_of(DataFile(path, 0, "")):
        raise ManifestError(f"{file.path} lists {path}, which by its name is no JSON, CSV or Parquet file.")
    return Listed(path, *(_count(file, meta, key) for key in ("content_length", "record_count")))


def _path(landing: Landing, file: DataFile, url: str) -> str:
    """Return the path from the landing root that `url` names; raises ManifestError for one outside."""
    match = URL.fullmatch(url)
    inside = _below(landing, file, _key(url, match)) if match else url
    parts = re.split(r"[/\\]", inside)
    if "\\" in inside or any(part in ("", ".", "..") for part in parts):
        raise ManifestError(
            f"{file.path} lists {url}, which does not lie in the manifest's own folder. Write its path from "
            f"that folder on, or list it in a manifest of its own folder."
        )
    return f"{file.folder}/{inside}" if file.folder else inside


def _key(url: str, match: re.Match[str]) -> str:
    # Only the web knows queries and escapes; a key of object storage may hold any character.
    return unquote(urlsplit(url).path).lstrip("/") if match["scheme"].startswith("http") else match["key"]


def _below(landing: Landing, file: DataFile, key: str) -> str:
    """Return the part of `key` behind the folder that the manifest lies in, `""` where it is not in there."""
    folders = [part for part in landing.full_path(file).split("/")[:-1] if part]
    if not folders:
        return key
    parts = key.split("/")
    common, end = max((_common_end(folders, parts[:end]), end) for end in range(len(parts)))
    return "/".join(parts[end:]) if common else ""


def _common_end(some: list[str], others: list[str]) -> int:
    pairs = zip(reversed(some), reversed(others), strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(some), len(others)))


def _count(file: DataFile, meta: dict[str, Any], key: str) -> int | None:
    value: object = meta.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise ManifestError(f"{file.path} has the {key} {json.dumps(value)}, which is no count.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in an object")
    return found
