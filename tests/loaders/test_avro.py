from __future__ import annotations

import json
import math
import zlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest

from loaders.avro import count_records, read_batches
from loaders.avro_blocks import SYNC_BYTES, read_header, walk
from loaders.avro_codecs import DECOMPRESSORS
from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.landing import FolderLanding
from tests.loaders.pendo_delivery import schema, write_avro


def data_file(path: Path) -> tuple[FolderLanding, DataFile]:
    return FolderLanding(path.parent), DataFile(path.name, path.stat().st_size, "1")


def read(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        row for batch in read_batches(*data_file(path)) for row in batch.to_pylist()
    ]
    return rows


def numbers(path: Path, count: int, **options: Any) -> Path:
    return write_avro(path, [{"n": number} for number in range(count)], {"n": "long"}, **options)


def test_records_become_json_with_their_place(tmp_path: Path) -> None:
    path = numbers(tmp_path / "a.avro", 3)
    assert read(path) == [
        {"line": 1, "text": '{"n":0}', "damage": None},
        {"line": 2, "text": '{"n":1}', "damage": None},
        {"line": 3, "text": '{"n":2}', "damage": None},
    ]
    assert count_records(*data_file(path)) == 3


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("long", 2**63 - 1, 2**63 - 1),
        ("double", 0.1, 0.1),
        ("double", math.nan, "nan"),
        ("double", -math.inf, "-inf"),
        ("bytes", b"\x00\xff", "AP8="),
        ("string", 'ä"\n\u2028', 'ä"\n\u2028'),
        ({"type": "int", "logicalType": "date"}, date(2023, 2, 22), "2023-02-22"),
        (
            {"type": "long", "logicalType": "timestamp-micros"},
            datetime(2023, 2, 22, 1, 2, 3, 4, tzinfo=UTC),
            "2023-02-22T01:02:03.000004Z",
        ),
        (
            {"type": "long", "logicalType": "local-timestamp-millis"},
            datetime(2023, 2, 22, 1, 2, 3),
            "2023-02-22T01:02:03Z",
        ),
        ({"type": "int", "logicalType": "time-millis"}, time(1, 2, 3), "01:02:03"),
        (
            {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 4},
            Decimal("12345678901234567890.1000"),
            "12345678901234567890.1000",
        ),
        ({"type": "map", "values": ["null", "long"]}, {"a": 1, "b": None}, {"a": 1, "b": None}),
        ({"type": "array", "items": "double"}, [1.5, math.inf], [1.5, "inf"]),
    ],
)
def test_values_keep_their_meaning(tmp_path: Path, kind: Any, value: Any, expected: Any) -> None:
    path = write_avro(tmp_path / "a.avro", [{"x": value}], {"x": kind})
    (row,) = read(path)
    assert json.loads(row["text"]) == {"x": expected}
    assert row["damage"] is None


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_codecs_that_fastavro_writes_are_read(tmp_path: Path, codec: str) -> None:
    path = numbers(tmp_path / "a.avro", 500, codec=codec, sync_interval=300)
    assert count_records(*data_file(path)) == 500
    assert [json.loads(row["text"])["n"] for row in read(path)] == list(range(500))


def long(value: int) -> bytes:
    stream = BytesIO()
    fastavro.schemaless_writer(stream, "long", value)
    return stream.getvalue()


def recompressed(path: Path, codec: str, compress: Any) -> None:
    """Write the uncompressed file again with another codec, whose packages need not be there."""
    _, file = data_file(path)
    with path.open("rb") as stream:
        header = read_header(stream, file)
        blocks = list(walk(stream, header, file))
        content = path.read_bytes()
    head = BytesIO()
    fastavro.writer(head, header.schema, [], codec="deflate", sync_marker=header.sync)
    # The codec's name is a length (twice the bytes) and the name.
    named = head.getvalue().replace(long(7) + b"deflate", long(len(codec)) + codec.encode())
    body = b""
    for block in blocks:
        data = compress(content[block.start : block.start + block.size])
        body += long(block.records) + long(len(data)) + data + header.sync
    path.write_bytes(named + body)


def snappy(data: bytes) -> bytes:
    compressed: bytes = pa.compress(data, codec="snappy", asbytes=True)
    return compressed + zlib.crc32(data).to_bytes(4, "big")


def zstandard(data: bytes) -> bytes:
    compressed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return compressed


@pytest.mark.parametrize(("codec", "compress"), [("snappy", snappy), ("zstandard", zstandard)])
def test_codecs_that_need_no_further_package(tmp_path: Path, codec: str, compress: Any) -> None:
    path = numbers(tmp_path / "a.avro", 500, sync_interval=300)
    recompressed(path, codec, compress)
    assert count_records(*data_file(path)) == 500
    assert [json.loads(row["text"])["n"] for row in read(path)] == list(range(500))


def test_a_wrong_checksum_of_a_snappy_block_is_noticed(tmp_path: Path) -> None:
    path = numbers(tmp_path / "a.avro", 5)
    recompressed(path, "snappy", lambda data: snappy(data)[:-1] + b"?")
    with pytest.raises(DamagedFileError, match="the checksum of a block does not fit"):
        read(path)


def test_a_compressed_block_that_does_not_end_is_noticed(tmp_path: Path) -> None:
    path = numbers(tmp_path / "a.avro", 5)
    # Everything can be inflated, but the compressor never said that this is all.
    flushed = zlib.compressobj(wbits=-15)
    recompressed(path, "deflate", lambda data: flushed.compress(data) + flushed.flush(zlib.Z_SYNC_FLUSH))
    with pytest.raises(DamagedFileError, match="a compressed block does not end"):
        read(path)


