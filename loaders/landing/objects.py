"""Exports in object storage: listed once, and read from files that were downloaded into the cache."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from loaders.errors import LandingError
from loaders.exports import DataFile
from loaders.landing.ahead import Ahead
from loaders.landing.cache import RunFolder, remove_left
from loaders.landing.download import Downloader
from loaders.landing.place import is_ignored
from loaders.landing.store import ObjectStore, StoredObject


class ObjectLanding:
    """The objects of one bucket below one prefix, or a single one.

    `cache` is the folder for downloaded files, `limit` how many bytes they may have together.
    """

    def __init__(self, store: ObjectStore, prefix: str, cache: Path, limit: int) -> None:
        prefix = prefix.rstrip("/")
        self.uri = f"{store.uri}/{prefix}"
        self.room = limit
        self._store = store
        self._prefix = prefix
        self._root = f"{prefix}/" if prefix else ""
        self._objects: dict[str, StoredObject] = {}
        self._cache = cache
        self._limit = limit
        self._opened: Ahead | None = None

    def list_files(self) -> list[DataFile]:
        """Return all objects below the prefix; raises LandingError where they cannot be listed.

        A key that is the whole prefix is a place of one file, as a file of a folder is.
        """
        found = list(self._store.list(self._root))
        if not found and self._prefix and (only := self._store.find(self._prefix)):
            self._root = f"{self._prefix.rpartition('/')[0]}/".removeprefix("/")
            found = [only]
        self._objects = {}
        for stored in found:
            path = stored.key.removeprefix(self._root)
            if path and not path.endswith("/") and not _is_hidden(path):
                self._objects[path] = stored
        return [
            DataFile(path=path, size=stored.size, version=stored.version)
            for path, stored in sorted(self._objects.items())
        ]

    def open(self, file: DataFile) -> BinaryIO:
        """Open the downloaded file; raises LandingError or ChangedFileError where it cannot be had."""
        return self.local_path(file).open("rb")

    def local_path(self, file: DataFile) -> Path:
        """Return the downloaded file, after waiting for it; raises as `open` does."""
        return self._ahead.path(self._stored(file))

    def full_path(self, file: DataFile) -> str:
        """Return the key, with `/` before."""
        return f"/{self._root}{file.path}"

    def expect(self, files: Iterable[DataFile]) -> None:
        """Begin to download the files, in this order, as far as there is room in the cache.

        Without any, what earlier runs left in the cache is not needed any more, and goes.
        """
        expected = [self._stored(file) for file in files]
        if expected or self._opened:
            self._ahead.expect(expected)
        else:
            remove_left(self._cache, self._cached_as)

    def release(self, files: Iterable[DataFile]) -> None:
        """Remove the files from the cache."""
        if self._opened:
            self._opened.release([self._stored(file) for file in files])

    def close(self) -> None:
        """Stop all downloads; what was downloaded and not released stays for the next run."""
        if self._opened:
            self._opened.close()
            self._opened = None

    @property
    def _ahead(self) -> Ahead:
        # A run with nothing to read leaves no trace in the cache.
        if self._opened is None:
            folder = RunFolder(self._cache, self._cached_as)
            self._opened = Ahead(folder, Downloader(self._store), self._limit)
        return self._opened

    @property
    def _cached_as(self) -> str:
        return f"{self._store.place}/{self._prefix}"

    def _stored(self, file: DataFile) -> StoredObject:
        stored = self._objects.get(file.path)
        if stored is None or (stored.size, stored.version) != (file.size, file.version):
            raise LandingError(f"{self.uri} was not listed with {file.path}. Run again.")
        return stored


def _is_hidden(path: str) -> bool:
    *folders, name = path.split("/")
    return is_ignored(name) or any(folder.startswith(".") for folder in folders)
