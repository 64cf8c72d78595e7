"""Manifests that say nothing new: unchanged, and all that they list is loaded or skipped by design."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from loaders.exports import DataFile, Export
from loaders.known import KnownFiles
from loaders.ledger import Entry as LedgerEntry
from loaders.vendors.pendo.order import VENDOR

# A manifest that says nothing new, and the exports it lists.
Settled = dict[DataFile, list[Export]]


def settled_manifests(known: KnownFiles, manifests: Iterable[DataFile]) -> Settled:
    """Return those of `manifests` that need not be read, each with the exports it lists.

    Manifests of one application are read together or not at all: they may list the same counters.
    """
    by_application: dict[str, Settled] = defaultdict(dict)
    for manifest in manifests:
        exports = [_export(entry) for entry in known.settled_by(manifest)]
        folder = known.landing.full_path(manifest).rpartition("/")[0]
        by_application[folder.rpartition("/")[2].lower()][manifest] = exports
    return {
        manifest: exports
        for settled in by_application.values()
        if all(settled.values())
        for manifest, exports in settled.items()
    }


def _export(entry: LedgerEntry) -> Export:
    subscription, application, label = entry.export_id.split("/", 2)
    return Export(
        vendor=VENDOR,
        export_id=entry.export_id,
        order=(subscription, application, int(entry.digest.rpartition(" ")[2]), label),
        digest=entry.digest,
        is_settled=True,
    )
