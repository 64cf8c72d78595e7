"""Downloads ahead of the export that is being loaded, several at a time, in bounded room.

One thread asks for files and decides what is downloaded; the others only download. A file's room is
taken before its download begins, so that the bound holds whenever it is looked at.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from loaders.landing.cache import RunFolder, cache_errors
from loaders.landing.download import Downloader
from loaders.landing.store import StoredObject

THREADS = 8
# More files than this are never downloaded before the one that is being read.
FILES_AHEAD = 256


@dataclass(slots=True)
class _Held:
    """An object that has its room in the cache: on its way, there, or failed."""

    path: Path
    size: int
    arrival: Future[None]
    stopped: threading.Event
    was_read: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether the file arrived, but somebody else removed it."""
        has_arrived = self.arrival.done() and self.arrival.exception() is None
        return has_arrived and not self.path.exists()


class Ahead:
    """The objects of one run in the cache, of at most `limit` bytes, or one alone that is bigger."""

    def __init__(self, folder: RunFolder, downloader: Downloader, limit: int) -> None:
        self._folder = folder
        self._downloader = downloader
        self._limit = limit
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="download")
        self._queue: deque[StoredObject] = deque()
        self._held: OrderedDict[StoredObject, _Held] = OrderedDict()
        self._unread = 0
        self._left = dict(folder.left)
        self._used = sum(self._left.values())

    def expect(self, objects: Iterable[StoredObject]) -> None:
        """Download these next, in this order, as far as there is room."""
        self._queue = deque(objects)
        self._fill()

    def path(self, stored: StoredObject) -> Path:
        """Wait for the object and return the file that holds it.

        Raises LandingError or ChangedFileError where it cannot be had; asked again, it is tried again.
        """
        held = self._held.get(stored)
        if held is not None and held.is_gone:
            self._drop(stored)
            held = None
        if held is None:
            self._make_room(stored)
            held = self._start(stored)
        if not held.was_read:
            held.was_read = True
            self._unread -= 1
        self._held.move_to_end(stored)
        self._fill()
        try:
            held.arrival.result()
        except Exception:
            self._drop(stored)
            raise
        return held.path

    def release(self, objects: Iterable[StoredObject]) -> None:
        """Give back the room of objects that are not read again."""
        released = set(objects)
        while self._queue and self._queue[0] in released:
            self._queue.popleft()
        for stored in released:
            if stored in self._held:
                self._drop(stored)
        self._fill()

    def close(self) -> None:
        """Stop all downloads. What was not read yet stays for the next run; else the folder goes."""
        for held in self._held.values():
            held.stopped.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._folder.close(keep=bool(self._queue or self._held))

    def _fill(self) -> None:
        while self._queue and self._unread < FILES_AHEAD:
            stored = self._queue[0]
            if stored not in self._held:
                if not self._has_room(stored) and not self._forget_left(stored):
                    return
                self._start(stored)
            self._queue.popleft()

    def _start(self, stored: StoredObject) -> _Held:
        path = self._folder.file(stored)
        self._used += stored.size - self._left.pop(path.name, 0)
        stopped = threading.Event()
        arrival = self._threads.submit(self._obtain, stored, path, stopped)
        held = self._held[stored] = _Held(path, stored.size, arrival, stopped)
        self._unread += 1
        return held

    def _obtain(self, stored: StoredObject, path: Path, stopped: threading.Event) -> None:
        with cache_errors(self._folder.cache):
            self._downloader.obtain(stored, path, stopped)

    def _has_room(self, stored: StoredObject) -> bool:
        kept = self._left.get(self._folder.file(stored).name, 0)
        return self._used - kept + stored.size <= self._limit

    def _forget_left(self, stored: StoredObject) -> bool:
        """Remove files that earlier runs left and that are not expected soon; True where that makes room."""
        soon = {
            self._folder.file(each).name for each, _ in zip(self._queue, range(FILES_AHEAD), strict=False)
        }
        for name in [name for name in self._left if name not in soon]:
            if self._has_room(stored):
                break
            self._folder.remove(name)
            self._used -= self._left.pop(name)
        return self._has_room(stored)

    def _make_room(self, stored: StoredObject) -> None:
        """Remove what is needed least until the object has room, or everything is gone."""
        if self._has_room(stored) or self._forget_left(stored):
            return
        for victim in self._victims():
            self._drop(victim)
            if self._has_room(stored):
                return

    def _victims(self) -> Iterator[StoredObject]:
        """Yield what was read, longest ago first, then what was to be read last; wait for what is coming."""
        yield from [stored for stored, held in self._held.items() if held.was_read]
        yield from reversed(list(self._held))

    def _drop(self, stored: StoredObject) -> None:
        held = self._held.pop(stored)
        held.stopped.set()
        if not held.arrival.cancel():
            # A thread may still be writing; what comes of it interests nobody any more.
            wait([held.arrival])
        self._folder.remove(held.path.name)
        self._used -= held.size
        self._unread -= not held.was_read
