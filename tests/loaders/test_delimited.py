from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loaders.delimited import Header, read_csv, read_parquet, rows_to_lines, rows_to_records
from loaders.errors import DamagedFileError
from loaders.exports import Export
from loaders.fields import Field, Kind, extras, projection
from loaders.landing import open_landing
from loaders.load import PARSED, Load


@dataclass(frozen=True, slots=True)
class Table:
    """What was read: column names, rows as `(line, *values)`, rejects as `(line, reason, raw_text)`."""

    header: Header
    rows: list[tuple[Any, ...]]
    rejects: list[tuple[Any, ...]]
    lines: int


Reading = Callable[..., Table]


@pytest.fixture
def load_of(connection: duckdb.DuckDBPyConnection) -> Callable[[Path], Load]:
    def make(path: Path) -> Load:
        landing = open_landing(str(path))
        export = Export(vendor="v", export_id="e", order=(), files=tuple(landing.list_files()))
        return Load(connection, landing, [export], 1, datetime(2020, 1, 1))

    return make


@pytest.fixture
def read(landing_folder: Path, load_of: Callable[[Path], Load]) -> Reading:
    def run(content: bytes, name: str = "t.csv") -> Table:
        path = landing_folder / name
        path.write_bytes(content)
        load = load_of(path)
        reader = read_parquet if name.endswith("parquet") else read_csv
        header = reader(load, "as.named", load.export.files[0])
        query = load.connection.execute
        rows = query("SELECT * FROM landing_rows ORDER BY line").fetchall()
        assert {row[0] for row in rows} <= {"as.named"}
        rejects = query("SELECT line, reason, raw_text FROM raw.rejected_lines ORDER BY line").fetchall()
        assert load.rejected_rows == len(rejects)
        return Table(header, [row[1:] for row in rows], rejects, load.lines)

    return run


@pytest.mark.parametrize(
    "content",
    [
        b"id,name\n1,a\n2,b\n",
        b"id,name\n1,a\n2,b",
        b"id,name\r\n1,a\r\n2,b\r\n",
        b"\xef\xbb\xbfid,name\n1,a\n2,b\n",
        b'"id","name"\n"1","a"\n"2","b"\n',
        b"\n\nid,name\n1,a\n2,b\n",
        gzip.compress(b"id,name\n1,a\n2,b\n"),
        gzip.compress(b"id,name\n1,") + gzip.compress(b"a\n2,b\n"),
    ],
)
def test_the_same_table_in_many_spellings(read: Reading, content: bytes) -> None:
    table = read(content)
    assert table.header.names == ("id", "name")
    assert table.rows == [(1, "1", "a"), (2, "2", "b")]
    assert (table.lines, table.rejects) == (2, [])


def test_all_values_are_text_as_they_stand_and_empty_ones_are_null(read: Reading) -> None:
    table = read(b'a,b,c,d\n007,1e3, x ,\n"","he said ""hi""",NULL,"l1\nl2"\n')
    assert table.rows == [(1, "007", "1e3", " x ", None), (2, None, 'he said "hi"', "NULL", "l1\nl2")]


def test_columns_are_found_without_regard_to_case_and_blanks() -> None:
    header = Header(("ID", " Received_At ", "x"))
    assert [header.column(name) for name in ("id", "received_at", "X", "y")] == ["c0", "c1", "c2", None]
    assert header.missing(("id", "y", "z")) == ["y", "z"]


