"""Monetate: Session Stream files, one export each, every session observed in one window of time.

The vendor writes no manifest. What vouches for a file is the grammar of its name, its gzip checksum and
the ledger; so a file that is not gzip is refused, because nothing would tell whether it is whole.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from itertools import chain

from loaders.errors import DamagedFileError
from loaders.exports import DataFile, Export, Options, Status
from loaders.fields import Field, Kind, columns, extras, projection
from loaders.landing import Landing
from loaders.ledger import Ledger
from loaders.load import PARSED, PLACE, Load
from loaders.objects import ObjectForm, land_objects
from loaders.queries import first_row
from loaders.single_files import SingleFiles
from loaders.vendors.monetate.windows import (
    GRAMMAR,
    SUFFIX,
    Window,
    day_of_folder,
    gaps_before,
    tell,
    window_of,
)

# Tried in turn: the vendor's folders from the account on, then from the stream on.
ANCHORS = (re.compile(r".*/([^/]+/raw_data/session_stream/.+)"), re.compile(r".*/(session_stream/.+)"))

SCALARS = (
    Field("session_id", "session_id", required=True),
    Field("account_id", "account_id", Kind.INTEGER),
    Field("browser", "browser"),
    Field("browser_version", "browser_version"),
    Field("city", "city"),
    Field("country_code", "country_code"),
    Field("customer_id", "customer_id"),
    Field("customer_link", "customer_link"),
    Field("device_type", "device_type"),
    Field("end_time", "end_time", Kind.TIME),
    Field("guid", "guid"),
    Field("has_cart", "has_cart", Kind.BOOLEAN),
    Field("has_new_customer", "has_new_customer", Kind.BOOLEAN),
    Field("has_product_view", "has_product_view", Kind.BOOLEAN),
    Field("has_purchase", "has_purchase", Kind.BOOLEAN),
    Field("has_stealth", "has_stealth", Kind.BOOLEAN),
    Field("is_bounce", "is_bounce", Kind.BOOLEAN),
    Field("is_closed", "is_closed", Kind.BOOLEAN),
    Field("os", "os"),
    Field("os_version", "os_version"),
    Field("page_views", "page_views", Kind.INTEGER),
    Field("page_views_ss", "page_views_ss", Kind.INTEGER),
    Field("product_view_count", "product_view_count", Kind.INTEGER),
    Field("purchase_count", "purchase_count", Kind.INTEGER),
    Field("purchase_value_ss", "purchase_value_ss", Kind.DECIMAL),
    Field("region", "region"),
    Field("screen_height", "screen_height", Kind.INTEGER),
    Field("screen_width", "screen_width", Kind.INTEGER),
    Field("session_count", "session_count", Kind.INTEGER),
    Field("session_value", "session_value", Kind.DECIMAL),
    Field("session_value_ss", "session_value_ss", Kind.DECIMAL),
    Field("start_time", "start_time", Kind.TIME, required=True),
    Field("time_on_site", "time_on_site", Kind.INTEGER),
    Field("time_on_site_ss", "time_on_site_ss", Kind.INTEGER),
)
# Objects keyed by an id, or arrays; a writer may serialise an empty object as an empty array.
NESTED = tuple(
    Field(name, name, Kind.JSON)
    for name in (
        "custom_targets",
        "offers",
        "page_event_ids",
        "purchases",
        "cart_lines",
        "view_lines",
        "purchase_lines",
    )
)
FIELDS = (*SCALARS, *NESTED)
# Where objects of fixed keys stand, in an array and in an object. Of objects keyed by ids every member is
# read, a repeated one as well.
PATHS_OF_OBJECTS = {field.key: {"[": ("$[*]",), "{": ("$.*",)} for field in NESTED} | {
    "purchase_lines": {"[": ("$[*]", "$[*].items[*]"), "{": ("$.*", "$.*.items[*]")}
}


class Monetate:
    """Loads every Session Stream file; other content under a known name replaces its rows."""

    name = "monetate"
    tables: tuple[str, ...] = ("raw_monetate.sessions",)
    looks_for = "files that end in .json.gz"

    def __init__(self) -> None:
        self._files = SingleFiles(vendor=self.name, identity=_identity, order=_order, replaces=True)

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        """Return one export for each `*.json.gz` file, those with a foreign name marked as skipped."""
        files = [file for file in landing.list_files() if file.name.endswith(SUFFIX)]
        named = [file for file in files if window_of(file.name)]
        exports = [_described(export) for export in self._files.discover(landing, ledger, named)]
        exports = _told_gaps(exports, ledger)
        foreign = [file for file in files if not window_of(file.name)]
        return exports + [_skipped(landing, file) for file in foreign]

    def land(self, load: Load) -> None:
        """Insert the file's sessions; raises DamagedFileError for a file that is no whole gzip."""
        windows = [_window(export.files[0]) for export in load.exports]
        land_objects(
            load,
            load.single_files,
            ObjectForm(
                FIELDS,
                insert=partial(_insert, windows=windows),
                known=tuple(field.key for field in FIELDS),
                is_sound=_sound(),
                examine=_examine,
                only_gzip=True,
            ),
        )


def _window(file: DataFile) -> Window:
    window = window_of(file.name)
    if window is None:
        raise DamagedFileError(f"{file.path} is not named {GRAMMAR}.")
    return window


