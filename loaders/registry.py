"""The vendors by the name the command line knows them by."""

from __future__ import annotations

from collections.abc import Callable

from loaders.rudderstack import RudderStack
from loaders.vendors import Vendor

VENDORS: dict[str, Callable[[], Vendor]] = {
    "rudderstack": RudderStack,
}