def test_rows_of_another_width_are_quarantined_with_their_line_and_text(read: Reading) -> None:
    table = read(b"a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert table.rows == [(1, "1", "2"), (2, "7", "8")]
    assert [(line, text) for line, _, text in table.rejects] == [(3, "3"), (4, "4,5,6")]
    assert table.rejects[0][1].startswith("missing columns: ")
    assert table.rejects[1][1].startswith("too many columns: ")
    assert table.lines == 4


def test_a_row_of_invalid_utf_8_is_quarantined(read: Reading) -> None:
    table = read(b"a,b\n\xff,2\n3,4\n")
    assert table.rows == [(1, "3", "4")]
    assert table.rejects[0][1].startswith("invalid encoding: ")


def test_a_quote_that_is_closed_too_early_is_one_bad_line(read: Reading) -> None:
    table = read(b'a,b\n"x"y,2\n3,4\n')
    assert (table.rows, [line for line, *_ in table.rejects]) == ([(1, "3", "4")], [2])


def test_bad_lines_between_windows_line_ends_are_told_as_they_stood(read: Reading) -> None:
    table = read(b'a,b\r\n1\r\n"x"y,2\r\n3,4\r\n5,6,7\r\n')
    assert table.rows == [(1, "3", "4")]
    assert [(line, text) for line, _, text in table.rejects] == [(2, "1"), (3, '"x"y,2'), (5, "5,6,7")]


def test_a_quote_that_is_never_closed_is_damage_and_does_not_swallow_the_rest(read: Reading) -> None:
    with pytest.raises(DamagedFileError, match=r"t\.csv opens a quote in line 3 that is never closed"):
        read(b'a,b\n1,2\n"x,2\n3,4\n5,6\n')


def test_line_ends_of_two_kinds_are_damage_and_no_traceback(read: Reading) -> None:
    with pytest.raises(DamagedFileError, match=r"t\.csv is no CSV of 2 columns"):
        read(b"a,b\n1,2\r\n3,4\n")
    with pytest.raises(DamagedFileError, match=r"t\.csv has no CSV header in its first line"):
        read(b"a,b\r1,2\r3,4\r")


def test_a_file_of_0_bytes_is_a_table_of_nothing_and_a_header_alone_has_no_rows(read: Reading) -> None:
    assert read(b"").header.names == ()
    assert read(b"\n\n").rows == []
    only = read(b"a,b\n")
    assert (only.header.names, only.rows, only.lines) == (("a", "b"), [], 0)


@pytest.mark.parametrize(
    ("content", "what"),
    [(gzip.compress(b"a,b\n1,2\n")[:-3], "is cut"), (gzip.compress(b"a,b\n1,2\n") + b"x", "goes on behind")],
)
def test_a_damaged_gzip_file_is_refused_although_duckdb_would_read_it(
    read: Reading, content: bytes, what: str
) -> None:
    with pytest.raises(DamagedFileError, match=what):
        read(content)


def test_many_rows_keep_their_order_and_count(read: Reading) -> None:
    content = "a,b\n" + "".join(f"{number},{'x' * 60}\n" for number in range(1, 120_001))
    table = read(content.encode())
    assert [(line, int(a)) for line, a, _ in table.rows] == [(n, n) for n in range(1, 120_001)]


@pytest.mark.parametrize(
    "name", ["x[1].csv", "x*.csv", "x?.csv", "x {1,2}.csv", "dt=2020-01-24.csv", "~x,y'.csv"]
)
def test_a_name_is_never_a_pattern(read: Reading, landing_folder: Path, name: str) -> None:
    for other in ("x1.csv", "x 1.csv", "x 2.csv"):
        (landing_folder / other).write_bytes(b"a\nother\n")
    assert read(b"a\nmine\n", name).rows == [(1, "mine")]


def test_a_folder_that_looks_like_a_partition_adds_no_column(read: Reading, landing_folder: Path) -> None:
    (landing_folder / "run=2020-01-24").mkdir()
    assert read(b"a,b\n1,2\n", "run=2020-01-24/t.csv").rows == [(1, "1", "2")]


@pytest.fixture
def parquet(landing_folder: Path) -> Callable[..., bytes]:
    def make(table: pa.Table, **options: Any) -> bytes:
        path = landing_folder / "made.parquet"
        pq.write_table(table, path, **options)
        content = path.read_bytes()
        path.unlink()
        return content

    return make


def test_parquet_values_become_the_text_that_the_parsers_read(
    read: Reading, parquet: Callable[..., bytes]
) -> None:
    columns = {
        "big": pa.array([9007199254740993, None], pa.int64()),
        "money": pa.array([Decimal("12.30"), None], pa.decimal128(20, 2)),
        "flag": pa.array([True, None]),
        "zoned": pa.array(
            [datetime(2020, 1, 24, 6, 29, 2, 403000, UTC), None], pa.timestamp("us", "Asia/Tokyo")
        ),
        "plain": pa.array([datetime(2020, 1, 24, 6, 29, 2, 403000), None], pa.timestamp("ns")),
        "day": pa.array([date(2020, 1, 24), None]),
        "text": pa.array(["é", None]).dictionary_encode(),
        "nested": pa.array([{"a": [1, None]}, None]),
        "nothing": pa.nulls(2),
    }
    table = read(parquet(pa.table(columns)), "t.parquet")
    assert table.header.names == tuple(columns)
    first, second = table.rows
    assert first[1:4] == ("9007199254740993", "12.30", "true")
    assert first[4:7] == ("2020-01-24 06:29:02.403+00", "2020-01-24 06:29:02.403", "2020-01-24")
    assert (first[7], json.loads(first[8]), first[9]) == ("é", {"a": [1, None]}, None)
    assert second == (2, *[None] * 9)
    assert table.lines == 2


def test_parquet_rows_of_many_batches_are_numbered_on(read: Reading, parquet: Callable[..., bytes]) -> None:
    content = parquet(pa.table({"n": pa.array(range(150_000))}), row_group_size=40_000)
    assert [(line, int(n) + 1) for line, n in read(content, "t.parquet").rows] == [
        (number, number) for number in range(1, 150_001)
    ]


def test_a_damaged_parquet_file_is_refused_wherever_the_damage_is(
    read: Reading, parquet: Callable[..., bytes]
) -> None:
    table = pa.table({"n": pa.array([f"value {n}" for n in range(5000)])})
    content = parquet(table, write_page_checksum=True, use_dictionary=False, compression="none")
    flipped = bytearray(content)
    flipped[content.index(b"value 2500")] ^= 1
    for damaged in (content[:-1], content[: len(content) // 2], b"", b"PAR1", bytes(flipped)):
        with pytest.raises(DamagedFileError, match=r"t\.parquet is no whole Parquet file"):
            read(damaged, "t.parquet")
    assert len(read(content, "t.parquet").rows) == 5000


def test_rows_become_json_lines_with_lower_case_keys(
    load_of: Callable[[Path], Load], landing_folder: Path
) -> None:
    path = landing_folder / "t.csv"
    path.write_text('ID, Na"me \n1,"é ""x"""\n2,\n', encoding="utf-8")
    load = load_of(path)
    rows_to_lines(load, read_csv(load, "n", load.export.files[0]))
    lines = load.connection.execute(
        "SELECT file, line, text, damage FROM landing_lines ORDER BY line"
    ).fetchall()
    assert [(file, line, json.loads(text), damage) for file, line, text, damage in lines] == [
        ("n", 1, {"id": "1", 'na"me': 'é "x"'}, None),
        ("n", 2, {"id": "2", 'na"me': None}, None),
    ]


# Files without a header


@pytest.fixture
def read_named(landing_folder: Path, load_of: Callable[[Path], Load]) -> Callable[[bytes], Table]:
    """Read CSV text whose columns are named `a, b, c`."""

    def run(content: bytes) -> Table:
        path = landing_folder / "t.csv"
        path.write_bytes(content)
        load = load_of(path)
        header = read_csv(load, "t.csv", load.export.files[0], ("a", "b", "c"))
        rows = load.connection.execute("SELECT * FROM landing_rows ORDER BY line").fetchall()
        rejects = load.connection.execute("SELECT line, reason, raw_text FROM raw.rejected_lines").fetchall()
        return Table(header, [row[1:] for row in rows], rejects, load.lines)

    return run


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"1,2,3\n4,,6\n", [(1, "1", "2", "3"), (2, "4", None, "6")]),
        (b"\n\n1,2,3\n", [(1, "1", "2", "3")]),
        (b'"1\n1",2,3\n4,5,6\n', [(1, "1\n1", "2", "3"), (2, "4", "5", "6")]),
        (b"a,b,x\n", [(1, "a", "b", "x")]),
    ],
)
def test_named_columns_make_the_first_row_data(
    read_named: Callable[[bytes], Table], content: bytes, rows: list[tuple[Any, ...]]
) -> None:
    table = read_named(content)
    assert (table.header.names, table.rows, table.lines) == (("a", "b", "c"), rows, len(rows))


