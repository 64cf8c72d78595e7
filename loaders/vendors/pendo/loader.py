"""Pendo Data Sync: event exports of an application, listed in `exportmanifest.json`, in Avro files.

The manifest vouches for the files, `eventCount` for the records in them. Days that come again replace
what was loaded for them before.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from loaders.documents import read_document
from loaders.errors import ExportRejectedError
from loaders.exports import DataFile, Export, Options, Status
from loaders.landing import Landing
from loaders.ledger import Entry as LedgerEntry
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.vendors.pendo.landing import check_files, check_turn, land_definitions, land_events
from loaders.vendors.pendo.manifest import Entry, read_manifest
from loaders.vendors.pendo.order import VENDOR, Application, Offer, PendoExport, history, settle
from loaders.vendors.pendo.statements import TABLES

MANIFEST_NAME = "exportmanifest.json"
BILL_NAME = "billofmaterials.json"
BUSINESS_OBJECT_FOLDERS = ("account", "visitor")
# The delivery's top folder: an application folder right below it stands without a subscription's.
TOP_FOLDER = "datasync"


class Pendo:
    """Loads event exports; each counter of an application is one export."""

    name = VENDOR
    tables = TABLES

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        """Return every export that a manifest lists, and a note on each folder that cannot be read."""
        files = landing.list_files()
        known = ledger.entries(self.name)
        found = _Found(landing, files)
        for manifest in files:
            if manifest.name.lower() == MANIFEST_NAME:
                found.add_manifest(manifest)
        found.add_orphans()
        found.add_recovered(known)
        exports: list[Export] = list(found.notes.values())
        for application, offers in found.offers.items():
            exports += settle(application, offers.values(), history(application, known), options)
        return exports

    def land(self, load: Load) -> None:
        """Check every file of the export, then put its days and definitions in place of the earlier ones.

        Raises ManifestError for files that contradict the manifest, DamagedFileError for a damaged one,
        ExportWaitsError when an export before this one could not be loaded.
        """
        export = load.export
        if not isinstance(export, PendoExport):
            raise TypeError("Pendo lands the exports of its own discovery only")
        check_turn(load.connection, export)
        counts = check_files(load.landing, export)
        land_definitions(load, export, counts)
        land_events(load, export, counts)


class _Found:
    """What the landing place holds: `offers` by application and counter, `notes` on whole folders."""

    def __init__(self, landing: Landing, files: list[DataFile]) -> None:
        self._landing = landing
        self._files = files
        self._by_path = {file.path: file for file in files}
        self._by_lower_path = {file.path.lower(): file for file in reversed(files)}
        self.offers: dict[Application, dict[int, Offer]] = {}
        self.notes: dict[Application, Export] = {}

    def add_manifest(self, manifest: DataFile) -> None:
        """Take up the exports that the manifest lists."""
        home = self._home(manifest, levels=1)
        if home.id.lower() in BUSINESS_OBJECT_FOLDERS:
            self._note(home, Status.SKIPPED, "accounts or visitors; this version reads event exports only")
            return
        try:
            entries = read_manifest(read_document(self._landing, manifest))
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
        manifests = {file.folder for file in self._files if file.name.lower() == MANIFEST_NAME}
        for bill in self._files:
            if bill.name.lower() != BILL_NAME or posixpath.dirname(bill.folder) in manifests:
                continue
            home = self._home(bill, levels=2)
            if home not in self.offers and home.id.lower() not in BUSINESS_OBJECT_FOLDERS:
                self._note(home, Status.ORPHAN, f"no {MANIFEST_NAME} beside its export folders yet", bill)

    def add_recovered(self, known: Iterable[LedgerEntry]) -> None:
        """Note that a folder which could not be read earlier can be read now."""
        stuck = {entry.export_id for entry in known if entry.status in (Status.REJECTED, Status.ORPHAN)}
        for application in self.offers:
            if application not in self.notes and _note_id(application) in stuck:
                self._note(application, Status.SKIPPED, "its manifest can be read now")

    def _home(self, file: DataFile, levels: int) -> Application:
        folders = self._landing.full_path(file).split("/")[:-levels]
        return Application(*["", "", *folders][-2:])

    def _note(self, home: Application, status: Status, reason: str, *files: DataFile) -> None:
        self.notes[home] = Export(
            vendor=VENDOR,
            export_id=_note_id(home),
            order=(home.subscription, home.id, -1),
            files=files,
            status=status,
            reason=reason,
        )

    def _offer(self, manifest: DataFile, entry: Entry) -> Offer:
        files: dict[str, DataFile] = {}
        missing, warnings = [], []
        for name in entry.names:
            path = posixpath.normpath(posixpath.join(manifest.folder, entry.folder, name))
            file = self._by_path.get(path) or self._by_lower_path.get(path.lower())
            if file is None:
                missing.append(name)
                continue
            if file.path != path:
                warnings.append(f"{name} was found as {file.path}")
            files[name] = file
        return Offer(entry, files, tuple(missing), (*warnings, *_content_warnings(entry)))


def _checked(entry: Entry, application: Application) -> Entry:
    named = (entry.subscription or application.subscription, entry.application or application.id)
    if entry.fault or named == (application.subscription, application.id):
        return entry
    fault = (
        f"it is an export of {'/'.join(named)}, but its manifest lies in the folder "
        f"{_note_id(application)}; keep the folders as Pendo names them"
    )
    return Entry(counter=entry.counter, fault=fault)


def _add(offers: dict[int, Offer], offer: Offer) -> None:
    counter = offer.entry.counter
    other = offers.get(counter)
    if other and other.entry != offer.entry:
        fault = f"counter {counter} is listed twice with different content; fetch the newest manifest"
        offers[counter] = Offer(Entry(counter=counter, fault=fault))
    elif other is None or len(offer.missing) < len(other.missing):
        offers[counter] = offer


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
