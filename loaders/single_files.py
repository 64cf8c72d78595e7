"""Exports that are one file each (Monetate, RudderStack, Snowplow): what is new since the last load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from loaders.exports import DataFile, Export
from loaders.known import KnownFiles
from loaders.landing import Landing, sha256
from loaders.ledger import Ledger


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
        """Return one export for each file; one that is not known by its version is read in its turn."""
        seen = _Seen(self, landing, ledger)
        return [seen.export(file) for file in files]


class _Seen:
    """The files of earlier runs, and of this one as far as its exports have had their turn."""

    def __init__(self, kind: SingleFiles, landing: Landing, ledger: Ledger) -> None:
        self._kind = kind
        self._landing = landing
        self._known = KnownFiles(landing, ledger, kind.vendor)
        records = ledger.files(kind.vendor)
        self._by_identity = {record.file: record.export_id for record in records}
        self._by_content = {(record.name, record.digest): record.export_id for record in records}
        self._by_version = {(record.file, record.size, record.version): record for record in records}

    def export(self, file: DataFile) -> Export:
        """Return the file's export, settled by the file's version or else to be resolved."""
        identity = self._kind.identity(self._landing.full_path(file), file)
        export = Export(
            vendor=self._kind.vendor,
            export_id=identity,
            order=(*self._kind.order(file), identity),
            files=(file,),
            identity=identity,
        )
        seen = self._by_version.get((identity, file.size, file.version))
        if seen:
            return replace(export, export_id=seen.export_id, digest=seen.digest)
        for entry in self._known.settled_by(file):
            return replace(export, export_id=entry.export_id, digest=entry.digest)
        return replace(export, resolve=self._resolve)

    def _resolve(self, export: Export) -> Export:
        """Return the export with the digest of its content and the id that follows from it.

        A copy is known by what had its turn before it, in this run as in a later one.
        """
        (file,) = export.files
        digest = sha256(self._landing, file)
        content = (file.name, digest)
        same = self._by_content.get(content)
        has_namesake = export.identity in self._by_identity
        export_id = export.identity
        if same is None and has_namesake and not self._kind.replaces:
            export_id = f"{export.identity}@{digest[:12]}"
        self._by_content.setdefault(content, same or export_id)
        self._by_identity.setdefault(export.identity, same or export_id)
        return replace(
            export,
            export_id=same or export_id,
            digest=digest,
            known_by=(*export.known_by, file) if same else export.known_by,
            resolve=None,
        )


def from_folder(anchor: str) -> Callable[[str, DataFile], str]:
    """Return an identity that begins at the last folder named `anchor`, else at the landing root."""

    def identity(full_path: str, file: DataFile) -> str:
        _, found, rest = full_path.rpartition(f"/{anchor}/")
        return f"{anchor}/{rest}" if found else file.path

    return identity
