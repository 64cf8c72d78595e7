"""What an object store must be able to do: list keys, and read one of them from some byte on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loaders.landing.place import CHUNK_BYTES

MD5 = re.compile(r"[0-9a-f]{32}", re.ASCII)


class BodyCutError(Exception):
    """A body ended, or its connection broke, before its last byte; to read on may help."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as it was listed; `version` (an ETag or generation) changes when its content does.

    `md5` is the hexadecimal digest of its content, where the listing tells one.
    """

    key: str
    size: int
    version: str
    md5: str | None = None

    @property
    def likely_md5(self) -> str | None:
        """The version, if it looks like the MD5 that an ETag often is."""
        return self.version if MD5.fullmatch(self.version) else None


@dataclass(frozen=True, slots=True)
class Body:
    """Content of an object from byte `start` on; `md5` is the digest of the whole object, if it is known."""

    chunks: Iterator[bytes]
    start: int
    md5: str | None


class ObjectStore(Protocol):
    """One bucket. Its errors name keys and buckets, never keys of access, tokens or signed URLs."""

    uri: str
    """`scheme://bucket`, as users write it."""
    bucket: str
    place: str
    """What tells this bucket from one of the same name elsewhere: the endpoint and the bucket."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield every object whose key begins with `prefix`, in any order; raises LandingError."""

    def find(self, key: str) -> StoredObject | None:
        """Return the object with exactly this key, None where there is none; raises LandingError."""

    def read(self, stored: StoredObject, start: int) -> Body:
        """Begin to read the object at byte `start`, or at 0 where the store cannot do otherwise.

        Raises ChangedFileError for an object that is another one by now, LandingError where it cannot be
        read. Here, and while chunks are read, BodyCutError is raised for what may pass.
        """

    def confirm(self, stored: StoredObject) -> None:
        """Raise ChangedFileError where what was just read may not be the object that was listed."""


def md5_of(path: Path) -> str:
    """Return the hexadecimal MD5 of the file's bytes."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
