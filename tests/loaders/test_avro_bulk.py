"""The bulk decoder beside the one that decodes one by one: the same rows, and the same damage noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import loaders.avro
from loaders.avro import read_batches
from loaders.avro_bulk import bulk_texts
from loaders.avro_process import decoded_texts
from loaders.errors import DamagedFileError
from loaders.limits import BLOCK_BYTES
from tests.loaders.avro_shapes import SHAPES, files
from tests.loaders.pendo_delivery import DATE, MILLIS, write_avro
from tests.loaders.test_avro import data_file, grafted, numbers, read, replaced


def in_bulk(path: Path, rows: int = 1000) -> list[str]:
    return [text for table in bulk_texts(path, rows) for text in table.column("text").to_pylist()]


def one_by_one(path: Path) -> list[str]:
    """The file is smaller than what is decoded in bulk."""
    rows = read(path)
    assert [row["line"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["text"] for row in rows]


@pytest.fixture
def everything_in_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders.avro, "BULK_BYTES", 0)


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch, everything_in_bulk: None) -> list[int]:
    """Sizes of the batches that the bulk decoder delivers."""
    sizes: list[int] = []

    def watched(path: Path, rows: int) -> Iterator[pa.Array]:
        for texts in decoded_texts(path, rows):
            sizes.append(len(texts))
            yield texts

    monkeypatch.setattr(loaders.avro, "decoded_texts", watched)
    return sizes


@pytest.mark.parametrize("shape", SHAPES)
def test_every_known_shape_is_decoded_in_bulk(tmp_path: Path, shape: str) -> None:
    kind, value = SHAPES[shape]
    records = [{"x": value, "n": number} for number in range(2)]
    path = write_avro(tmp_path / "a.avro", records, {"x": kind, "n": "int"})
    assert in_bulk(path) == one_by_one(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=files(), codec=st.sampled_from(["null", "deflate", "bzip2"]))
def test_both_ways_give_the_same_texts(
    tmp_path_factory: pytest.TempPathFactory, content: tuple[Any, list[Any]], codec: str
) -> None:
    schema, records = content
    path = tmp_path_factory.mktemp("random") / "a.avro"
    with path.open("wb") as stream:
        fastavro.writer(stream, schema, records, codec=codec, sync_interval=50)
    found: list[str] = []
    is_known = True
    try:
        for table in bulk_texts(path, 2):
            found += table.column("text").to_pylist()
    except Exception:
        is_known = False
    expected = one_by_one(path)
    assert found == (expected if is_known else expected[: len(found)])


def test_records_come_in_the_files_order_with_their_place(tmp_path: Path, delivered: list[int]) -> None:
    path = numbers(tmp_path / "a.avro", 5_000, sync_interval=2_000, codec="deflate")
    rows = read(path)
    assert [(row["line"], row["text"], row["damage"]) for row in rows] == [
        (number + 1, f'{{"n":{number}}}', None) for number in range(5_000)
    ]
    assert sum(delivered) == 5_000


@pytest.mark.parametrize("name", ["with space", "100%25", "[a]*?", "#ä'", "upper.AVRO", ".hidden"])
def test_a_name_is_never_a_pattern(tmp_path: Path, delivered: list[int], name: str) -> None:
    numbers(tmp_path / "x" / "other.avro", 3)
    path = numbers(tmp_path / "x" / name, 2)
    assert len(read(path)) == 2
    assert sum(delivered) == 2


@pytest.mark.usefixtures("everything_in_bulk")
def test_nothing_of_the_working_folder_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delivered: list[int]
) -> None:
    path = numbers(tmp_path / "a.avro", 2)
    (tmp_path / "loaders").mkdir()
    (tmp_path / "loaders" / "__init__.py").write_text("raise RuntimeError")
    monkeypatch.setattr(sys, "path", [str(Path(loaders.avro.__file__).parents[1]), *filter(None, sys.path)])
    monkeypatch.chdir(tmp_path)
    read(path)
    assert sum(delivered) == 2


def one_field(name: str, field: str) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": field, "type": "int"}]}


@pytest.mark.parametrize(
    ("types", "record", "expected"),
    [
        ({"x": [one_field("A", "a"), one_field("B", "b")]}, {"x": {"b": 1}}, {"x": {"b": 1}}),
        (
            {"x": {"type": "record", "name": "Z", "fields": []}, "n": "int"},
            {"x": {}, "n": 1},
            {"x": {}, "n": 1},
        ),
        ({"x": {"type": "long", "logicalType": "timestamp-nanos"}}, {"x": 1}, {"x": 1}),
    ],
)
def test_a_schema_that_the_bulk_decoder_refuses_is_decoded_one_by_one(
    tmp_path: Path, delivered: list[int], types: Any, record: Any, expected: Any
) -> None:
    path = write_avro(tmp_path / "a.avro", [record, record], types)
    assert [json.loads(row["text"]) for row in read(path)] == [expected] * 2
    assert delivered == []


@pytest.mark.parametrize(
    ("codec", "limit", "many"),
    [
        ("null", 1_000, 50),
        ("deflate", 1_000_000, 50),
        ("deflate", 20_000, 0),
        ("bzip2", 128 << 20, 0),
    ],
)
def test_what_may_grow_beyond_the_limit_is_decoded_one_by_one(
    tmp_path: Path, delivered: list[int], codec: str, limit: int, many: int
) -> None:
    path = numbers(tmp_path / "a.avro", 50, codec=codec, sync_interval=80)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(BLOCK_BYTES.variable, str(limit))
        assert len(read(path)) == 50
    assert sum(delivered) == many


def test_a_value_that_no_calendar_knows_costs_its_own_record_only(
    tmp_path: Path, delivered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders.avro, "BATCH_ROWS", 2)
    records = [{"x": value} for value in (1, 2, 3, 2**62, 5)]
    path = grafted(tmp_path, records, {"x": "long"}, {"x": MILLIS})
    assert [(row["line"], row["damage"] is None) for row in read(path)] == [
        (1, True),
        (2, True),
        (3, True),
        (4, False),
        (5, True),
    ]
    assert delivered == [2]


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [(DATE, -719_162, 2_932_896), (MILLIS, -62_135_596_800_000, 253_402_300_799_999)],
)
def test_the_calendar_ends_where_it_ends_for_decoding_one_by_one(
    tmp_path: Path, kind: Any, first: int, last: int
) -> None:
    for number, value in enumerate((first, last, first - 1, last + 1)):
        path = grafted(tmp_path / str(number), [{"x": value}], {"x": kind["type"]}, {"x": kind})
        (row,) = read(path)
        if value in (first, last):
            assert in_bulk(path) == [row["text"]]
        else:
            assert row["damage"] is not None
            with pytest.raises(Exception, match="no calendar knows"):
                in_bulk(path)


def test_more_digits_than_a_decimal_states_are_kept(tmp_path: Path) -> None:
    kind = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
    path = grafted(tmp_path, [{"x": (1_234_567).to_bytes(3, "big")}], {"x": "bytes"}, {"x": kind})
    assert in_bulk(path) == one_by_one(path) == ['{"x":"12345.67"}']


def test_a_key_that_stands_twice_in_a_map_is_left_to_the_other_decoder(
    tmp_path: Path, delivered: list[int]
) -> None:
    types = {"m": {"type": "map", "values": "int"}}
    path = replaced(write_avro(tmp_path / "a.avro", [{"m": {"aa": 1, "bb": 2}}], types), b"bb", b"aa")
    assert [row["text"] for row in read(path)] == ['{"m":{"aa":2}}']
    assert delivered == []


def test_a_block_that_is_decoded_without_end_is_given_up(
    tmp_path: Path, delivered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.avro_process.PATIENCE_SECONDS", 3.0)
    path = write_avro(tmp_path / "a.avro", [{"s": "abcdef"}, {"s": "ghi"}], {"s": "string"})
    replaced(path, b"\x06ghi", b"\x04ghi")
    started = time.monotonic()
    with pytest.raises(DamagedFileError, match="a block holds more than its 2 records"):
        read(path)
    assert time.monotonic() - started < 30
    assert delivered == []


@pytest.mark.usefixtures("everything_in_bulk")
def test_every_cut_inside_a_block_is_noticed(tmp_path: Path) -> None:
    path = numbers(tmp_path / "a.avro", 200, sync_interval=100)
    content = path.read_bytes()
    for length in (len(content) - 1, len(content) - 20, len(content) // 2):
        path.write_bytes(content[:length])
        with pytest.raises(DamagedFileError, match=r"it is cut or changed|does not end with"):
            read(path)


def test_a_flipped_byte_inside_a_compressed_block_is_noticed(tmp_path: Path, delivered: list[int]) -> None:
    # Of the codecs that Python writes, this one has a checksum.
    path = numbers(tmp_path / "a.avro", 4_000, sync_interval=2_000, codec="bzip2")
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="a block cannot be decoded"):
        read(path)


def test_a_text_that_is_no_utf8_costs_its_own_record_only(tmp_path: Path, delivered: list[int]) -> None:
    path = write_avro(tmp_path / "a.avro", [{"s": "abc"}, {"s": "def"}, {"s": "ghi"}], {"s": "string"})
    replaced(path, b"def", b"d\xfff")
    assert [row["damage"] is None for row in read(path)] == [True, False, True]
    assert delivered == []


def test_a_decoder_that_dies_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everything_in_bulk: None
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert len(read(numbers(tmp_path / "a.avro", 3))) == 3


def test_a_decoder_that_stops_half_way_is_replaced_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everything_in_bulk: None
) -> None:
    path = numbers(tmp_path / "a.avro", 100, sync_interval=30)
    expected = [f'{{"n":{number}}}' for number in range(100)]
    monkeypatch.setattr(loaders.avro, "decoded_texts", lambda path, rows: iter([pa.array(expected[:37])]))
    rows = read(path)
    assert [row["text"] for row in rows] == expected
    assert [row["line"] for row in rows] == list(range(1, 101))


def test_the_process_ends_with_its_reader(tmp_path: Path, everything_in_bulk: None) -> None:
    path = numbers(tmp_path / "a.avro", 100)
    batches = read_batches(*data_file(path))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_stuck_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    path = write_avro(tmp_path / "a.avro", [{"s": "abcdef"}, {"s": "ghi"}], {"s": "string"})
    replaced(path, b"\x06ghi", b"\x04ghi")
    process = subprocess.Popen(
        [sys.executable, "-m", "loaders.avro_bulk", str(path), "10"],
        cwd=Path(loaders.avro.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=4)
        process.communicate(timeout=30)
        assert process.returncode == 1
    finally:
        process.kill()
        process.wait()


def test_large_records_come_in_small_batches(
    tmp_path: Path, delivered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders.avro, "BULK_BATCH_BYTES", 100_000)
    records = [{"s": os.urandom(30_000).hex()} for _ in range(30)]
    path = write_avro(tmp_path / "a.avro", records, {"s": "string"}, codec="deflate")
    assert len(read(path)) == 30
    assert max(delivered) < 10


def test_all_values_of_one_record_land_as_they_are(tmp_path: Path) -> None:
    types = {"id": "long", "at": MILLIS, "amount": SHAPES["decimal"][0], "flags": ["null", "bytes"]}
    record = {
        "id": -9_007_199_254_740_993,
        "at": datetime(2024, 4, 14, 9, 0, 0, 7000, UTC),
        "amount": Decimal("-1234567.05"),
        "flags": None,
    }
    path = write_avro(tmp_path / "a.avro", [record], types)
    expected = (
        '{"id":-9007199254740993,"at":"2024-04-14T09:00:00.007000Z","amount":"-1234567.05","flags":null}'
    )
    assert in_bulk(path) == one_by_one(path) == [expected]
