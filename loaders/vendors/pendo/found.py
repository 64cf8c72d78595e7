"""What of Pendo's a landing place holds: manifests, the files they list, and folders without a manifest."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import replace

from loaders.documents import read_document
from loaders.errors import ChangedFileError, ExportRejectedError
from loaders.exports import DataFile, Export, Status
from loaders.known import KnownFiles
from loaders.landing import Landing
from loaders.ledger import Entry as LedgerEntry
from loaders.vendors.pendo.manifest import Entry, read_manifest
from loaders.vendors.pendo.objects import BILL_NAME, OBJECT_KINDS, read_objects
from loaders.vendors.pendo.order import VENDOR, Application, Offer
from loaders.vendors.pendo.settled import Settled, settled_manifests

MANIFEST_NAME = "exportmanifest.json"
# The delivery's top folder: an application folder right below it stands without a subscription's.
TOP_FOLDER = "datasync"
RECOVERED = "its manifest can be read now"


class Found:
    """What the landing place holds: `offers` by application and counter, `notes` on whole folders."""

    def __init__(self, landing: Landing) -> None:
        self._landing = landing
        self._files = landing.list_files()
        self._by_path = {file.path: file for file in self._files}
        self._by_lower_path = {file.path.lower(): file for file in reversed(self._files)}
        self.offers: dict[Application, dict[str, Offer]] = {}
        self.notes: dict[Application, Export] = {}
        self._manifests = [file for file in self._files if file.name.lower() == MANIFEST_NAME]
        self._settled: Settled = {}

    @property
    def settled_exports(self) -> list[Export]:
        """The exports of manifests that are not read, each once."""
        exports = (export for listed in self._settled.values() for export in listed)
        return list({export.export_id: export for export in exports}.values())

    def settle(self, known: KnownFiles) -> None:
        """Leave out the manifests that say nothing new."""
        self._settled = settled_manifests(known, self._manifests)

    def add_manifests(self) -> None:
        """Take up the exports that the other manifests list."""
        unread = [file for file in self._manifests if file not in self._settled]
        self._landing.expect(unread)
        for file in unread:
            self._add_manifest(file)
        self._landing.release(unread)

    def _add_manifest(self, manifest: DataFile) -> None:
        home = self._home(manifest, levels=1)
        try:
            entries = self._entries(manifest, home)
        except ChangedFileError as error:
            self._note(home, Status.INCOMPLETE, str(error))
            return
        except ExportRejectedError as error:
            self._note(home, Status.REJECTED, f"{manifest.path} cannot be used: {error}")
            return
        if not entries:
            self._note(home, Status.SKIPPED, f"{manifest.path} lists no exports")
        for entry in entries:
            subscription = home.subscription
            if subscription == TOP_FOLDER and entry.subscription:
                subscription = entry.subscription
            application = Application(subscription, home.id)
            offer = self._offer(manifest, _checked(entry, application))
            _add(self.offers.setdefault(application, {}), offer)

    def add_orphans(self) -> None:
        """Note export folders without a manifest beside them: nothing vouches for their files."""
        manifests = {file.folder for file in self._manifests}
        settled = {export.export_id.rsplit("/", 1)[0] for export in self.settled_exports}
        for bill in self._files:
            if bill.name.lower() != BILL_NAME or posixpath.dirname(bill.folder) in manifests:
                continue
            home = self._home(bill, levels=2)
            if home not in self.offers and _note_id(home) not in settled:
                self._note(home, Status.ORPHAN, f"no {MANIFEST_NAME} beside its export folders yet", bill)

    def add_recovered(self, known: Iterable[LedgerEntry]) -> None:
        """Note that a folder with nothing to read earlier can be read now."""
        stuck = {entry.export_id for entry in known if entry.reason != RECOVERED}
        for application in self.offers:
            if application not in self.notes and _note_id(application) in stuck:
                self._note(application, Status.SKIPPED, RECOVERED)

    def _entries(self, manifest: DataFile, home: Application) -> tuple[Entry, ...]:
        content = read_document(self._landing, manifest)
        if home.id not in OBJECT_KINDS:
            return read_manifest(content)

        def read_bill(folder: str) -> bytes | None:
            file = self._file(manifest, folder, BILL_NAME)
            if file is None:
                return None
            bill = read_document(self._landing, file)
            self._landing.release([file])
            return bill

        return read_objects(content, home.id, read_bill)

    def _home(self, file: DataFile, levels: int) -> Application:
        subscription, name = ["", "", *self._landing.full_path(file).split("/")[:-levels]][-2:]
        return Application(subscription, name.lower() if name.lower() in OBJECT_KINDS else name)

    def _note(self, home: Application, status: Status, reason: str, *files: DataFile) -> None:
        self.notes[home] = Export(
            vendor=VENDOR,
            export_id=_note_id(home),
            order=(home.subscription, home.id, -1, ""),
            files=files,
            status=status,
            reason=reason,
        )

    def _offer(self, manifest: DataFile, entry: Entry) -> Offer:
        files: dict[str, DataFile] = {}
        missing, warnings = [], []
        for name in entry.names:
            file = self._file(manifest, entry.folder, name)
            if file is None:
                missing.append(name)
                continue
            if file.path != _path(manifest, entry.folder, name):
                warnings.append(f"{name} was found as {file.path}")
            files[name] = file
        told = (*warnings, *_content_warnings(entry))
        return Offer(entry, files, tuple(missing), told, (manifest,))

    def _file(self, manifest: DataFile, folder: str, name: str) -> DataFile | None:
        path = _path(manifest, folder, name)
        return self._by_path.get(path) or self._by_lower_path.get(path.lower())


def _path(manifest: DataFile, folder: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(manifest.folder, folder, name))


def _checked(entry: Entry, application: Application) -> Entry:
    named = (entry.subscription or application.subscription, entry.application or application.id)
    if entry.fault or named == (application.subscription, application.id):
        return entry
    fault = (
        f"it is an export of {'/'.join(named)}, but its manifest lies in the folder "
        f"{_note_id(application)}; keep the folders as Pendo names them"
    )
    return _faulty(entry, fault)


def _add(offers: dict[str, Offer], offer: Offer) -> None:
    entry = offer.entry
    other = offers.get(entry.label)
    if other is None:
        offers[entry.label] = offer
        return
    chosen = offer if len(offer.missing) < len(other.missing) else other
    if other.entry != entry:
        fault = f"{entry.title} is listed twice with different content; fetch the newest manifest"
        chosen = Offer(_faulty(entry, fault))
    offers[entry.label] = replace(chosen, manifests=(*other.manifests, *offer.manifests))


def _faulty(entry: Entry, fault: str) -> Entry:
    return Entry(counter=entry.counter, name=entry.name, fault=fault)


def _content_warnings(entry: Entry) -> Iterable[str]:
    for definitions in entry.definitions:
        if not definitions.files:
            yield f"{definitions.key} is empty; the definitions loaded before stay"
    events = len({name for part in entry.events for name in part.files})
    # What Pendo counts is not documented: with or without the definitions, with or without the bill itself.
    counted = {events, events + 1, len(entry.names), len(entry.names) + 1}
    if entry.number_of_files is not None and entry.number_of_files not in counted:
        yield f"numberOfFiles is {entry.number_of_files}, but {len(entry.names)} files are listed"


def _note_id(application: Application) -> str:
    return f"{application.subscription}/{application.id}"
