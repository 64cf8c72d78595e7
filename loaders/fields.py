"""How the keys of a vendor's JSON lines become typed columns: one description, all SQL expressions.

Everything here is text made from constants of this package; no value of an export enters a statement.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Type of a value: the parser in `raw/parsers.sql` that reads it, and how messages name it."""

    TEXT = ("{}", "a text")
    INTEGER = ("as_integer({})", "an integer")
    DOUBLE = ("as_double({})", "a number")
    DECIMAL = ("as_decimal({})", "a decimal number")
    BOOLEAN = ("as_boolean({})", "true or false")
    TIME = ("as_time({})", "a time between 1970 and 2100")
    JSON = ("{}", "JSON")

    def parse(self, expression: str) -> str:
        """Return SQL that turns the text `expression` into a value of this kind, or null."""
        return self.value[0].format(expression)

    @property
    def title(self) -> str:
        """What a message calls a value of this kind."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a JSON object and the raw column it lands in; a required one may not be null."""

    column: str
    key: str
    kind: Kind = Kind.TEXT
    required: bool = False

    @property
    def is_checked(self) -> bool:
        """Whether a value can be present and still not be of the field's kind."""
        return self.kind not in (Kind.TEXT, Kind.JSON)

    def text(self, record: str) -> str:
        """Return SQL for the field's undecoded text in the struct `record`."""
        return f'{record}."{self.key}"'


def structure(fields: Sequence[Field]) -> str:
    """Return the SQL literal that makes `from_json` split an object into a struct of these keys."""
    types = {field.key: "JSON" if field.kind is Kind.JSON else "VARCHAR" for field in fields}
    return _literal(json.dumps(types))


def parsed(fields: Sequence[Field], record: str = "record") -> str:
    """Return SQL for a struct of the checked fields' values by column, read from the struct `record`.

    Parsing a value is dear to plan and to run: with this struct it is done once for all that use it.
    """
    values = [f"'{f.column}': {f.kind.parse(f.text(record))}" for f in fields if f.is_checked]
    return f"{{{', '.join(values)}}}" if values else "NULL"


def projection(fields: Sequence[Field], record: str = "record", values: str | None = None) -> str:
    """Return the SQL select list of the fields' columns, read from the struct `record`.

    Checked fields are taken from the struct `values`, where it is given, as `parsed` made it.
    """
    return ", ".join(f'{_value(field, record, values)} AS "{field.column}"' for field in fields)


def columns(fields: Sequence[Field]) -> str:
    """Return the SQL list of the fields' column names."""
    return ", ".join(f'"{field.column}"' for field in fields)


def extras(fields: Sequence[Field], document: str = "document") -> str:
    """Return SQL for the JSON object of all other keys of `document`, null where there is none."""
    known = _literal(json.dumps({field.key: None for field in fields}))
    others = f"nullif(json_merge_patch({document}, {known}), '{{}}')"
    return f"CASE WHEN {document} IS NOT NULL THEN {others} END"


def fault(fields: Sequence[Field], record: str = "record", values: str | None = None) -> str:
    """Return SQL for the reason why the struct `record` cannot be landed, null where it can."""
    reasons = [_missing(field, record) for field in fields if field.required]
    reasons += [_unreadable(field, record, values) for field in fields if field.is_checked]
    return f"CASE {' '.join(reasons)} END" if reasons else "NULL::VARCHAR"


def _missing(field: Field, record: str) -> str:
    text = field.text(record)
    return f"WHEN {text} IS NULL OR {text}::VARCHAR = '' THEN {_literal(field.key + ' is missing')}"


def _value(field: Field, record: str, values: str | None) -> str:
    if values and field.is_checked:
        return f'{values}."{field.column}"'
    return field.kind.parse(field.text(record))


def _unreadable(field: Field, record: str, values: str | None) -> str:
    text = field.text(record)
    told = f"{_literal(field.key + ': ')} || left({text}, 80) || {_literal(f' is not {field.kind.title}')}"
    return f"WHEN {text} <> '' AND {_value(field, record, values)} IS NULL THEN {told}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
