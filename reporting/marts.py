"""The marts, opened for reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from loaders.errors import NotReadyError, first_line
from loaders.warehouse import connect_read_only

MARTS = (
    "dim_sessions",
    "dim_visitors",
    "fct_daily_metrics",
    "fct_events",
    "fct_flows",
    "fct_retention",
    "fct_session_matches",
    "fct_sessions",
)


@contextmanager
def opened_marts(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that only reads, in UTC, with every mart in place.

    Raises UsageError where there is no database, NotReadyError where the marts are not built or cannot be
    read, DatabaseLockedError where another process writes for too long.
    """
    with closing(connect_read_only(database)) as connection:
        built = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'"
        ).fetchall()
        missing = sorted(set(MARTS) - {name for (name,) in built})
        if missing:
            raise NotReadyError(
                f"The marts are not built in {database} ({', '.join(missing)} missing). Run dbt build first."
            )
        try:
            yield connection
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            # Views remember the name that the file had, and columns may be those of another version.
            raise NotReadyError(
                f"The marts in {database} are not as this version builds them: {first_line(error)} "
                f"Run dbt build; after the file was renamed, dbt run."
            ) from error
