"""Exports that are one file each (Monetate, RudderStack, Snowplow): what is new since the last load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from loaders.exports import DataFile, Export
from loaders.landing import Landing, sha256
from loaders.ledger import FileRecord, Ledger


@dataclass(frozen=True, slots=True)
class SingleFiles:
    """How a vendor names and orders its single-file exports.

    `identity` gives the export id of a file from its full path: the part from the vendor's own folder on,
    so that it does not depend on the root a user names. With `replaces`, other content under a known
    name takes the export's place; without it, the content is an export of its own.
    """

    vendor: str
    identity: Callable[[str, DataFile], str]
    order: Callable[[DataFile], tuple[str | int, ...]]
    replaces: bool

    def discover(self, landing: Landing, ledger: Ledger, files: Iterable[DataFile]) -> list[Export]:
        """Return one export for each file; the digest is only computed for a file not yet known."""
        known = ledger.files(self.vendor)
        by_identity = {record.file: record for record in known}
        by_content = {(record.name, record.digest): record for record in known}
        by_version = {(record.file, record.size, record.version): record for record in known}
        exports = []
        for file in files:
            identity = self.identity(landing.full_path(file), file)
            seen = by_version.get((identity, file.size, file.version))
            digest = seen.digest if seen else sha256(landing, file)
            seen = seen or by_content.get((file.name, digest))
            export_id = self._export_id(identity, digest, seen, by_identity.get(identity))
            # A copy further on in this landing place is known by what is found here, as in a later run.
            record = FileRecord(export_id, identity, file.name, file.size, file.version, digest)
            by_content.setdefault((file.name, digest), record)
            by_identity.setdefault(identity, record)
            exports.append(
                Export(
                    vendor=self.vendor,
                    export_id=export_id,
                    order=(*self.order(file), identity),
                    files=(file,),
                    digest=digest,
                    identity=identity,
                )
            )
        return exports

    def _export_id(
        self, identity: str, digest: str, same: FileRecord | None, namesake: FileRecord | None
    ) -> str:
        if same:
            return same.export_id
        if namesake and not self.replaces:
            return f"{identity}@{digest[:12]}"
        return identity


def from_folder(anchor: str) -> Callable[[str, DataFile], str]:
    """Return an identity that begins at the last folder named `anchor`, else at the landing root."""

    def identity(full_path: str, file: DataFile) -> str:
        _, found, rest = full_path.rpartition(f"/{anchor}/")
        return f"{anchor}/{rest}" if found else file.path

    return identity
