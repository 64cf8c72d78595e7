"""The vendors by the name the command line knows them by."""

from __future__ import annotations

from collections.abc import Callable

from loaders.vendors.leanplum.loader import Leanplum
from loaders.vendors.monetate.loader import Monetate
from loaders.vendors.pendo.loader import Pendo
from loaders.vendors.rudderstack.loader import RudderStack
from loaders.vendors.snowplow.loader import Snowplow
from loaders.vendors.vendor import Vendor

VENDORS: dict[str, Callable[[], Vendor]] = {
    "leanplum": Leanplum,
    "monetate": Monetate,
    "pendo": Pendo,
    "rudderstack": RudderStack,
    "snowplow": Snowplow,
}
