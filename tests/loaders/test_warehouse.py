from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from loaders import warehouse
from loaders.errors import DatabaseLockedError, NotReadyError, UsageError
from loaders.vendors.registry import VENDORS
from loaders.warehouse import (
    connect,
    connect_read_only,
    forget_written,
    one_thread,
    parsing_beside,
    transaction,
)

PROVENANCE = {
    "_load_id": ("BIGINT", "NO"),
    "_loaded_at": ("TIMESTAMP", "NO"),
    "_file": ("VARCHAR", "NO"),
    "_line": ("BIGINT", "NO"),
}
HOLDER = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@contextmanager
def held(database: Path, seconds: float) -> Iterator[None]:
    """Hold the file in another process for so long, or until the block ends."""
    command = [sys.executable, "-c", HOLDER, str(database), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield
        process.kill()


def test_every_table_of_every_vendor_is_there_and_empty(connection: duckdb.DuckDBPyConnection) -> None:
    tables = {
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables()"
        ).fetchall()
    }
    expected = {
        *("raw.loads", "raw.load_files", "raw.known_files", "raw.rejected_lines"),
        *("raw_leanplum.sessions", "raw_leanplum.states", "raw_leanplum.events"),
        *("raw_leanplum.event_parameters", "raw_leanplum.user_attributes", "raw_leanplum.experiments"),
        "raw_monetate.sessions",
        *("raw_pendo.allevents", "raw_pendo.matched_events", "raw_pendo.allpages", "raw_pendo.allfeatures"),
        *("raw_pendo.alltracktypes", "raw_pendo.allguides"),
        *("raw_pendo.accounts", "raw_pendo.visitors", "raw_pendo.metadata_fields"),
        *("raw_rudderstack.tracks", "raw_rudderstack.identifies", "raw_rudderstack.aliases"),
        "raw_snowplow.events",
    }
    assert expected <= tables
    for table in tables:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_a_vendor_writes_only_to_tables_that_exist(connection: duckdb.DuckDBPyConnection) -> None:
    assert len(VENDORS) == 5
    for make in VENDORS.values():
        for table in make().tables:
            connection.execute(f"SELECT _load_id FROM {table}")


def test_every_row_of_a_vendor_tells_where_it_came_from(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        "SELECT table_schema || '.' || table_name, column_name, data_type, is_nullable "
        "FROM information_schema.columns WHERE table_schema LIKE 'raw!_%' ESCAPE '!' AND column_name[1] = '_'"
    ).fetchall()
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for table, column, kind, nullable in rows:
        found.setdefault(table, {})[column] = (kind, nullable)
    assert len(found) >= 17
    for table, columns in found.items():
        assert {name: columns.get(name) for name in PROVENANCE} == PROVENANCE, table


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    database = tmp_path / "w.duckdb"
    first = connect(database)
    first.execute("INSERT INTO raw_rudderstack.tracks (id, _load_id, _loaded_at, _file, _line) "
                  "VALUES ('a', 1, '2020-01-01', 'f', 1)")  # fmt: skip
    first.close()
    second = connect(database)
    assert second.execute("SELECT id, as_integer('7') FROM raw_rudderstack.tracks").fetchall() == [("a", 7)]
    second.close()
    reader = connect_read_only(database)
    assert reader.execute("SELECT id FROM raw_rudderstack.tracks").fetchall() == [("a",)]
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        reader.execute("DELETE FROM raw_rudderstack.tracks")
    reader.close()


def test_the_file_is_written_in_the_storage_format_of_1_5(connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.execute("SELECT current_setting('storage_compatibility_version')").fetchone() == (
        "v1.5.0",
    )
    (tags,) = connection.execute(
        "SELECT tags FROM duckdb_databases() WHERE database_name = 'warehouse'"
    ).fetchall()
    assert tags[0]["storage_version"].startswith("v1.5.0")


def test_a_file_that_duckdb_made_by_itself_can_be_used(tmp_path: Path) -> None:
    database = tmp_path / "w.duckdb"
    with duckdb.connect(str(database), config=warehouse.CONFIG) as other:
        other.execute("CREATE TABLE mine AS SELECT 42 AS x")
    with pytest.raises(UsageError, match=r"Nothing was ever loaded into .*w\.duckdb"):
        connect_read_only(database)
    connection = connect(database)
    assert connection.execute("SELECT x FROM mine").fetchone() == (42,)
    assert connection.execute("SELECT count(*) FROM raw.loads").fetchone() == (0,)
    connection.close()


def test_times_are_utc_on_every_connection(tmp_path: Path) -> None:
    connect(tmp_path / "w.duckdb").close()
    for open_it in (connect, connect_read_only):
        opened = open_it(tmp_path / "w.duckdb")
        assert opened.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)
        opened.close()