def test_an_unknown_codec_is_refused_by_name(tmp_path: Path) -> None:
    path = numbers(tmp_path / "a.avro", 5)
    recompressed(path, "brotli", bytes)
    with pytest.raises(DamagedFileError, match=r"a\.avro is compressed with brotli.*null, deflate, snappy"):
        count_records(*data_file(path))


@pytest.mark.parametrize("content", [b"", b"Obj", b'{"n": 1}', b"Obj\x02" + bytes(64)])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.avro"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"a\.avro is no Avro file.*Fetch the file again"):
        count_records(*data_file(path))


def test_every_cut_that_can_be_seen_is_seen(tmp_path: Path) -> None:
    path = numbers(tmp_path / "a.avro", 60, sync_interval=40)
    content = path.read_bytes()
    _, file = data_file(path)
    with path.open("rb") as stream:
        header = read_header(stream, file)
        ends = {block.start + block.size + SYNC_BYTES for block in walk(stream, header, file)}
    assert len(ends) > 1
    for length in range(len(content)):
        path.write_bytes(content[:length])
        if length in ends or length == header.end:
            assert count_records(*data_file(path)) < 60
        else:
            with pytest.raises(DamagedFileError, match=r"a\.avro"):
                count_records(*data_file(path))


def test_a_flipped_byte_between_blocks_is_noticed(tmp_path: Path) -> None:
    path = numbers(tmp_path / "a.avro", 60, sync_interval=40)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="does not end with the file's marker"):
        count_records(*data_file(path))


def replaced(path: Path, old: bytes, new: bytes) -> Path:
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    return path


def grafted(folder: Path, records: list[dict[str, Any]], written: Any, announced: Any) -> Path:
    """Write records of the `written` types under a schema that announces other ones of the same bytes."""
    content = write_avro(folder / "written.avro", records, written).read_bytes()
    path = write_avro(folder / "a.avro", [], announced)
    head = path.read_bytes()
    body = content[read_header(BytesIO(content), DataFile("", 0, "")).end :]
    path.write_bytes(head + body.replace(body[-SYNC_BYTES:], head[-SYNC_BYTES:]))
    return path


def test_a_block_that_decodes_to_fewer_bytes_than_it_has_is_damaged(tmp_path: Path) -> None:
    path = write_avro(tmp_path / "a.avro", [{"s": "abcdef"}, {"s": "ghi"}], {"s": "string"})
    replaced(path, b"\x06ghi", b"\x04ghi")
    assert count_records(*data_file(path)) == 2
    with pytest.raises(DamagedFileError, match="a block holds more than its 2 records"):
        read(path)


def test_a_block_that_ends_too_early_is_damaged(tmp_path: Path) -> None:
    path = write_avro(tmp_path / "a.avro", [{"s": "abcdef"}, {"s": "ghi"}], {"s": "string"})
    replaced(path, b"\x06ghi", b"\x7eghi")
    with pytest.raises(DamagedFileError, match="a block cannot be decoded"):
        read(path)


def test_a_text_that_is_no_utf8_costs_its_own_record_only(tmp_path: Path) -> None:
    path = write_avro(tmp_path / "a.avro", [{"s": "abc"}, {"s": "def"}, {"s": "ghi"}], {"s": "string"})
    replaced(path, b"def", b"d\xfff")
    rows = read(path)
    assert [json.loads(row["text"])["s"] for row in rows] == ["abc", "d\\xfff", "ghi"]
    assert [row["damage"] is None for row in rows] == [True, False, True]
    assert "a value cannot be read" in rows[1]["damage"]


def test_a_file_without_records_is_whole(tmp_path: Path) -> None:
    path = numbers(tmp_path / "a.avro", 0)
    assert count_records(*data_file(path)) == 0
    assert read(path) == []


def test_values_without_field_names_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.avro"
    with path.open("wb") as stream:
        fastavro.writer(stream, "string", ["a"])
    with pytest.raises(DamagedFileError, match="without field names"):
        read(path)


def test_batches_are_bounded_by_rows_and_by_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = numbers(tmp_path / "a.avro", 25)
    monkeypatch.setattr("loaders.avro.BATCH_ROWS", 10)
    assert [batch.num_rows for batch in read_batches(*data_file(path))] == [10, 10, 5]
    monkeypatch.setattr("loaders.avro.BATCH_CHARACTERS", 14)
    assert [batch.num_rows for batch in read_batches(*data_file(path))][:3] == [2, 2, 2]


def test_named_types_are_known_wherever_they_are_used(tmp_path: Path) -> None:
    point = {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}]}
    path = write_avro(tmp_path / "a.avro", [{"a": {"x": 1}, "b": {"x": 2}}], {"a": point, "b": "Point"})
    assert json.loads(read(path)[0]["text"]) == {"a": {"x": 1}, "b": {"x": 2}}


def test_all_codecs_of_the_avro_specification_are_there() -> None:
    assert set(DECOMPRESSORS) == {"null", "deflate", "bzip2", "snappy", "xz", "zstandard"}
    assert schema({"n": "long"})["fields"] == [{"name": "n", "type": "long"}]


def test_times_at_the_edges_of_the_calendar_are_read(tmp_path: Path) -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    last = first.replace(year=9999) + timedelta(days=364)
    kind = {"type": "long", "logicalType": "timestamp-millis"}
    path = write_avro(tmp_path / "a.avro", [{"x": first}, {"x": last}], {"x": kind})
    assert [json.loads(row["text"])["x"] for row in read(path)] == [
        "0001-01-01T00:00:00Z",
        "9999-12-31T00:00:00Z",
    ]
