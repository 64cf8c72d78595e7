"""What a vendor's discovery hands to the loading: exports, their files, and the verdict on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """State of an export in the ledger (`raw.loads.status`)."""

    LOADED = "loaded"
    INCOMPLETE = "incomplete"
    ORPHAN = "orphan"
    REJECTED = "rejected"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a landing place.

    `path` is relative to the landing root, with `/`; `version` is whatever the listing says that
    changes when the content does (modification time in nanoseconds, or an ETag); `size` in bytes.
    """

    path: str
    size: int
    version: str

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """Path without its last part, `""` at the root."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One unit of loading: it is landed whole, in one transaction, or not at all.

    `order` sorts the exports of one run. `status` is None for an export that may be loaded, else the
    verdict that keeps it out, with `reason`. `digest` identifies the content that the manifest (or the
    file itself) vouches for: an export loaded with one digest is replaced when it comes with another.
    `identity` is what the file of a single-file export is known by, `""` for exports of several files.
    `record_count` is how many records a manifest promises for it, None where none does; `column_list` is
    the file that names the columns of a table written without names, None where there is none.
    `warnings` are told to the user when the export is loaded. `known_by` are the files that were read to
    know all this; `is_settled` tells that they say nothing new, and that the ledger has what became of it.
    `resolve` is there where the id and the digest are only known from the file's content: it reads the file
    and returns the export as it is, and is called when the export's turn comes. `alike` is the same text in
    all exports of one file that may be landed by the same statements, `""` in one that lands alone.
    """

    vendor: str
    export_id: str
    order: tuple[str | int, ...]
    files: tuple[DataFile, ...] = ()
    digest: str = ""
    identity: str = ""
    status: Status | None = None
    reason: str = ""
    record_count: int | None = None
    column_list: DataFile | None = None
    warnings: tuple[str, ...] = ()
    known_by: tuple[DataFile, ...] = ()
    is_settled: bool = False
    alike: str = ""
    resolve: Callable[[Export], Export] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of one `sessionhouse load` run that change what a vendor accepts.

    `grace_days`: for so many days from its own day a Leanplum CSV job waits for all six manifests; None for
    ever.
    """

    allow_gap: bool = False
    include_test: bool = False
    grace_days: int | None = None
