"""Files that need no second reading: unchanged, they tell of exports that are all settled.

A file is known by its path, size and version. So a changed manifest is read, and an unchanged one is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from loaders.exports import DataFile, Export, Status
from loaders.landing import Landing
from loaders.ledger import Entry, KnownFile, Ledger

FINAL = (Status.LOADED, Status.SKIPPED)
# Path from the top, size and version.
Key = tuple[str, int, str]


class KnownFiles:
    """The files of one landing place that earlier runs read, and what became of the exports they tell of."""

    def __init__(self, landing: Landing, ledger: Ledger, vendor: str) -> None:
        self.landing = landing
        self._entries = {entry.export_id: entry for entry in ledger.entries(vendor)}
        self._known: dict[Key, list[KnownFile]] = defaultdict(list)
        for known in ledger.known_files(vendor):
            self._known[known.file, known.size, known.version].append(known)

    def settled_by(self, file: DataFile) -> list[Entry]:
        """Return the settled exports that the file tells of, none if it is new, changed, or one is open."""
        known = self._known.get((self.landing.full_path(file), file.size, file.version), [])
        entries = [self._entries.get(each.export_id) for each in known]
        settled = [
            entry
            for entry, each in zip(entries, known, strict=True)
            if entry and entry.status in FINAL and entry.digest == each.digest
        ]
        return settled if len(settled) == len(known) else []

    def settled(self, export_id: str, files: Iterable[DataFile]) -> Entry | None:
        """Return the export if it is settled and each of `files` tells of it, None if one does not."""
        found = [{entry.export_id: entry for entry in self.settled_by(file)} for file in files]
        return found[0][export_id] if found and all(export_id in entries for entries in found) else None


def told_by(landing: Landing, exports: Iterable[Export]) -> list[KnownFile]:
    """Return what the files in `known_by` tell, for the ledger.

    Noted before the exports are dealt with: whether they are settled is asked when the note is read.
    """
    return [
        KnownFile(export.export_id, export.digest, landing.full_path(file), file.size, file.version)
        for export in exports
        if not export.is_settled
        for file in export.known_by
    ]
