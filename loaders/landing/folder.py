"""Exports in a folder of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from loaders.errors import LandingError
from loaders.exports import DataFile
from loaders.folder_entries import check_kind, check_link
from loaders.landing.place import is_ignored


class FolderLanding:
    """A folder of this machine, or a single file of it."""

    def __init__(self, path: Path) -> None:
        self.uri = str(path)
        self.room = sys.maxsize
        self._only = path.name if path.is_file() else None
        self._root = path.parent if path.is_file() else path
        self._folders: dict[str, tuple[Path, str]] = {}

    def list_files(self) -> list[DataFile]:
        """Return all files below the folder.

        Raises LandingError where it cannot be read, for what is no file, and for links that lead out of it.
        """
        self._folders.clear()
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
        """Return the absolute path of the file, with no link in it."""
        # Many files lie in few folders, and each part of a path is looked at.
        if file.folder not in self._folders:
            folder = self._root / file.folder
            self._folders[file.folder] = folder, folder.resolve().as_posix().rstrip("/")
        folder, real_folder = self._folders[file.folder]
        path = folder / file.name
        return path.resolve().as_posix() if path.is_symlink() else f"{real_folder}/{file.name}"

    def expect(self, files: Iterable[DataFile]) -> None:
        """Do nothing: the files are here."""

    def release(self, files: Iterable[DataFile]) -> None:
        """Do nothing: the files are not ours."""

    def close(self) -> None:
        """Do nothing: nothing is held."""

    def _walk(self) -> Iterator[DataFile]:
        if self._only is not None:
            yield self._stat(self._root / self._only, self._only)
            return
        root = os.path.realpath(self._root)
        seen = {root}
        for folder, folders, names in os.walk(self._root, onerror=_raise, followlinks=True):
            # A link to a folder is a folder; one that leads back to a folder already seen would never end.
            folders[:] = [
                name for name in folders if not name.startswith(".") and _is_new(folder, name, seen)
            ]
            inside = Path(folder)
            check_link(inside, root)
            # What stands before the name is the same for all files of the folder.
            place = f"{inside.relative_to(self._root).as_posix()}/" if inside != self._root else ""
            for name in names:
                if not is_ignored(name):
                    path = inside / name
                    check_link(path, root)
                    yield self._stat(path, f"{place}{name}")

    def _stat(self, path: Path, told: str) -> DataFile:
        try:
            str(path).encode()
        except UnicodeEncodeError as error:
            raise LandingError(f"The name of {str(path)!a} is no UTF-8 text; rename the file.") from error
        stat = path.stat()
        check_kind(path, stat.st_mode)
        return DataFile(path=told, size=stat.st_size, version=str(stat.st_mtime_ns))


def _is_new(folder: str, name: str, seen: set[str]) -> bool:
    place = os.path.realpath(Path(folder) / name)
    known = place in seen
    seen.add(place)
    return not known


def _raise(error: OSError) -> None:
    raise error
