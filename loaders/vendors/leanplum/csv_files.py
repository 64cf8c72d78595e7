"""Landing Leanplum's CSV form: six types of files, their columns found by the names in the header.

The vendor does not publish the header. Its columns are known by name, and by their order from a reader that
went by position. So names go first; a header in other words counts by position if it is as wide as the order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from loaders.delimited import Header, read_csv
from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.fields import Field, columns, fault, projection
from loaders.load import Load
from loaders.vendors.leanplum.columns import (
    EVENT_FIELDS,
    EXPERIMENT_FIELDS,
    JOB_COLUMNS,
    JOB_VALUES,
    SESSION_FIELDS,
    STATE_FIELDS,
)

# Where a header names a value in other words than the JSON key.
SESSION_HEADERS = {
    "firstRun": "userStart",
    "time": "start",
    "timezoneOffsetSeconds": "timezoneOffset",
    "systemName": "osName",
    "systemVersion": "osVersion",
}
STATE_HEADERS = {"name": "stateName", "time": "start"}
EVENT_HEADERS = {"name": "eventName", "time": "start"}
EXPERIMENT_HEADERS = {"id": "experimentId"}

# What a header holds, and no row does: each row begins with an id, which is a number.
NAME_OF_COLUMN = re.compile(r"\s*[A-Za-z_][\w .-]*\s*", re.ASCII)

SESSION_ORDER = (
    "sessionId", "userId", "userBucket", "userStart", "country", "region", "city", "start", "duration", "lat",
    "lon", "locale", "timezone", "timezoneOffset", "appVersion", "client", "sdkVersion", "osName",
    "osVersion", "deviceModel", "browserName", "browserVersion", "deviceId", "priorEvents", "priorSessions",
    "priorTimeSpentInApp", "priorStates", "isDeveloper", "isSession", "sourcePublisherId", "sourcePublisher",
    "sourceSubPublisher", "sourceSite", "sourceCampaign", "sourceAdGroup", "sourceAd",
)  # fmt: skip
SESSION_ID = Field("session_id", "sessionId", required=True)
NAME_AND_VALUE = (Field("name", "name", required=True), Field("value", "value"))


def _headed(fields: tuple[Field, ...], headers: Mapping[str, str]) -> tuple[Field, ...]:
    return tuple(replace(field, key=headers.get(field.key, field.key)) for field in fields)


@dataclass(frozen=True, slots=True)
class CsvType:
    """One type of file: its raw table, its columns, and `ids`, the ones no file may lack.

    `order` names the vendor's columns as they stand in its files. `optional` columns are not part of the
    vendor's form, so that nobody is told when they lack.
    """

    table: str
    fields: tuple[Field, ...]
    ids: tuple[str, ...]
    order: tuple[str, ...]
    optional: tuple[str, ...] = ()
    has_extras: bool = True
    has_ordinal: bool = True


TYPES = {
    "sessions": CsvType(
        "raw_leanplum.sessions",
        _headed(SESSION_FIELDS, SESSION_HEADERS),
        ids=("sessionId",),
        order=SESSION_ORDER,
        has_ordinal=False,
    ),
    "states": CsvType(
        "raw_leanplum.states",
        (SESSION_ID, *_headed(STATE_FIELDS, STATE_HEADERS)),
        ids=("stateId", "sessionId"),
        order=("stateId", "sessionId", "stateName", "start", "duration", "info", "timeUntilFirstForUser"),
    ),
    "events": CsvType(
        "raw_leanplum.events",
        (SESSION_ID, Field("state_id", "stateId"), *_headed(EVENT_FIELDS, EVENT_HEADERS)),
        ids=("eventId", "stateId", "sessionId"),
        order=(
            "eventId",
            "stateId",
            "sessionId",
            "eventName",
            "start",
            "value",
            "info",
            "timeUntilFirstForUser",
        ),
    ),
    "eventparameters": CsvType(
        "raw_leanplum.event_parameters",
        (Field("event_id", "eventId", required=True), *NAME_AND_VALUE),
        ids=("eventId", "name"),
        order=("eventId", "name", "value"),
        has_extras=False,
    ),
    "userattributes": CsvType(
        "raw_leanplum.user_attributes",
        (SESSION_ID, *NAME_AND_VALUE),
        ids=("sessionId", "name"),
        order=("sessionId", "name", "value"),
        has_extras=False,
    ),
    "experiments": CsvType(
        "raw_leanplum.experiments",
        (SESSION_ID, *_headed(EXPERIMENT_FIELDS, EXPERIMENT_HEADERS)),
        ids=("experimentId", "sessionId", "variantId"),
        order=("experimentId", "sessionId", "variantId"),
        optional=("impressed",),
    ),
}


def land_csv(
    load: Load, files: Mapping[str, Mapping[str, DataFile]], stamps: Mapping[str, object]
) -> dict[str, int]:
    """Insert the rows of `files`: for each type, the files by the name for `_file`.

    Returns how many rows each file has, quarantined ones included. A header of the vendor's width that names
    no known column is read by position, with a warning. Raises DamagedFileError for a file without a header,
    or without a column of ids.
    """
    lines = {}
    for kind, named in files.items():
        for name, file in named.items():
            before = load.lines
            header = read_csv(load, name, file)
            lines[name] = load.lines - before
            if _is_positional(header, kind):
                load.warnings.append(
                    f"the header of {file.name} names no known column and is read by position: "
                    f"{', '.join(header.names)}"
                )
                header = Header(TYPES[kind].order)
            if header.names:
                _check_header(file, header, kind)
                load.warnings += [told for told in _warnings(header, kind) if told not in load.warnings]
                _land(load, header, TYPES[kind], stamps)
    return lines


def _is_positional(header: Header, kind: str) -> bool:
    order, known = TYPES[kind].order, tuple(field.key for field in TYPES[kind].fields)
    is_foreign = len(header.missing(known)) == len(known)
    return is_foreign and len(header.names) == len(order) and all(map(NAME_OF_COLUMN.fullmatch, header.names))


def _check_header(file: DataFile, header: Header, kind: str) -> None:
    known = tuple(field.key for field in TYPES[kind].fields)
    if len(header.missing(known)) == len(known):
        raise DamagedFileError(
            f"{file.path} has no header: its first row names none of the columns of {kind} "
            f"({', '.join(known)}). Leanplum writes one; export the job again, or put it back."
        )
    missing = header.missing(TYPES[kind].ids)
    if missing:
        raise DamagedFileError(
            f"{file.path} has no column {' and no column '.join(missing)}, which tells what its rows belong "
            f"to. Export the job again."
        )
    counts = Counter(_key(name) for name in header.names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise DamagedFileError(
            f"{file.path} has the column {twice[0]} twice, so that one of them would be lost. "
            f"Export the job again."
        )


def _warnings(header: Header, kind: str) -> list[str]:
    csv_type = TYPES[kind]
    missing = header.missing(
        tuple(field.key for field in csv_type.fields if field.key not in csv_type.optional)
    )
    others = [header.names[position] for position in _others(header, csv_type)]
    warnings = [f"{kind} without the column {', '.join(missing)}: null in each row"] if missing else []
    if others and not csv_type.has_extras:
        warnings.append(f"{kind} with columns that are not loaded: {', '.join(others)}")
    return warnings


def _land(load: Load, header: Header, csv_type: CsvType, stamps: Mapping[str, object]) -> None:
    record = ", ".join(
        f"'{field.key}': {header.column(field.key) or 'NULL::VARCHAR'}" for field in csv_type.fields
    )
    whole, names = _object(header, list(range(len(header.names))))
    load.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE landing_records AS
        SELECT *, CASE WHEN reason IS NOT NULL THEN {whole}::VARCHAR END AS text
        FROM (
            SELECT *, {fault(csv_type.fields)} AS reason
            FROM (SELECT *, {{{record}}} AS record FROM landing_rows)
        )
        """,
        names,
    )
    load.reject_bad_records()
    into = [JOB_COLUMNS, columns(csv_type.fields)]
    values = [JOB_VALUES, projection(csv_type.fields)]
    names = {}
    if csv_type.has_extras:
        others, names = _object(header, _others(header, csv_type))
        into.append("extras")
        values.append(f"nullif(json_merge_patch('{{}}'::JSON, {others})::VARCHAR, '{{}}')::JSON")
    if csv_type.has_ordinal:
        into.append("_ordinal")
        values.append("line AS ordinal")
    load.insert(
        csv_type.table,
        ", ".join(into),
        f"SELECT {', '.join(values)}, file, line FROM landing_records WHERE reason IS NULL",
        **stamps,
        **names,
    )


def _others(header: Header, csv_type: CsvType) -> list[int]:
    known = {field.key.lower() for field in csv_type.fields}
    return [position for position, name in enumerate(header.names) if _key(name) not in known]


def _object(header: Header, positions: list[int]) -> tuple[str, dict[str, str]]:
    """Return SQL for a JSON object of the columns at `positions`, and its parameters."""
    pairs = ", ".join(f"$n{position}, c{position}" for position in positions)
    return f"json_object({pairs})", {f"n{p}": header.names[p].strip() for p in positions}


def _key(name: str) -> str:
    return name.strip().lower()
