"""Landing Leanplum's JSON form: one session a line, with everything that belongs to it inside.

A line is landed whole or quarantined whole, so everything in it is checked before any of it is inserted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loaders.exports import DataFile
from loaders.fields import Field, Kind, columns, extras, fault, projection, structure
from loaders.load import PARSED, Load
from loaders.vendors.leanplum.columns import (
    EVENT_FIELDS,
    EXPERIMENT_FIELDS,
    JOB_COLUMNS,
    JOB_VALUES,
    SESSION_FIELDS,
    STATE_FIELDS,
)

# How the text of a JSON array or object begins; there is nothing before it once `from_json` took it out.
ARRAY, OBJECT = "[", "{"
TITLES = {ARRAY: "array", OBJECT: "object"}
STATES = Field("states", "states", Kind.JSON)
EXPERIMENTS = Field("experiments", "experiments", Kind.JSON)
USER_ATTRIBUTES = Field("user_attributes", "userAttributes", Kind.JSON)
EVENTS = Field("events", "events", Kind.JSON)
PARAMETERS = Field("parameters", "parameters", Kind.JSON)
DOCUMENT_FIELDS = (*SESSION_FIELDS, STATES, EXPERIMENTS, USER_ATTRIBUTES)
CONTAINERS = {STATES: ARRAY, EXPERIMENTS: ARRAY, USER_ATTRIBUTES: OBJECT}

# The members of an object as pairs, a key that stands twice included.
MEMBERS = "list_zip(json_keys({object}), json_extract({object}, '$.*'))"


@dataclass(frozen=True, slots=True)
class Items:
    """One kind of what a session contains: its raw table, and SQL for the list of its items in `record`.

    An item is a struct with the JSON text `document` and what is known from around it. `fields` are its
    keys, `containers` those that hold further items, `values` SQL for columns that are no plain key.
    """

    title: str
    table: str
    items: str
    fields: tuple[Field, ...]
    containers: Mapping[Field, str]
    values: Mapping[str, str]

    @property
    def known(self) -> tuple[Field, ...]:
        """All keys of an item that have a place of their own."""
        return (*self.fields, *self.containers)

    @property
    def plain(self) -> tuple[Field, ...]:
        """The keys that become columns as they are."""
        return tuple(field for field in self.fields if field.column not in self.values)


def _documents(container: str) -> str:
    return f"list_transform(from_json({container}, '[\"JSON\"]'), lambda d: {{'document': d}})"


STATE_ITEMS = Items(
    title="state",
    table="raw_leanplum.states",
    items=_documents('record."states"'),
    fields=(*STATE_FIELDS, PARAMETERS),
    containers={EVENTS: ARRAY},
    values={
        # The wrapper of stateless events has no name; an empty one says the same.
        "name": "nullif(record.\"name\", '')",
        "parameters": "nullif(nullif(record.\"parameters\"::VARCHAR, '{}'), '[]')::JSON",
    },
)
EVENT_ITEMS = Items(
    title="event",
    table="raw_leanplum.events",
    items="""
        flatten(list_transform(
            from_json(record."states", '[{"stateId": "VARCHAR", "events": ["JSON"]}]'),
            lambda s: list_transform(s."events", lambda d: {'document': d, 'state_id': s."stateId"})
        ))
    """,
    fields=EVENT_FIELDS,
    containers={PARAMETERS: OBJECT},
    values={"state_id": "item.state_id"},
)
EXPERIMENT_ITEMS = Items(
    title="experiment",
    table="raw_leanplum.experiments",
    items=_documents('record."experiments"'),
    fields=EXPERIMENT_FIELDS,
    containers={},
    values={},
)
ATTRIBUTES = f"""
    list_transform(
        {MEMBERS.format(object='record."userAttributes"')},
        lambda m: {{'name': m[1], 'value': m[2]}}
    )
"""
PARAMETERS_OF_EVENTS = f"""
    flatten(list_transform(
        flatten(list_transform(
            from_json(record."states", '[{{"events": [{{"eventId": "VARCHAR", "parameters": "JSON"}}]}}]'),
            lambda s: s."events"
        )),
        lambda e: list_transform(
            {MEMBERS.format(object='e."parameters"')},
            lambda m: {{'event_id': e."eventId", 'name': m[1], 'value': m[2]}}
        )
    ))
