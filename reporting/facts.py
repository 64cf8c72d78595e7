"""What the report tells, read from the database in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from loaders.queries import first_row
from reporting import queries
from reporting.marts import opened_marts

Row = tuple[Any, ...]
# The choice of all sources together; a source is named by its own name.
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Rows by choice of source, as the queries of the same name tell them, without the source.

    `as_of` is the time of the last load (UTC), None before the first; `are_behind` tells that something was
    loaded after the marts were built.
    """

    as_of: datetime | None
    are_behind: bool
    session_totals: dict[str, list[Row]]
    visitor_totals: dict[str, list[Row]]
    event_totals: dict[str, list[Row]]
    loads: dict[str, list[Row]]
    last_loads: dict[str, list[Row]]
    exports_left_out: dict[str, list[Row]]
    rejected_lines: dict[str, list[Row]]
    rejected_events: dict[str, list[Row]]
    activity: dict[str, list[Row]]
    durations: dict[str, list[Row]]
    flows: dict[str, list[Row]]
    retention: dict[str, list[Row]]
    top_events: dict[str, list[Row]]
    first_events: dict[str, list[Row]]
    last_events: dict[str, list[Row]]
    landing_pages: dict[str, list[Row]]
    referrers: dict[str, list[Row]]
    campaigns: dict[str, list[Row]]

    @property
    def sources(self) -> list[str]:
        """The sources that were ever loaded or have events or sessions, sorted."""
        named = {*self.last_loads, *self.event_totals, *self.session_totals, *self.rejected_events}
        return sorted(named - {ALL})

    @property
    def is_empty(self) -> bool:
        """Whether the marts hold neither a session nor an event."""
        return not (self.total("event_totals", ALL) or self.total("session_totals", ALL))

    def total(self, name: str, choice: str) -> int:
        """Return the first number of a total, 0 where the choice has none."""
        rows = getattr(self, name).get(choice)
        return int(rows[0][0]) if rows else 0


def read_facts(database: Path) -> Facts:
    """Read everything that the report tells; raises as `opened_marts` does."""
    with opened_marts(database) as connection:
        row = first_row(connection, queries.AS_OF)
        as_of: datetime | None = row[0] if row else None
        behind = first_row(connection, queries.ARE_MARTS_BEHIND)

        def by_choice(statement: str, **values: object) -> dict[str, list[Row]]:
            return _by_choice(connection.execute(statement, values or None).fetchall())

        reasons = {"shown_reasons": queries.SHOWN_REASONS}
        names = {"shown_names": queries.SHOWN_NAMES}
        return Facts(
            as_of=as_of,
            are_behind=bool(behind and behind[0]),
            session_totals=by_choice(queries.SESSION_TOTALS),
            visitor_totals=by_choice(queries.VISITOR_TOTALS),
            event_totals=by_choice(queries.EVENT_TOTALS),
            loads=by_choice(queries.LOADS),
            last_loads=by_choice(queries.LAST_LOADS),
            exports_left_out=by_choice(queries.EXPORTS_LEFT_OUT, shown_exports=queries.SHOWN_EXPORTS),
            rejected_lines=by_choice(queries.REJECTED_LINES, **reasons),
            rejected_events=by_choice(queries.REJECTED_EVENTS, **reasons),
            activity=by_choice(queries.ACTIVITY, as_of=as_of, shown_days=queries.SHOWN_DAYS),
            durations=by_choice(queries.DURATIONS, edges=list(queries.DURATION_EDGES)),
            flows=by_choice(_flows(connection), names_per_step=queries.NAMES_PER_STEP),
            retention=by_choice(
                queries.RETENTION,
                as_of=as_of,
                retention_days=queries.RETENTION_DAYS,
                cohorts=queries.COHORTS,
            ),
            top_events=by_choice(queries.TOP_EVENTS, **names),
            first_events=by_choice(queries.FIRST_EVENTS, **names),
            last_events=by_choice(queries.LAST_EVENTS, **names),
            landing_pages=by_choice(queries.LANDING_PAGES, **names),
            referrers=by_choice(queries.REFERRERS, **names),
            campaigns=by_choice(queries.CAMPAIGNS, **names),
        )


def _by_choice(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for source, *values in rows:
        found.setdefault(ALL if source is None else str(source), []).append(tuple(values))
    return found


def _flows(connection: duckdb.DuckDBPyConnection) -> str:
    built = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'marts' AND table_name = 'fct_flows'"
    ).fetchall()
    columns = [column for column in queries.STEP_COLUMNS if (column,) in built]
    steps = [
        queries.FLOWS_STEP.format(step=step, column=column, next_column=next_column)
        for step, (column, next_column) in enumerate(pairwise(columns), start=1)
    ]
    return queries.FLOWS.format(
        columns=", ".join(f"flows.{column}" for column in columns),
        steps="UNION ALL".join(steps),
        last_step=len(steps),
    )
