"""Pieces of delimited files that are cut in bulk, and those that are examined: the same rows either way."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders import lines, plain
from loaders.landing import CHUNK_BYTES, open_landing
from loaders.plain import TsvCutter, moments, read_pieces
from loaders.vendors.rudderstack import loader as rudderstack
from loaders.vendors.snowplow import events
from loaders.vendors.snowplow.columns import ATOMIC_COLUMNS
from tests.loaders.conftest import LoadFolder
from tests.loaders.snowplow_delivery import event, tsv
from tests.loaders.soundness import loaded

MARK = b"\xef\xbb\xbf"
E1, E2, E3 = (tsv(event(name, user_id=f"u {name}", geo_city="Köln")).encode() for name in ("e1", "e2", "e3"))
ATOMIC = tsv(event("a1"), columns=ATOMIC_COLUMNS).encode()
DEEP = tsv(event("deep", contexts="[" * 1001 + "]" * 1001)).encode()
BUSY = tsv(event("busy", contexts="[" + "{}," * 1500 + "{}]")).encode()
NAMED = b"id,received_at,user_id,context_session_id,context_session_start,event_text,odd\n"


def plainly(name: str, **values: str) -> bytes:
    filled = {"received_at": "2026-01-01 10:00:00.5", "event_text": "Order Done"} | values
    keys = NAMED.decode().strip().split(",")[1:]
    return ",".join([name, *(filled.get(key, "") for key in keys)]).encode() + b"\n"


R1, R2, R3 = map(plainly, ("r1", "r2", "r3"))

# What a careful reader lands, quarantines or refuses: none of it may become other rows when cut in bulk.
TSV_FILES = (
    E1 + E2 + E3,
    (E1 + E2 + E3).removesuffix(b"\n"),
    (E1 + E2 + E3).replace(b"\n", b"\r\n"),
    (E1 + E2 + E3).replace(b"\n", b"\r\n").removesuffix(b"\n"),
    E1 + E2.replace(b"\n", b"\r\n") + E3,
    E1 + E2.replace(b"\n", b"\r\r\n") + E3,
    E1.replace(b"K", b"\r") + E2,
    E1.replace(b"K", b"\0") + E2,
    E1.replace(b"K", b"\xff") + E2,
    E1.replace(b"K", b"\xed\xa0\x80") + E2,
    E1.replace(b"K", b"\xf4\x90\x80\x80") + E2,
    E1.replace(b"K", b"\xc2\x85\xe2\x80\xa8\x0b\x0c\x1c") + E2,
    MARK + E1 + E2,
    MARK + MARK + E1 + E2,
    E1 + MARK + E2,
    b"\n" + E1 + b"\n\n" + E2 + b"\n",
    b" \t\n" + E1 + b"\t" * 130 + b"\n" + b" \t" * 130 + b"\n" + E2,
    E1 + b"\t" * 129 + b"x\n" + E2,
    E1 + E2.replace(b"\n", b"\t\n") + E3,
    E1 + E2.replace(b"\t\n", b"\n") + E3,
    E1 + ATOMIC + E2,
    E1 + E2[:40],
    E1.replace(b"K", b'"') + E2.replace(b"K", b'"\\') + E3.replace(b"K", b"'"),
    E1.replace(b"e1", b"") + E2,
    E1.replace(b"2024-05-01 10:00:00.123", b"") + E2,
    E1.replace(b"2024-05-01 10:00:00.123", b"yesterday") + E2,
    E1.replace(b"2024-05-01 10:00:00.123", b"1714557600123") + E2,
    E1.replace(b"2024-05-01 10:00:00.123", b"2024-05-01 10") + E2,
    E1.replace(b"2024-05-01 10:00:00.123", b"2100-01-01 00:00:00") + E2,
    E1.replace(b"2024-05-01 10:00:00.123", b" 2024-05-01 10:00:00") + E2,
    E1 + DEEP + E2,
    E1 + BUSY + E2,
    E1 + tsv(event("n", user_id="NULL", geo_city="NA", app_id="\\N", platform="nan")).encode(),
    E1 + tsv(event("w", tr_total="1", true_tstamp="x")).encode() + E3,
    b"", b"\n", b"x", MARK,
)  # fmt: skip
CSV_FILES = (
    NAMED + R1 + R2 + R3,
    (NAMED + R1 + R2).removesuffix(b"\n"),
    (NAMED + R1 + R2).replace(b"\n", b"\r\n"),
    NAMED.replace(b"\n", b"\r\n") + R1 + R2,
    NAMED + R1 + R2.replace(b"\n", b"\r\n"),
    MARK + NAMED + R1,
    b"\n" + NAMED + R1,
    b" \n" + NAMED + R1,
    NAMED + R1 + b"\n\n" + R2 + b"\n",
    NAMED + R1 + b" \n" + R2,
    NAMED + R1 + b",,,,,,\n" + R2,
    NAMED + plainly("q", event_text='"a ""b"", c"', user_id='""', odd='""""') + R2,
    NAMED + plainly("q", event_text='"two\nlines, ""\n\n"', odd='"\n"') + R2,
    NAMED + plainly("q", event_text='"two\r\nlines"') + R2,
    NAMED + plainly("q", event_text='"a"b') + R2,
    NAMED + plainly("q", event_text='a"b"') + R2,
    NAMED + plainly("q", event_text='a"b') + R2,
    NAMED + plainly("q", event_text='"a""') + R2 + R3,
    NAMED + plainly("q", event_text=' "a,b"') + R2,
    NAMED + plainly("q", event_text='"a\\"b"') + R2,
    NAMED + R1 + plainly("q", event_text='"open') + R2 + R3,
    NAMED + R1 + R2.replace(b"\n", b",\n") + R3,
    NAMED + R1 + R2.replace(b",\n", b"\n") + R3,
    NAMED + R1 + b"r9\n" + R3,
    NAMED.replace(b",odd", b"") + R1 + R2,
    NAMED + plainly("") + R2,
    NAMED + plainly("t", received_at="2026-01-01T10:00:00Z", odd="NULL") + plainly("t", user_id="NA"),
    NAMED + plainly("t", received_at="2026-01-01 10:00:00+02") + R1,
    NAMED + plainly("t", received_at="2026-01-01 10:00Z"),
    NAMED + plainly("t", received_at="2026-01-01 10") + R2,
    NAMED + plainly("t", received_at="2026-01-01 10Z") + R2,
    NAMED + plainly("t", received_at="2026-01-01") + R2,
    NAMED + plainly("t", received_at="1767225600") + R2,
    NAMED + plainly("t", received_at=" 2026-01-01 10:00:00") + R2,
    NAMED + plainly("t", received_at="2026-01-01 10:00:00.1234567") + R2,
    NAMED + plainly("t", received_at="soon") + R2,
    NAMED + plainly("t", received_at="1969-12-31 23:59:59") + R2,
    NAMED + plainly("i", context_session_id="0123", context_session_start="t") + R2,
    NAMED + plainly("i", context_session_id="1e3", context_session_start="TRUE") + R2,
    NAMED + plainly("i", context_session_id="-5") + plainly("i", context_session_id="x") + R2,
    NAMED + plainly("i", context_session_id="9" * 19) + plainly("i", context_session_start="yes"),
    NAMED + plainly("z", event_text="\0") + R2,
    NAMED + plainly("z", event_text="\u2028\x0b") + R2,
    NAMED + plainly("z").replace(b"Order", b"\xff") + R2,
    NAMED + MARK + R1,
    NAMED.replace(b"id,", b"ID , ", 1) + R1 + R2,
    NAMED.replace(b"user_id", b"_timestamp") + plainly("u", user_id="2026-01-01 11:00:00"),
    NAMED.replace(b"user_id", b"received_at") + R1,
    NAMED.replace(b"received_at", b"when") + R1,
    NAMED.replace(b"odd", b'"o""d, d"') + plainly("o", odd="{}") + R2,
    NAMED.replace(b"odd", b'"o\nd"') + plainly("o", odd="1") + R2,
    NAMED, NAMED.removesuffix(b"\n"), b"", b"\n", b"id\nx\n\n", b'"id', R1,
)  # fmt: skip


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, bytes], None]:
    """Return a function that loads one file both ways and compares everything that was kept."""
    folder = tmp_path / "landing"

    def compare(vendor: str, name: str, content: bytes) -> None:
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        found = loaded(vendor, folder, tmp_path / "w.duckdb")
        with monkeypatch.context() as patch:
            patch.setattr(events, "_Proof", lambda shapes: lambda piece: None)
            patch.setattr(rudderstack, "land_plain_columns", lambda *_: False)
            assert found == loaded(vendor, folder, tmp_path / "w.duckdb")
        (folder / name).unlink()

    return compare