"""


def land_json(load: Load, files: Mapping[str, DataFile], stamps: Mapping[str, object]) -> dict[str, int]:
    """Insert the sessions of `files`, keyed by the name for `_file`, with all they contain.

    Returns how many lines each file has, quarantined ones included.
    """
    load.read_lines(files)
    load.parse_objects(DOCUMENT_FIELDS)
    _mark(load, f"SELECT file, line, 0 AS ordinal, {_misplaced(CONTAINERS)} AS fault FROM landing_records")
    for items in (STATE_ITEMS, EVENT_ITEMS, EXPERIMENT_ITEMS):
        _mark(load, _faults(items))
    load.reject_bad_records()
    _insert_all(load, stamps)
    counts = load.connection.execute("SELECT file, count(*) FROM landing_lines GROUP BY file").fetchall()
    return dict.fromkeys(files, 0) | dict(counts)


def _mark(load: Load, faults: str) -> None:
    """Give each line that may still be landed the first fault that the query finds in it."""
    load.connection.execute(
        f"""
        UPDATE landing_records SET reason = found.fault
        FROM (
            SELECT file, line, arg_min(fault, ordinal) AS fault FROM ({faults})
            WHERE fault IS NOT NULL GROUP BY file, line
        ) AS found
        WHERE landing_records.file = found.file AND landing_records.line = found.line
            AND landing_records.reason IS NULL
        """
    )


def _faults(items: Items) -> str:
    title = f"'{items.title} ' || ordinal || ': ' || "
    return f"""
        SELECT file, line, ordinal, {title} CASE
            WHEN left(item.document::VARCHAR, 1) <> '{OBJECT}' THEN 'not a JSON object'
            WHEN {_is_ambiguous("item.document")} THEN 'a key stands twice in the object'
            ELSE coalesce({_misplaced(items.containers)}, {fault(items.fields)})
        END AS fault
        FROM ({_records(items)})
    """


def _misplaced(containers: Mapping[Field, str]) -> str:
    """Return SQL for what keeps the items from being taken out of their containers, else null."""
    faults = ["WHEN false THEN NULL"]
    for container, kind in containers.items():
        text = f"{container.text('record')}::VARCHAR"
        faults.append(
            f"WHEN left({text}, 1) <> '{kind}' AND {text} NOT IN ('{{}}', '[]') "
            f"THEN '{container.key}: ' || left({text}, 80) || ' is no {TITLES[kind]}'"
        )
        if kind == OBJECT:
            faults.append(f"WHEN {_is_ambiguous(text)} THEN 'a key stands twice in {container.key}'")
    return f"CASE {' '.join(faults)} END"


def _is_ambiguous(document: str) -> str:
    return f"len(json_keys({document})) > list_unique(json_keys({document}))"


def _insert_all(load: Load, stamps: Mapping[str, object]) -> None:
    load.insert(
        "raw_leanplum.sessions",
        f"{JOB_COLUMNS}, {columns(SESSION_FIELDS)}, extras",
        f"SELECT {JOB_VALUES}, {projection(SESSION_FIELDS, values=PARSED)}, {extras(DOCUMENT_FIELDS)}, "
        "file, line "
        "FROM landing_records WHERE reason IS NULL",
        **stamps,
    )
    for items in (STATE_ITEMS, EVENT_ITEMS, EXPERIMENT_ITEMS):
        names = ", ".join((columns(items.plain), *items.values))
        values = ", ".join((projection(items.plain), *items.values.values()))
        load.insert(
            items.table,
            f"{JOB_COLUMNS}, session_id, {names}, extras, _ordinal",
            f"SELECT {JOB_VALUES}, session_id, {values}, {extras(items.known, 'item.document')}, ordinal, "
            f"file, line FROM ({_records(items)})",
            **stamps,
        )
    load.insert(
        "raw_leanplum.event_parameters",
        f"{JOB_COLUMNS}, session_id, event_id, name, value, _ordinal",
        f"SELECT {JOB_VALUES}, session_id, item.event_id, item.name, item.value ->> '$', ordinal, file, line "
        f"FROM ({_unnested(PARAMETERS_OF_EVENTS)})",
        **stamps,
    )
    load.insert(
        "raw_leanplum.user_attributes",
        f"{JOB_COLUMNS}, session_id, name, value, _ordinal",
        f"SELECT {JOB_VALUES}, session_id, item.name, item.value ->> '$', ordinal, file, line "
        f"FROM ({_unnested(ATTRIBUTES)})",
        **stamps,
    )


def _records(items: Items) -> str:
    return f"""
        SELECT *, from_json(item.document, {structure(items.known)}) AS record
        FROM ({_unnested(items.items)}) WHERE item.document IS NOT NULL
    """


def _unnested(items: str) -> str:
    """Return a query for the items of every line that may be landed; `ordinal` counts them from 1."""
    return f"""
        SELECT file, line, session_id, unnest(items) AS item, generate_subscripts(items, 1) AS ordinal
        FROM (
            SELECT file, line, record."sessionId" AS session_id, {items} AS items
            FROM landing_records WHERE reason IS NULL
        )
    """