def test_what_a_killed_process_had_committed_can_be_read(tmp_path: Path) -> None:
    database = tmp_path / "w.duckdb"
    program = (
        "import os, sys; from pathlib import Path; from loaders.warehouse import connect\n"
        'c = connect(Path(sys.argv[1])); c.execute("PRAGMA disable_checkpoint_on_shutdown")\n'
        "c.execute(\"INSERT INTO raw.loads VALUES (1, 'v', 'e', 'loaded', 0, 0, 0, '', '', '', NULL)\")\n"
        "c.begin(); c.execute('DELETE FROM raw.loads'); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(database)], check=False).returncode == 9
    for open_it in (connect_read_only, connect):
        connection = open_it(database)
        assert connection.execute("SELECT export_id FROM raw.loads").fetchall() == [("e",)]
        connection.close()


@pytest.mark.parametrize("open_it", [connect, connect_read_only])
def test_a_held_file_is_waited_for_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_it: Callable[[Path], object]
) -> None:
    monkeypatch.setattr(warehouse, "LOCK_WAIT_SECONDS", 0.5)
    database = tmp_path / "w.duckdb"
    connect(database).close()
    with held(database, 30):
        begun = time.monotonic()
        with pytest.raises(DatabaseLockedError, match=r"w\.duckdb is in use by another process") as caught:
            open_it(database)
        assert 0.2 < time.monotonic() - begun < 10
    assert caught.value.exit_code == 3


def test_a_file_that_is_let_go_in_time_is_opened(tmp_path: Path) -> None:
    database = tmp_path / "w.duckdb"
    connect(database).close()
    with held(database, 0.5):
        connect(database, lock_wait_seconds=20).close()


@pytest.mark.parametrize("folder", ["plain", "clock"])
@pytest.mark.parametrize("content", [b"", b"just some text\n" * 1000])
def test_a_file_that_is_no_database_is_told_at_once(tmp_path: Path, folder: str, content: bytes) -> None:
    (tmp_path / folder).mkdir()
    database = tmp_path / folder / "notes.txt"
    database.write_bytes(content)
    begun = time.monotonic()
    with pytest.raises(
        NotReadyError, match=r"Cannot open .*notes\.txt: .*not a valid DuckDB database"
    ) as caught:
        connect(database, lock_wait_seconds=20)
    assert not isinstance(caught.value, DatabaseLockedError)
    assert time.monotonic() - begun < 10
    assert database.read_bytes() == content


def test_a_missing_folder_and_a_missing_file_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"The folder .*nowhere does not exist; create it first"):
        connect(tmp_path / "nowhere" / "w.duckdb")
    with pytest.raises(UsageError, match=r"There is no database at .*w\.duckdb"):
        connect_read_only(tmp_path / "w.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_a_transaction_is_kept_or_undone_as_a_whole(connection: duckdb.DuckDBPyConnection) -> None:
    def fail() -> None:
        with transaction(connection):
            connection.execute("INSERT INTO t VALUES (2)")
            raise KeyboardInterrupt

    connection.execute("CREATE TABLE t (x INTEGER)")
    with transaction(connection):
        connection.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(KeyboardInterrupt):
        fail()
    assert connection.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_the_first_error_is_told_when_the_rollback_fails_too(connection: duckdb.DuckDBPyConnection) -> None:
    def fail() -> None:
        with transaction(connection):
            connection.close()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def setting(connection: duckdb.DuckDBPyConnection, name: str) -> object:
    row = connection.execute(f"SELECT current_setting('{name}')").fetchone()
    return row[0] if row else None


def test_statements_run_in_one_thread_until_the_block_ends_however_it_ends(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    usual = setting(connection, "threads")
    with transaction(connection), one_thread(connection):
        assert setting(connection, "threads") == 1
    assert setting(connection, "threads") == usual
    with pytest.raises(duckdb.ConversionException), transaction(connection), one_thread(connection):
        connection.execute("SELECT 'x'::INTEGER")
    assert setting(connection, "threads") == usual


def test_a_connection_beside_parses_as_the_one_with_the_file_does(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    query = "SELECT as_time('2024-04-14 09:30:15'), as_time('1713087015250'), as_moment('2024-04-14')::DATE"
    with parsing_beside() as beside:
        assert beside.execute(query).fetchall() == connection.execute(query).fetchall()
        assert setting(beside, "threads") == 1
        for name in ("TimeZone", "memory_limit"):
            assert setting(beside, name) == setting(connection, name)


def test_what_is_written_is_forgotten_and_can_be_read_again(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held() -> int:
        row = connection.execute(
            "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'BASE_TABLE'"
        ).fetchone()
        return int(row[0]) if row else 0

    monkeypatch.setattr(warehouse, "KEPT_BYTES", 4 << 20)
    with transaction(connection), one_thread(connection):
        connection.execute("CREATE TABLE t AS SELECT hash(range) AS h, hash(h) AS g FROM range(2_000_000)")
        before = held()
        assert before > 16 << 20
        forget_written(connection)
        assert held() < 8 << 20
        assert setting(connection, "memory_limit") == "1.0 GiB"
        assert connection.execute("SELECT count(*) FROM t WHERE g = hash(h)").fetchone() == (2_000_000,)


def test_where_nothing_can_be_forgotten_the_limit_stays(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "KEPT_BYTES", 1)
    with transaction(connection):
        connection.execute("CREATE TABLE t (x BIGINT PRIMARY KEY)")
        connection.execute("INSERT INTO t FROM range(100_000)")
        forget_written(connection)
    assert setting(connection, "memory_limit") == "1.0 GiB"
