"""Which ids the sessions of the warehouse hold, in whatever shape they were delivered."""

from __future__ import annotations

import re

import duckdb

from loaders.metadata.contract import Lookup

# The API takes whole numbers, written as it writes them.
ASKABLE = re.compile(r"0|-?[1-9]\d{0,18}", re.ASCII)


def ids_in_sessions(connection: duckdb.DuckDBPyConnection, lookup: Lookup) -> list[str]:
    """Return the distinct ids of one kind in `raw_monetate.sessions`, numbers first and in order."""
    document, element = "document", "element"
    rows = connection.execute(
        f"""
        WITH documents AS (
            SELECT DISTINCT {lookup.column} AS document FROM raw_monetate.sessions
            WHERE {lookup.column} IS NOT NULL
        ),
        ids AS (
            SELECT unnest(
                CASE json_type(document)
                    WHEN 'OBJECT' THEN {_of_object(document, lookup)}
                    WHEN 'ARRAY' THEN flatten(list_transform(
                        json_extract(document, '$[*]'),
                        lambda element: CASE json_type(element)
                            WHEN 'OBJECT' THEN {_of_object(element, lookup)}
                            WHEN 'ARRAY' THEN [json_extract_string(element, '$[0]')]
                            ELSE [json_extract_string(element, '$')]
                        END
                    ))
                END
            ) AS id
            FROM documents
        )
        SELECT DISTINCT id FROM ids WHERE id <> '' ORDER BY try_cast(id AS BIGINT) NULLS LAST, id
        """
    ).fetchall()
    return [id_ for (id_,) in rows]


def _of_object(document: str, lookup: Lookup) -> str:
    """Return SQL for the list of ids of a JSON object: the one that it names, else its keys."""
    named = ", ".join(f"json_extract_string({document}, '$.{key}')" for key in lookup.id_keys)
    return f"CASE WHEN coalesce({named}) IS NOT NULL THEN [coalesce({named})] ELSE json_keys({document}) END"
