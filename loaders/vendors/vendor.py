"""The five vendors and what each must be able to do."""

from __future__ import annotations

from typing import Protocol

from loaders.exports import Export, Options
from loaders.landing import Landing
from loaders.ledger import Ledger
from loaders.load import Load


class Vendor(Protocol):
    """Finds a vendor's exports in a landing place and lands them."""

    name: str
    tables: tuple[str, ...]
    # What `discover` goes by, for those who gave another place.
    looks_for: str

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        """Return every export under the landing root, loaded ones included, each with its verdict."""

    def land(self, load: Load) -> None:
        """Check `load.export` against its manifest and insert its rows; raises ExportRejectedError."""
