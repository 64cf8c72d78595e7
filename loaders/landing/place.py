"""What every landing place can do, and which names no landing place lists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

from loaders.exports import DataFile

CHUNK_BYTES = 1 << 20
IGNORED_SUFFIXES = (".part", ".filepart", ".tmp", ".crdownload")
IGNORED_NAMES = ("_SUCCESS", "Thumbs.db")


class Landing(Protocol):
    """A place with export files below one root."""

    uri: str
    room: int
    """How many bytes of files can be held on this machine at once, so that reading one again costs little."""

    def list_files(self) -> list[DataFile]:
        """Return all files below the root, sorted by path; temporary and hidden names left out."""

    def open(self, file: DataFile) -> BinaryIO:
        """Open one listed file for reading bytes."""

    def local_path(self, file: DataFile) -> Path:
        """Return a path on this machine that holds the file's content, until the next file is asked for."""

    def full_path(self, file: DataFile) -> str:
        """Return the file's path from the top of its place, with `/`."""

    def expect(self, files: Iterable[DataFile]) -> None:
        """Take note of the files that are read next, in this order, in place of those noted before."""

    def release(self, files: Iterable[DataFile]) -> None:
        """Take note that nobody reads these files again."""

    def close(self) -> None:
        """Give back what the place holds on this machine; it cannot be read afterwards."""


def sha256(landing: Landing, file: DataFile) -> str:
    """Return the hexadecimal SHA-256 of the file's bytes, read in chunks."""
    digest = hashlib.sha256()
    with landing.open(file) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def is_ignored(name: str) -> bool:
    """Return whether a file of that name is hidden, half-written or a marker of some tool."""
    return (
        name.startswith(".")
        or name.endswith("_$folder$")
        or name.endswith(IGNORED_SUFFIXES)
        or name in IGNORED_NAMES
    )