def test_a_first_row_of_the_same_names_is_a_header_in_its_own_order(
    read_named: Callable[[bytes], Table],
) -> None:
    table = read_named(b"C,a, B\n3,1,2\n")
    assert (table.header.names, table.rows) == (("C", "a", " B"), [(1, "3", "1", "2")])


def test_a_named_file_without_rows_has_no_columns(read_named: Callable[[bytes], Table]) -> None:
    assert read_named(b"").header.names == ()


@pytest.mark.parametrize("content", [b"1,2\n", b"1,2,3,4\n", b"1;2;3\n"])
def test_another_number_of_columns_than_named_is_refused(
    read_named: Callable[[bytes], Table], content: bytes
) -> None:
    with pytest.raises(DamagedFileError, match="fields in its first row, but 3 columns are named for it"):
        read_named(content)


RECORD_FIELDS = (
    Field("id", "id", required=True),
    Field("happened", "timestamp", Kind.TIME),
    Field("number", "n", Kind.INTEGER),
    Field("absent", "absent", Kind.BOOLEAN),
)
HARD_ROWS = """ID,_timestamp,n,Other,empty
1,2026-01-01T10:00:00+02:00,1234567890123456789,"a ""quoted"", \\ {text}",
2,2026-01-01 10:00:00.123456,-7,,
,2026-01-01,1,no id,
4,yesterday,1,no time,x
5,,one,"two
lines",
6,1767225600,1.5,☃ 'it''s',null
"""