def cut_small(monkeypatch: pytest.MonkeyPatch, piece_bytes: int) -> None:
    """Have pieces end at the next end of a line behind so many bytes."""
    monkeypatch.setattr(plain, "PIECE_BYTES", piece_bytes)
    monkeypatch.setattr(lines, "CHUNK_BYTES", min(piece_bytes * 50, CHUNK_BYTES))


@pytest.mark.parametrize("piece_bytes", [1, 4 << 20])
@pytest.mark.parametrize("content", TSV_FILES)
def test_lines_of_tsv_land_alike(
    both: Callable[..., None], monkeypatch: pytest.MonkeyPatch, content: bytes, piece_bytes: int
) -> None:
    cut_small(monkeypatch, piece_bytes)
    both("snowplow", "enriched.tsv", content)


@pytest.mark.parametrize("piece_bytes", [1, 4 << 20])
@pytest.mark.parametrize("content", CSV_FILES)
def test_rows_of_csv_land_alike(
    both: Callable[..., None], monkeypatch: pytest.MonkeyPatch, content: bytes, piece_bytes: int
) -> None:
    cut_small(monkeypatch, piece_bytes)
    both("rudderstack", "tracks.csv", content)


@pytest.mark.parametrize("content", [E1 + E2, E1 + BUSY + E3, (E1 + E2).replace(b"\n", b"\r\n")])
def test_plain_lines_are_not_examined(load_folder: LoadFolder, landing_folder: Path, content: bytes) -> None:
    (landing_folder / "enriched.tsv").write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(events, "_land_lines")
        (outcome,) = load_folder("snowplow")
    assert outcome.entry.rows == content.count(b"\n")


