"""The vendors by the name the command line knows them by."""

from __future__ import annotations

from collections.abc import Callable

from loaders.leanplum import Leanplum
from loaders.monetate import Monetate
from loaders.pendo import Pendo
from loaders.rudderstack import RudderStack
from loaders.snowplow import Snowplow
from loaders.vendors import Vendor

VENDORS: dict[str, Callable[[], Vendor]] = {
    "leanplum": Leanplum,
    "monetate": Monetate,
    "pendo": Pendo,
    "rudderstack": RudderStack,
    "snowplow": Snowplow,
}
