"""Landing places: where exports lie. Nothing else in the package lists or opens export files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from loaders.errors import LandingError, UsageError
from loaders.exports import DataFile
from loaders.folder_entries import check_kind, check_link

CHUNK_BYTES = 1 << 20
IGNORED_SUFFIXES = (".part", ".filepart", ".tmp", ".crdownload")
IGNORED_NAMES = ("_SUCCESS", "Thumbs.db")


class Landing(Protocol):
    """A place with export files below one root."""

    uri: str

    def list_files(self) -> list[DataFile]:
        """Return all files below the root, sorted by path; temporary and hidden names left out."""

    def open(self, file: DataFile) -> BinaryIO:
        """Open one listed file for reading bytes."""

    def local_path(self, file: DataFile) -> Path:
        """Return a path on this machine that holds the file's content."""

    def full_path(self, file: DataFile) -> str:
        """Return the file's path from the top of its place, with `/`."""


class FolderLanding:
    """A folder of this machine, or a single file of it."""

    def __init__(self, path: Path) -> None:
        self.uri = str(path)
        self._only = path.name if path.is_file() else None
        self._root = path.parent if path.is_file() else path

    def list_files(self) -> list[DataFile]:
        """Return all files below the folder.

        Raises LandingError where it cannot be read, for what is no file, and for links that lead out of it.
        """
        try:
            return sorted(self._walk(), key=lambda file: file.path)
        except OSError as error:
            where = error.filename or self.uri
            raise LandingError(f"Cannot read {where}: {error.strerror}.") from error

    def open(self, file: DataFile) -> BinaryIO:
        """Open one listed file; raises LandingError where it cannot be read."""
        try:
            return self.local_path(file).open("rb")
        except OSError as error:
            raise LandingError(f"Cannot read {file.path}: {error.strerror}.") from error

    def local_path(self, file: DataFile) -> Path:
        """Return the file's own path."""
        return self._root / file.path

    def full_path(self, file: DataFile) -> str:
        """Return the absolute path of the file."""
        return self.local_path(file).resolve().as_posix()

    def _walk(self) -> Iterator[DataFile]:
        if self._only is not None:
            yield self._stat(self._root / self._only)
            return
        root = os.path.realpath(self._root)
        seen = {root}
        for folder, folders, names in os.walk(self._root, onerror=_raise, followlinks=True):
            # A link to a folder is a folder; one that leads back to a folder already seen would never end.
            folders[:] = [
                name for name in folders if not name.startswith(".") and _is_new(folder, name, seen)
            ]
            check_link(Path(folder), root)
            for name in names:
                if not _is_ignored(name):
                    check_link(Path(folder) / name, root)
                    yield self._stat(Path(folder) / name)

    def _stat(self, path: Path) -> DataFile:
        try:
            str(path).encode()
        except UnicodeEncodeError as error:
            raise LandingError(f"The name of {str(path)!a} is no UTF-8 text; rename the file.") from error
        stat = path.stat()
        check_kind(path, stat.st_mode)
        return DataFile(
            path=path.relative_to(self._root).as_posix(),
            size=stat.st_size,
            version=str(stat.st_mtime_ns),
        )


def open_landing(uri: str) -> Landing:
    """Return the landing place that `uri` names; raises UsageError for one that does not exist."""
    if "://" in uri:
        scheme = uri.partition("://")[0]
        raise UsageError(
            f"{scheme}:// is not a landing place this version can read. Give a folder of this machine."
        )
    path = Path(uri)
    if not path.exists():
        raise UsageError(f"{uri} does not exist. Give the folder that holds the exports.")
    return FolderLanding(path)


def sha256(landing: Landing, file: DataFile) -> str:
    """Return the hexadecimal SHA-256 of the file's bytes, read in chunks."""
    digest = hashlib.sha256()
    with landing.open(file) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _is_ignored(name: str) -> bool:
    return (
        name.startswith(".")
        or name.endswith("_$folder$")
        or name.endswith(IGNORED_SUFFIXES)
        or name in IGNORED_NAMES
    )


def _is_new(folder: str, name: str, seen: set[str]) -> bool:
    place = os.path.realpath(Path(folder) / name)
    known = place in seen
    seen.add(place)
    return not known


def _raise(error: OSError) -> None:
    raise error
