"""One object into one file: resumed where its body breaks off, checked, and only then named as whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from loaders.errors import LandingError
from loaders.landing.store import BodyCutError, ObjectStore, StoredObject, md5_of

# How often in a row a body may break off without bringing at least this much.
ATTEMPTS = 5
PROGRESS_BYTES = 1 << 20
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
PART = ".part"


class StoppedError(Exception):
    """The download was given up because nobody waits for it."""


class Downloader:
    """Downloads objects of one store; may be used by several threads."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def obtain(self, stored: StoredObject, target: Path, stopped: threading.Event) -> None:
        """Make `target` hold the object: as it lies there from an earlier run, else downloaded.

        Raises StoppedError soon after `stopped` is set; what came so far stays in the part file. Raises
        ChangedFileError for an object that is not the listed one any more, LandingError for one
        that cannot be read to its end or whose content is not what its digest says.
        """
        if _is_kept(stored, target):
            return
        part = target.with_name(target.name + PART)
        pause, failures = FIRST_PAUSE_SECONDS, 0
        while True:
            before = _size(part)
            try:
                self._attempt(stored, part, stopped)
                break
            except BodyCutError as error:
                came = _size(part) - before
                failures = 1 if came >= PROGRESS_BYTES else failures + 1
                if failures == ATTEMPTS:
                    raise LandingError(
                        f"{self._store.uri}/{stored.key} could not be read to its end: {error} "
                        f"(tried {ATTEMPTS} times). Run again; if it stays so, write the object anew."
                    ) from error
            if stopped.wait(pause):
                raise StoppedError
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        part.replace(target)

    def _attempt(self, stored: StoredObject, part: Path, stopped: threading.Event) -> None:
        md5 = self._append(stored, part, stopped)
        size = _size(part)
        if size != stored.size:
            if size > stored.size:
                part.unlink()
            raise BodyCutError(f"{size:,} of {stored.size:,} bytes came")
        self._store.confirm(stored)
        if md5 and md5_of(part) != md5:
            part.unlink()
            raise BodyCutError("its content has another MD5 than the store tells")

    def _append(self, stored: StoredObject, part: Path, stopped: threading.Event) -> str | None:
        """Write what is missing of the object behind what is there, and return the MD5 of the whole."""
        body = self._store.read(stored, min(_size(part), max(stored.size - 1, 0)))
        with part.open("r+b" if part.exists() else "wb") as stream:
            stream.truncate(body.start)
            stream.seek(body.start)
            for chunk in body.chunks:
                if stopped.is_set():
                    raise StoppedError
                stream.write(chunk)
            stream.flush()
            if body.md5 is None:
                # No digest would tell, after a power cut, that a renamed file was never written out.
                os.fsync(stream.fileno())
        return body.md5


def _is_kept(stored: StoredObject, target: Path) -> bool:
    """Return whether an earlier run left the object's whole content; a doubtful file is removed."""
    if not target.exists():
        return False
    md5 = stored.md5 or stored.likely_md5
    if _size(target) == stored.size and (md5 is None or md5_of(target) == md5):
        return True
    target.unlink()
    return False


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
