"""Pendo Data Sync: exports listed in `exportmanifest.json`, in Avro files.

Event exports belong to an application, account and visitor exports to a subscription. The manifest vouches
for the files, `eventCount` for the events in them. Days and records that come again replace what was loaded
of them before.
"""

from __future__ import annotations

from loaders.exports import Export, Options
from loaders.known import KnownFiles
from loaders.landing import Landing
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.vendors.pendo.found import Found
from loaders.vendors.pendo.landing import check_files, check_turn, land_definitions, land_events
from loaders.vendors.pendo.object_landing import land_objects
from loaders.vendors.pendo.object_statements import TABLES as OBJECT_TABLES
from loaders.vendors.pendo.objects import ObjectEntry
from loaders.vendors.pendo.order import VENDOR, PendoExport, history, settle
from loaders.vendors.pendo.statements import TABLES


class Pendo:
    """Loads exports; each counter of an application, or of a subscription's accounts or visitors, is one."""

    name = VENDOR
    tables = (*TABLES, *OBJECT_TABLES)
    looks_for = "exportmanifest.json beside the folders of its exports"

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        """Return every export that a manifest lists, and a note on each folder that cannot be read."""
        known = ledger.entries(self.name)
        found = Found(landing)
        # Other choices than the usual ones may change the verdict on what was skipped.
        if options == Options():
            found.settle(KnownFiles(landing, ledger, self.name))
        found.add_manifests()
        found.add_orphans()
        found.add_recovered(known)
        exports: list[Export] = list(found.notes.values())
        exports += found.settled_exports
        for application, offers in found.offers.items():
            exports += settle(application, offers.values(), history(application, known), options)
        return exports

    def land(self, load: Load) -> None:
        """Check every file of the export, then put what it holds in place of what it held earlier.

        Raises ManifestError for files that contradict the manifest, DamagedFileError for a damaged one,
        ExportWaitsError when an export before this one could not be loaded.
        """
        export = load.export
        if not isinstance(export, PendoExport):
            raise TypeError("Pendo lands the exports of its own discovery only")
        check_turn(load.connection, export)
        counts = check_files(load.landing, export)
        if isinstance(export.entry, ObjectEntry):
            land_objects(load, export, export.entry, counts)
        else:
            land_definitions(load, export, counts)
            land_events(load, export, counts)
