"""A folder that always shows one whole version of its content.

    <folder>/current             a link to the version that readers see
    <folder>/version-<number>/   one version; that before the current one stays until the next is written
    <folder>/.publication        held while a version is written; also tells that the folder is one of these

A new version is written beside the others, and the link is replaced in one rename. The link never names what
a killed run leaves, so the next run removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from loaders.errors import NotReadyError, UsageError

CURRENT = "current"
NEXT_LINK = "current.next"
PREFIX = "version-"
MARKER = ".publication"


@contextmanager
def new_version(folder: Path) -> Iterator[Path]:
    """Yield an empty folder, which becomes the current version when the block ends without an error.

    Raises UsageError for a folder that holds anything else, NotReadyError where another run writes in it or
    the file system refuses.
    """
    _make(folder)
    try:
        with (folder / MARKER).open("ab") as lock:
            _hold(lock.fileno(), folder)
            number = _clean(folder) + 1
            version = folder / f"{PREFIX}{number}"
            version.mkdir()
            try:
                yield version
                # The link must not outlive what it names.
                _flush([*version.rglob("*"), version, folder])
                _show(folder, version)
            except BaseException:
                if current_version(folder) != version:
                    shutil.rmtree(version, ignore_errors=True)
                raise
    except OSError as error:
        raise NotReadyError(f"Cannot publish into {folder}: {error.strerror or error}.") from error


def current_version(folder: Path) -> Path | None:
    """Return the version that readers see, None before the first."""
    link = folder / CURRENT
    return folder / link.readlink() if link.is_symlink() else None


def number_of(version: Path) -> int:
    """Return the number of a version."""
    return int(version.name.removeprefix(PREFIX))


def _make(folder: Path) -> None:
    if not folder.parent.is_dir():
        raise UsageError(f"The folder {folder.parent} does not exist; create it first.")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder.")
    if folder.is_dir() and not (folder / MARKER).exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} holds other files; name a new or empty folder.")
    try:
        folder.mkdir(exist_ok=True)
        (folder / MARKER).touch()
    except OSError as error:
        raise NotReadyError(f"Cannot publish into {folder}: {error.strerror}.") from error


def _hold(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise NotReadyError(f"Another run publishes into {folder}; wait for it, and run again.") from None


def _clean(folder: Path) -> int:
    """Remove every version but the current one, and return the number of that."""
    current = current_version(folder)
    (folder / NEXT_LINK).unlink(missing_ok=True)
    for version in folder.glob(f"{PREFIX}*"):
        if version != current:
            shutil.rmtree(version)
    return number_of(current) if current else 0


def _flush(paths: Iterable[Path]) -> None:
    """Bring files and folders to the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _show(folder: Path, version: Path) -> None:
    # Relative, so that the folder may be moved.
    (folder / NEXT_LINK).symlink_to(version.name, target_is_directory=True)
    (folder / NEXT_LINK).replace(folder / CURRENT)
    _flush([folder])
