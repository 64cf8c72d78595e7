"""Definition files of the Pendo samples: pages, features, track types and guides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fastavro

from loaders.samples.clock import START
from loaders.samples.pendo_avro import write_records
from loaders.samples.pendo_events import ADD, CHECKOUT, GUIDE, HOME, LEGACY, PRODUCT, PURCHASE, SEARCH, SIGNUP

# Key of a bill of materials, name of the file, key of the id, and what is defined: id and name.
KINDS = (
    ("pageDefinitionsFile", "allpages", "pageId", {HOME: "Home", PRODUCT: "Product", CHECKOUT: "Checkout"}),
    (
        "featureDefinitionsFile",
        "allfeatures",
        "featureId",
        {SEARCH: "Search", ADD: "Add to cart", LEGACY: "Banner"},
    ),
    ("trackTypeDefinitionsFile", "alltracktypes", "trackTypeId", {PURCHASE: "Purchase", SIGNUP: "Sign up"}),
    ("guideDefinitionsFile", "allguides", "guideId", {GUIDE: "Product tour"}),
)
_RULES = {PRODUCT: ["/products"], CHECKOUT: ["/checkout"]}
_WIDER_RULES = {**_RULES, CHECKOUT: ["/checkout", "/thanks"]}


def _schema(id_key: str) -> Any:
    fields = [
        {"name": id_key, "type": "string"},
        {"name": "name", "type": "string"},
        {"name": "createdAt", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "isCoreEvent", "type": "boolean"},
        {"name": "rules", "type": {"type": "array", "items": "string"}},
    ]
    return fastavro.parse_schema({"type": "record", "name": "Definition", "fields": fields})


def write_definitions(folder: Path, *, wider: bool) -> dict[str, list[str]]:
    """Write all four files and return the keys of the bill of materials that list them."""
    listed = {}
    for key, name, id_key, titles in KINDS:
        write_records(folder / f"{name}.avro", _schema(id_key), _records(id_key, titles, wider=wider))
        listed[key] = [f"{name}.avro"]
    return listed


def write_changed_page(folder: Path) -> dict[str, list[str]]:
    """Write a file with nothing but the page whose rule was changed, as a retroactive export brings it."""
    key, name, id_key, _ = KINDS[0]
    records = _records(id_key, {CHECKOUT: "Checkout and thanks"}, wider=True)
    write_records(folder / f"{name}.avro", _schema(id_key), records)
    return {key: [f"{name}.avro"]}


def _records(id_key: str, titles: dict[str, str], *, wider: bool) -> list[dict[str, Any]]:
    rules = _WIDER_RULES if wider else _RULES
    return [
        {
            id_key: matchable.rpartition("/")[2],
            "name": "Checkout and thanks" if wider and matchable == CHECKOUT else title,
            "createdAt": START,
            "isCoreEvent": title == "Purchase",
            "rules": rules.get(matchable, []),
        }
        for matchable, title in titles.items()
    ]