def test_rows_become_the_same_records_directly_and_by_way_of_json(
    landing_folder: Path, load_of: Callable[[Path], Load]
) -> None:
    path = landing_folder / "t.csv"
    path.write_text(HARD_ROWS)
    load = load_of(path)
    header = read_csv(load, "as.named", load.export.files[0])
    rows_to_lines(load, Header(tuple(name.replace("_", "") for name in header.names)))
    load.parse_objects(RECORD_FIELDS)
    by_json = _records(load)
    assert load.rejected_rows == 0
    rows_to_records(load, header, RECORD_FIELDS, {"_timestamp": "timestamp"})
    assert _records(load) == by_json
    assert [row[-1] is None for row in by_json] == [True, True, False, False, False, False]
    rejects = load.connection.execute("SELECT line, reason, raw_text FROM raw.rejected_lines ORDER BY line")
    told = [(line, reason, json.loads(text)) for line, reason, text in rejects.fetchall()]
    assert [(line, reason) for line, reason, _ in told] == [(row[0], row[-1]) for row in by_json if row[-1]]
    assert told[1][2] == {"id": "4", "_timestamp": "yesterday", "n": "1", "other": "no time", "empty": "x"}


def _records(load: Load) -> list[tuple[Any, ...]]:
    return load.connection.execute(
        f"SELECT line, {projection(RECORD_FIELDS, values=PARSED)}, {extras(RECORD_FIELDS)}, reason "
        "FROM landing_records ORDER BY line"
    ).fetchall()
