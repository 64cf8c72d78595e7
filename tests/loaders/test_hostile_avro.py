"""Avro files made to harm: what a decoder would never finish, or not survive, does not reach it."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import time
import zlib
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest

from loaders import avro_blocks
from loaders.avro import count_records, read_batches
from loaders.avro_schema import LEVELS_LIMIT, VALUES_LIMIT, check_schema
from loaders.errors import DamagedFileError
from loaders.landing import open_landing
from loaders.limits import BLOCK_BYTES
from tests.loaders.avro_bytes import avro_container, long
from tests.loaders.pendo_delivery import EVENT_TYPES, schema


def record(*fields: Any, name: str = "R") -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": f"f{place}", "type": kind} for place, kind in enumerate(fields)],
    }


def nested(levels: int) -> Any:
    kind: Any = "string"
    for _ in range(levels):
        kind = {"type": "array", "items": kind}
    return kind


def doubling(levels: int) -> dict[str, Any]:
    """Return a record whose values double with each level, in a text that grows by a line for each."""
    kind: Any = record("null", "null", name="L0")
    for level in range(1, levels):
        kind = record(kind, f"L{level - 1}", name=f"L{level}")
    return record(kind)


def read(path: Path) -> int:
    landing = open_landing(str(path))
    (file,) = landing.list_files()
    count_records(landing, file)
    return sum(batch.num_rows for batch in read_batches(landing, file))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (record("R"), "the type R contains itself"),
        (record(["null", "R"]), "the type R contains itself"),
        (record({"type": "map", "values": "R"}), "the type R contains itself"),
        ({**record(["null", "x.R"]), "namespace": "x"}, "the type x.R contains itself"),
        (
            record(["null", record({"type": "array", "items": "R"}, name="Inner")]),
            "the type R contains itself",
        ),
        (record({"type": "array", "items": "null"}), "arrays of items without content"),
        (record({"type": "array", "items": record("null", name="I")}), "arrays of items without content"),
        (record({"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}), "without content"),
        (record(nested(LEVELS_LIMIT + 1)), "levels in each other"),
        (doubling(40), f"more than {VALUES_LIMIT:,} values"),
        (record({"type": "fixed", "name": "F", "size": -1}), "a fixed type has the size -1"),
        (
            record({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 10**9}),
            "a decimal has the scale 1,000,000,000",
        ),
        ({"type": "record", "name": "R", "fields": 7}, "a record has no list of fields"),
    ],
)
def test_a_schema_of_endless_values_is_refused(tmp_path: Path, kind: dict[str, Any], told: str) -> None:
    (tmp_path / "a.avro").write_bytes(avro_container(json.dumps(kind).encode(), b"\x02" * 100_000, 1))
    begun = time.monotonic()
    with pytest.raises(DamagedFileError, match=told):
        read(tmp_path / "a.avro")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "text", [b"[" * 200_000, b'{"type":' * 200_000, b'{"type":"record"', b"9" * 5000, b"null"]
)
def test_a_schema_that_is_none_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.avro").write_bytes(avro_container(text, b"", 0))
    with pytest.raises(DamagedFileError, match=r"a\.avro"):
        read(tmp_path / "a.avro")


def test_schemas_of_vendors_are_allowed() -> None:
    inner = record("string", {"type": "map", "values": "string"}, name="Inner")
    check_schema(schema({**EVENT_TYPES, "one": inner, "two": ["null", "Inner"], "three": nested(20)}))
    check_schema(schema({f"field{number}": ["null", "string", "double"] for number in range(2_000)}))


@pytest.mark.parametrize(
    ("records", "body", "told"),
    [
        (2**62, b"\x02a", "announces 4,611,686,018,427,387,904 records in 2 bytes"),
        (2, b"\x02a", "cannot be decoded"),
        (1, b"\x02a\x02b", "holds more than its 1 records"),
        (0, b"\x02a", "holds more than its 0 records"),
        (1, long(2**60) + b"a", "cannot be decoded"),
    ],
)
def test_counts_of_a_block_that_lie_are_noticed(tmp_path: Path, records: int, body: bytes, told: str) -> None:
    text = json.dumps(record("string")).encode()
    (tmp_path / "a.avro").write_bytes(avro_container(text, body, records))
    with pytest.raises(DamagedFileError, match=told):
        read(tmp_path / "a.avro")


def test_records_without_content_are_not_counted_on(tmp_path: Path) -> None:
    (tmp_path / "a.avro").write_bytes(avro_container(json.dumps(record("null")).encode(), b"", 2**40))
    with pytest.raises(DamagedFileError, match="records in 0 bytes"):
        read(tmp_path / "a.avro")


def test_a_header_that_announces_more_than_there_is_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.avro").write_bytes(b"Obj\x01" + long(2**40) + long(2**62) + b"avro.schema")
    with pytest.raises(DamagedFileError, match="its Avro header cannot be read"):
        read(tmp_path / "a.avro")


def test_no_more_than_the_limit_of_a_header_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avro_blocks, "HEADER_BYTES_LIMIT", 4096)
    text = json.dumps({**record("string"), "doc": "x" * 5000}).encode()
    (tmp_path / "a.avro").write_bytes(avro_container(text, b"", 0))
    with pytest.raises(DamagedFileError, match="its Avro header cannot be read"):
        read(tmp_path / "a.avro")


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def snapped(content: bytes) -> bytes:
    packed: bytes = pa.compress(content, codec="snappy", asbytes=True)
    return packed + zlib.crc32(content).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("codec", "packed"),
    [
        ("deflate", deflated),
        ("bzip2", bz2.compress),
        ("xz", lzma.compress),
        ("snappy", snapped),
        ("zstandard", lambda content: pa.compress(content, codec="zstd", asbytes=True)),
    ],
)
def test_a_block_that_grows_without_end_is_not_decompressed_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, packed: Any
) -> None:
    content = long(8 << 20) + bytes(8 << 20)
    text = json.dumps(record("string")).encode()
    (tmp_path / "a.avro").write_bytes(avro_container(text, packed(content), 1, codec))
    assert read(tmp_path / "a.avro") == 1
    monkeypatch.setenv(BLOCK_BYTES.variable, str(4 << 20))
    with pytest.raises(DamagedFileError, match=r"grows to more than 4,194,304 bytes.*raise the limit with"):
        read(tmp_path / "a.avro")


def test_a_block_beyond_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BLOCK_BYTES.variable, "1000")
    text = json.dumps(record("string")).encode()
    (tmp_path / "a.avro").write_bytes(avro_container(text, long(2000) + b"x" * 2000, 1))
    with pytest.raises(DamagedFileError, match="has 2,002 bytes"):
        read(tmp_path / "a.avro")


def test_a_large_block_is_decoded_in_portions_that_agree(tmp_path: Path) -> None:
    stream = io.BytesIO()
    records = [{"f0": str(number)} for number in range(45_000)]
    fastavro.writer(stream, record("string"), records, sync_interval=1 << 30)
    (tmp_path / "a.avro").write_bytes(stream.getvalue())
    landing = open_landing(str(tmp_path))
    (file,) = landing.list_files()
    texts = [text for batch in read_batches(landing, file) for text in batch.column("text").to_pylist()]
    assert texts == [json.dumps(one, separators=(",", ":")) for one in records]
