"""The DuckDB file: opening it, its raw tables, and transactions."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import duckdb

from loaders.errors import DatabaseLockedError, NotReadyError, UsageError, first_line
from loaders.limits import MEMORY_BYTES
from loaders.queries import first_row

# Files stay readable for DuckDB 1.5 whichever version writes them.
CONFIG: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": "v1.5.0"}
LOCKED = re.compile(r"could not set lock on file|used by another process", re.IGNORECASE)
# The same class of error tells of a full disk.
NO_MEMORY = re.compile(r"failed to (?:allocate|pin)|could not allocate", re.IGNORECASE)
# A file of DuckDB begins with three headers; a shorter one is not yet a database.
HEADERS_BYTES = 3 * 4096
# What `forget_written` leaves in memory: about what DuckDB collects before it writes.
KEPT_BYTES = 64 << 20
LOCK_WAIT_SECONDS = 30.0
LOCK_FIRST_PAUSE_SECONDS = 0.1
SCHEMA_FILES = (
    "ledger.sql",
    "leanplum.sql",
    "monetate.sql",
    "pendo.sql",
    "rudderstack.sql",
    "snowplow.sql",
)


def connect(database: Path, lock_wait_seconds: float | None = None) -> duckdb.DuckDBPyConnection:
    """Open the file for writing, in UTC, with every raw table and parser in place.

    Waits up to `lock_wait_seconds` (LOCK_WAIT_SECONDS without it) for another process that holds the
    file; raises DatabaseLockedError after that, NotReadyError for a file that is no DuckDB database.
    """
    _note_that_pandas_is_absent()
    wait_seconds = LOCK_WAIT_SECONDS if lock_wait_seconds is None else lock_wait_seconds
    connection = _open(database, wait_seconds, read_only=False)
    try:
        for name in SCHEMA_FILES:
            connection.execute(_sql(name))
        _add_parsers(connection)
    except duckdb.Error as error:
        connection.close()
        raise NotReadyError(f"Cannot prepare {database}: {told(error)}") from error
    return connection


def connect_read_only(database: Path) -> duckdb.DuckDBPyConnection:
    """Open an existing file for reading; raises UsageError where there is none, or none of this package."""
    if not database.exists():
        raise UsageError(
            f"There is no database at {database}. Load an export first, or name the database with --database "
            f"or SESSIONHOUSE_DATABASE."
        )
    connection = _open(database, LOCK_WAIT_SECONDS, read_only=True)
    connection.execute("SET TimeZone = 'UTC'")
    if not first_row(
        connection, "SELECT 1 FROM duckdb_tables() WHERE (schema_name, table_name) = ('raw', 'loads')"
    ):
        connection.close()
        raise UsageError(
            f"Nothing was ever loaded into {database}. Load an export first, or name another database with "
            f"--database or SESSIONHOUSE_DATABASE."
        )
    return connection


@contextmanager
def parsing_beside() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection without a file, in UTC and with every parser, that works in its caller's thread."""
    with duckdb.connect(config={"threads": 1, "memory_limit": _memory_limit()}) as connection:
        _add_parsers(connection)
        yield connection


def forget_written(connection: duckdb.DuckDBPyConnection) -> None:
    """Have DuckDB drop from memory what it wrote to the connection's file, and keeps there up to its limit.

    No other statement may run meanwhile: there would hardly be memory for it.
    """
    if MEMORY_BYTES.value <= KEPT_BYTES:
        return
    with connection.cursor() as settings:
        # More than that may be needed: then nothing is dropped.
        with suppress(duckdb.OutOfMemoryException):
            settings.execute(f"SET memory_limit = '{KEPT_BYTES}B'")
        settings.execute(f"SET memory_limit = '{_memory_limit()}'")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block did, or roll it back whole when the block raises."""
    connection.begin()
    try:
        yield
    except BaseException:
        # A failure that closed the database leaves nothing to roll back, and must not be hidden by that.
        with suppress(duckdb.Error):
            connection.rollback()
        raise
    connection.commit()


@contextmanager
def one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB run the statements of the block in the thread that executes them.

    A statement over one Arrow table is one task. With more threads another one takes it, the caller's spins
    until it is done, and rows of a join are kept in memory rather than written to the file.
    """
    # Beside the caller's transaction, which may be aborted when the block ends.
    with connection.cursor() as settings:
        (threads,) = first_row(settings, "SELECT current_setting('threads')") or (1,)
        settings.execute("SET threads = 1")
        try:
            yield
        finally:
            settings.execute(f"SET threads = {threads}")


def _note_that_pandas_is_absent() -> None:
    """Have Python remember that there is no pandas, where there is none.

    DuckDB asks for it twice for each value that a statement is given, and each time the whole path would be
    searched: a tenth of a millisecond.
    """
    if "pandas" not in sys.modules and find_spec("pandas") is None:
        sys.modules["pandas"] = None  # type: ignore[assignment]


def told(error: Exception) -> str:
    """Return what an error of the database or the machine says, and what to do where memory ran out."""
    if isinstance(error, duckdb.OutOfMemoryException) and NO_MEMORY.search(str(error)):
        return (
            f"{first_line(error)}. DuckDB may hold {MEMORY_BYTES.value:,} bytes in memory; "
            f"raise the limit with {MEMORY_BYTES.variable}."
        )
    return first_line(error)


def _open(database: Path, wait_seconds: float, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    if not database.parent.is_dir():
        raise UsageError(f"The folder {database.parent} does not exist; create it first.")
    # What does not fit goes to the folder beside the file that DuckDB makes for it.
    config = {**CONFIG, "memory_limit": _memory_limit()}
    is_new = not database.exists()
    give_up_at = time.monotonic() + wait_seconds
    pause = LOCK_FIRST_PAUSE_SECONDS
    while True:
        try:
            return duckdb.connect(str(database), read_only=read_only, config=config)
        except duckdb.IOException as error:
            if not LOCKED.search(str(error)):
                if is_new:
                    _remove_half_made(database)
                raise NotReadyError(f"Cannot open {database}: {first_line(error)}") from error
            if time.monotonic() + pause > give_up_at:
                raise DatabaseLockedError(
                    f"{database} is in use by another process (waited {wait_seconds:.0f} s). "
                    f"Close it there, or wait for the running build, and run the command again."
                ) from error
        except duckdb.Error as error:
            raise NotReadyError(f"Cannot open {database}: {told(error)}") from error
        time.sleep(pause)
        pause = min(2 * pause, 5.0)


def _remove_half_made(database: Path) -> None:
    """Remove the file whose making failed: it holds nothing, and could not be opened again."""
    with suppress(OSError):
        if database.stat().st_size < HEADERS_BYTES:
            database.unlink()


def _memory_limit() -> str:
    return f"{MEMORY_BYTES.value}B"


def _add_parsers(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(_sql("parsers.sql"))


def _sql(name: str) -> str:
    return (resources.files("loaders") / "raw" / name).read_text(encoding="utf-8")
