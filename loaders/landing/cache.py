"""The cache folder: where downloaded files lie until they are loaded.

Every run has a folder of its own and holds a lock on it. So runs never meet, and a folder without a
holder is known to be left behind: the next run from the same place takes over what it holds, or removes
it when there is nothing to read.

    <cache>/<place>/lock              held while run folders are made or taken over
    <cache>/<place>/run-<random>/     one run: `lock`, whole files, and `.part` files
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from loaders.errors import LandingError
from loaders.landing.download import PART
from loaders.landing.store import StoredObject

LOCK_NAME = "lock"
RUN_PREFIX = "run-"
NAME_CHARACTERS = 32
# Files that wait longer for a second run are unlikely to see one.
LEFT_BEHIND_SECONDS = 7 * 24 * 3600


class RunFolder:
    """The folder of one run; `left` are the sizes in bytes of the files that earlier runs left, by name.

    Part files count under the name that they would have when whole.
    """

    def __init__(self, cache: Path, place: str) -> None:
        self.cache = cache
        with cache_errors(cache):
            cache.mkdir(parents=True, exist_ok=True)
            home = _home(cache, place)
            home.mkdir(parents=True, exist_ok=True)
            _remove_old(cache)
            with _locked(home / LOCK_NAME):
                # Made anew in case that it was just removed as old.
                home.mkdir(parents=True, exist_ok=True)
                self.path = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir=home))
                self._lock = (self.path / LOCK_NAME).open("wb")
                fcntl.flock(self._lock, fcntl.LOCK_EX)
                for other in home.glob(f"{RUN_PREFIX}*"):
                    if other != self.path:
                        _take_over(other, self.path)
            self.left = self._sizes()

    def file(self, stored: StoredObject) -> Path:
        """Return the path that the object has in this folder."""
        text = "\0".join((stored.key, str(stored.size), stored.version))
        name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:NAME_CHARACTERS]
        return self.path / name

    def remove(self, name: str) -> None:
        """Remove the file of that name, whole or in part."""
        with cache_errors(self.cache):
            (self.path / name).unlink(missing_ok=True)
            (self.path / f"{name}{PART}").unlink(missing_ok=True)

    def close(self, *, keep: bool) -> None:
        """Give the folder up: with `keep` to the next run, else for good."""
        if not keep:
            shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()

    def _sizes(self) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for path in self.path.iterdir():
            if path.name != LOCK_NAME:
                name = path.name.removesuffix(PART)
                sizes[name] = sizes.get(name, 0) + path.stat().st_size
        return sizes


def remove_left(cache: Path, place: str) -> None:
    """Remove what earlier runs from the place left behind; a run at work keeps what it has.

    Raises LandingError where the cache cannot be used.
    """
    home = _home(cache, place)
    with cache_errors(cache):
        runs = list(home.glob(f"{RUN_PREFIX}*"))
        if not runs:
            return
        with _locked(home / LOCK_NAME):
            for run in runs:
                with _held_by_nobody(run) as lock:
                    if lock is not None:
                        shutil.rmtree(run, ignore_errors=True)


@contextmanager
def cache_errors(cache: Path) -> Iterator[None]:
    """Turn what the machine raises about the cache into a LandingError that names it."""
    try:
        yield
    except OSError as error:
        raise LandingError(
            f"The cache folder {cache} cannot be used: {error.strerror}. Make room there, or name another "
            f"with --cache or SESSIONHOUSE_CACHE."
        ) from error


def _home(cache: Path, place: str) -> Path:
    return cache / hashlib.sha256(place.encode()).hexdigest()[:NAME_CHARACTERS]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _take_over(other: Path, mine: Path) -> None:
    with _held_by_nobody(other) as lock:
        if lock is None:
            return
        for path in other.iterdir():
            if path.name != LOCK_NAME:
                path.replace(mine / path.name)
        shutil.rmtree(other, ignore_errors=True)


def _remove_old(cache: Path) -> None:
    """Remove what runs from any place left behind long ago."""
    before = time.time() - LEFT_BEHIND_SECONDS
    for home in cache.iterdir():
        runs = list(home.glob(f"{RUN_PREFIX}*")) if home.is_dir() else []
        if not any(_changed_at(run) < before for run in runs):
            continue
        with _locked(home / LOCK_NAME):
            for run in runs:
                with _held_by_nobody(run) as lock:
                    if lock is not None and _changed_at(run) < before:
                        shutil.rmtree(run, ignore_errors=True)


@contextmanager
def _held_by_nobody(run: Path) -> Iterator[BinaryIO | None]:
    """Yield the open lock of a run folder that has no holder, else None; hold the folder's home meanwhile."""
    with suppress(FileNotFoundError, NotADirectoryError), (run / LOCK_NAME).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield lock
        return
    yield None


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