@pytest.mark.parametrize(
    "rows",
    [R1 + R2, plainly("q", event_text='"a ""b"",\nc"'), plainly("t", received_at="2026-01-01 10:00:00+02")],
)
def test_plain_rows_are_read_once(load_folder: LoadFolder, landing_folder: Path, rows: bytes) -> None:
    (landing_folder / "tracks.csv").write_bytes(NAMED + rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(rudderstack, "read_csv")
        (outcome,) = load_folder("rudderstack")
    assert outcome.entry.rows == rows.count(b"2026-01-01")


def test_a_row_in_doubt_behind_many_plain_ones_leaves_no_row_twice(
    both: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_small(monkeypatch, 1)
    monkeypatch.setattr(plain, "GROUP_ROWS", 3)
    both("rudderstack", "tracks.csv", NAMED + R1 * 20 + plainly("bad", received_at="soon") + R2 * 20)


@pytest.mark.parametrize("group_rows", [1, 2, 3, 5, 100])
def test_runs_begin_anew_where_another_column_is_filled(
    both: Callable[..., None], monkeypatch: pytest.MonkeyPatch, group_rows: int
) -> None:
    cut_small(monkeypatch, 1)
    monkeypatch.setattr(plain, "GROUP_ROWS", group_rows)
    other = tsv(event("w", tr_total="1"), event("v", ti_name="x")).encode()
    both("snowplow", "enriched.tsv", E1 + E2 + E3 + other + b"bad\n" + E1 + other + E2)


@pytest.mark.parametrize(
    ("vendor", "name", "content"),
    [("snowplow", "enriched.tsv.gz", E1 + E2), ("rudderstack", "tracks.csv.gz", NAMED + R1 + R2)],
)
def test_a_damaged_gzip_file_lands_alike(
    both: Callable[..., None], vendor: str, name: str, content: bytes
) -> None:
    whole = gzip.compress(content, mtime=0)
    both(vendor, name, whole)
    for damaged in (whole[:-3], whole + b"x", whole + whole, whole[:-8] + b"\0" * 8):
        both(vendor, name, damaged)


CHANGES = st.tuples(
    st.floats(0, 1),
    st.integers(0, 3),
    st.sampled_from([b"", b'"', b'""', b",", b"\t", b"\n", b"\r", b"\r\n", b" ", b"\0", b"\xff", MARK, b"0"]),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    changes=st.lists(CHANGES, max_size=4), is_csv=st.booleans(), piece_bytes=st.sampled_from([1, 200, 9999])
)
def test_files_changed_at_random_land_alike(
    both: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    changes: list[tuple[float, int, bytes]],
    is_csv: bool,
    piece_bytes: int,
) -> None:
    cut_small(monkeypatch, piece_bytes)
    quoted = plainly("q", event_text='"a ""b"",\nc"', odd='""')
    content = NAMED + R1 + quoted + R2 + quoted + R3 if is_csv else E1 + BUSY[-2000:] + E2 + E3
    for place, left_out, put_in in changes:
        at = round(place * len(content))
        content = content[:at] + put_in + content[at + left_out :]
    both(*(("rudderstack", "tracks.csv") if is_csv else ("snowplow", "enriched.tsv")), content)


def test_text_of_another_number_of_rows_is_in_doubt() -> None:
    assert TsvCutter(2).cut(b"a\tb\nc\td\n", lines=3) is None
    table = TsvCutter(2).cut(b"a\t\nc\t\n", lines=2)
    assert table is not None
    assert table.to_pydict() == {"c0": ["a", "c"], "c1": [None, None]}
    assert table.schema.types == [pa.string(), pa.null()]


DATES = ("2024-01-01", "2024-02-29", "2023-02-29", "1970-01-01", "1969-12-31", "2099-12-31", "2100-01-01",
    "2024/01/01", "20240101", "2024-1-1", "0001-01-01", "")  # fmt: skip
CLOCKS = ("", "05", "05:06", "05:06:07", "05:06:07.", "05:06:07.1", "05:06:07.123", "05:06:07.123456",
    "05:06:07.1234567", "24:00:00", "23:59:60", "23:59:59.999999", "00:00", "5:6:7", "050607")  # fmt: skip
ZONES = ("", "Z", "z", " Z", "+00", "+0000", "+00:00", "-02:30", " +02:00", " UTC", "UTC", " ", "+02:00:30")


def test_times_taken_in_bulk_are_those_that_the_parser_reads(connection: duckdb.DuckDBPyConnection) -> None:
    texts = [
        begun + date + between + clock + zone
        for begun in ("", " ")
        for date in DATES
        for between in ("", " ", "T", "t")
        for clock in CLOCKS
        for zone in ZONES
    ]
    read = connection.execute("SELECT as_time(text) FROM (SELECT unnest($texts) AS text)", {"texts": texts})
    taken = 0
    for text, (expected,) in zip(texts, read.fetchall(), strict=True):
        found = moments(pa.chunked_array([[text]])) if text else None
        if found is not None:
            taken += 1
            assert found.to_pylist() == [expected], text
    assert taken > 100


@pytest.mark.parametrize("limit", [4, 10])
def test_pieces_hold_the_lines_that_a_reader_of_lines_tells(
    landing_folder: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(plain, "LINE_BYTES_LIMIT", limit)
    monkeypatch.setattr(lines, "LINE_BYTES_LIMIT", limit)
    monkeypatch.setattr(lines, "CHUNK_BYTES", 3)
    path = landing_folder / "it"
    for size in (1, 5, 1000):
        monkeypatch.setattr(plain, "PIECE_BYTES", size)
        for content in (
            b"",
            b"\n",
            b"a",
            b"a\n\nb\r\n",
            b"a" * 30,
            b"x\n" + b"ab" * 20 + b"\ny\n" + b"c" * 7,
        ):
            path.write_bytes(content)
            landing = open_landing(str(path))
            (file,) = landing.list_files()
            pieces = list(read_pieces(landing, "as", file))
            told = [line.removesuffix(b"\r") for piece in pieces for line in piece.block.split(b"\n")]
            assert told == list(lines.read_lines(landing, file))
            firsts = [1 + sum(each.size for each in pieces[:place]) for place in range(len(pieces))]
            assert [piece.first for piece in pieces] == firsts