def _insert(load: Load, source: str, windows: list[Window]) -> None:
    load.insert(
        "raw_monetate.sessions",
        f"{columns(FIELDS)}, extras, window_started_at, window_ended_at, window_sequence",
        f"SELECT {projection(FIELDS, values=PARSED)}, {extras(FIELDS)}, "
        f"$started_at[{PLACE}], $ended_at[{PLACE}], $sequence[{PLACE}], file, line "
        f"FROM {source} WHERE reason IS NULL",
        started_at=[window.started_at for window in windows],
        ended_at=[window.ended_at for window in windows],
        sequence=[window.sequence for window in windows],
    )


def _sound() -> str:
    """Return SQL that is true for a `record` whose nested objects have the right shape and each key once."""
    return " AND ".join(_is_sound(field) for field in NESTED)


def _is_sound(field: Field) -> str:
    value = field.text("record")
    text = f"{value}::VARCHAR"
    array, other = (
        f"NOT ({_has_repeated_keys(value, PATHS_OF_OBJECTS[field.key][bracket])})" for bracket in "[{"
    )
    # Only an object in it has keys that have to be looked at.
    return (
        f"CASE WHEN {value} IS NULL THEN true "
        f"WHEN starts_with({text}, '[') THEN CASE WHEN contains({text}, '{{') THEN {array} ELSE true END "
        f"WHEN starts_with({text}, '{{') "
        f"THEN CASE WHEN contains(substr({text}, 2), '{{') THEN {other} ELSE true END "
        "ELSE false END"
    )


def _has_repeated_keys(value: str, places: tuple[str, ...]) -> str:
    return " OR ".join(
        f"len(list_filter(json_keys({value}, '{place}'), lambda keys: len(keys) > list_unique(keys))) > 0"
        for place in places
    )


def _examine(load: Load) -> None:
    load.parse_objects(FIELDS)
    _mark_unnested(load)
    _mark_repeated_keys(load)
    load.reject_bad_records()


def _mark_unnested(load: Load) -> None:
    faults = " ".join(
        f"WHEN json_type({field.text('record')}) NOT IN ('OBJECT', 'ARRAY') THEN '{field.key}: ' "
        f"|| left({field.text('record')}::VARCHAR, 80) || ' is neither an object nor an array'"
        for field in NESTED
    )
    load.connection.execute(f"UPDATE landing_records SET reason = CASE {faults} END WHERE reason IS NULL")


def _mark_repeated_keys(load: Load) -> None:
    """Mark lines with a key twice in an object of fixed keys: staging would read one value and lose one."""
    lists = {
        field: " UNION ALL ".join(
            f"SELECT unnest(json_keys({field.text('record')}, '{place}')) AS keys FROM landing_records "
            "WHERE reason IS NULL"
            for place in _places(field)
        )
        for field in NESTED
    }
    for field, keys in lists.items():
        # Most objects have the same keys, so each list of keys is looked at once.
        repeated = first_row(
            load.connection,
            f"SELECT 1 FROM (SELECT DISTINCT keys FROM ({keys})) WHERE len(keys) > list_unique(keys) LIMIT 1",
        )
        if repeated:
            tests = _has_repeated_keys(field.text("record"), _places(field))
            load.connection.execute(
                f"UPDATE landing_records SET reason = 'a key stands twice in {field.key}' "
                f"WHERE reason IS NULL AND ({tests})"
            )


def _places(field: Field) -> tuple[str, ...]:
    return tuple(chain.from_iterable(PATHS_OF_OBJECTS[field.key].values()))


def _identity(full_path: str, file: DataFile) -> str:
    for anchor in ANCHORS:
        match = anchor.fullmatch(f"/{full_path}")
        if match:
            return match[1]
    return file.path


def _order(file: DataFile) -> tuple[str | int, ...]:
    window = window_of(file.name)
    return (window.started_at.isoformat(), window.sequence) if window else ("~", 0)


def _described(export: Export) -> Export:
    (file,) = export.files
    export = replace(export, alike=Monetate.name)
    window, told = window_of(file.name), day_of_folder(export.identity)
    day = window.started_at.date().isoformat() if window else None
    if told in (None, day):
        return export
    return replace(export, warnings=(f"lies in the folder of {told}, but its window began on {day}",))


def _told_gaps(exports: list[Export], ledger: Ledger) -> list[Export]:
    """Give the last new export a warning of the gaps that end with new exports; earlier ones are told."""
    loaded = ledger.files(Monetate.name)
    known = {record.export_id for record in loaded}
    new = [export for export in exports if export.export_id not in known]
    gaps = gaps_before(
        (*(record.file for record in loaded), *(export.identity for export in exports)),
        [export.identity for export in new],
    )
    if not gaps:
        return exports
    last = max(new, key=lambda export: export.order)
    warned = replace(last, warnings=(*last.warnings, tell(gaps)))
    return [warned if export is last else export for export in exports]


def _skipped(landing: Landing, file: DataFile) -> Export:
    identity = _identity(landing.full_path(file), file)
    return Export(
        vendor=Monetate.name,
        export_id=identity,
        order=(*_order(file), identity),
        files=(file,),
        status=Status.SKIPPED,
        reason=f"not a Session Stream file: its name is not {GRAMMAR}",
    )
