"""Avro files of Pendo samples: events encoded by hand, because encoding them is most of the work.

A record is put together from pieces that are encoded once for a visit or an action. fastavro writes the
header of the file; a block behind it is two numbers, the compressed records and the sync marker.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import fastavro

BLOCK_RECORDS = 2_000
SYNC_MARKER = b"sessionhouse-avr"
COMPRESSION_LEVEL = 1

_OPTIONAL_TEXT = ["null", "string"]
_DATE = {"type": "int", "logicalType": "date"}
_MOMENT = {"type": "long", "logicalType": "timestamp-millis"}
_EVENT_FIELDS: list[tuple[str, Any]] = [
    ("periodId", _DATE),
    ("eventId", "string"),
    ("browserTimestamp", _MOMENT),
    ("receivedTimestamp", _MOMENT),
    # Who did it.
    ("visitorId", "string"),
    ("oldVisitorId", _OPTIONAL_TEXT),
    ("accountId", _OPTIONAL_TEXT),
    # What was done.
    ("type", "string"),
    ("url", "string"),
    ("elementPath", _OPTIONAL_TEXT),
    ("pageId", _OPTIONAL_TEXT),
    ("featureId", _OPTIONAL_TEXT),
    ("trackTypeId", _OPTIONAL_TEXT),
    ("guideId", _OPTIONAL_TEXT),
    ("properties", {"type": "map", "values": "string"}),
    # Where.
    ("appId", "long"),
    ("analyticsSessionId", "string"),
    ("remoteIp", "string"),
    ("country", "string"),
    ("userAgent", "string"),
]


def _event_schema(fields: list[tuple[str, Any]]) -> Any:
    named = [{"name": name, "type": kind} for name, kind in fields]
    return fastavro.parse_schema({"type": "record", "name": "Event", "fields": named})


ALL_EVENTS_SCHEMA = _event_schema(_EVENT_FIELDS)
# The matchable comes first, so that a matched event is its encoded id and the event's own bytes.
MATCHED_SCHEMA = _event_schema([("matchableId", "string"), *_EVENT_FIELDS])


def encode_long(value: int) -> bytes:
    """Return a `long`: zigzag, then seven bits a byte, the lowest first."""
    return _seven_bits(value * 2 if value >= 0 else -value * 2 - 1)


@lru_cache(maxsize=4096)
def _seven_bits(rest: int) -> bytes:
    encoded = bytearray()
    while rest > 0x7F:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


def encode_text(text: str) -> bytes:
    """Return a `string`: its length in bytes, then its bytes."""
    content = text.encode()
    return encode_long(len(content)) + content


def encode_optional(text: str | None) -> bytes:
    """Return a `["null", "string"]`: the number of the branch, then the value."""
    return b"\x00" if text is None else b"\x02" + encode_text(text)


def encode_map(members: dict[str, str]) -> bytes:
    """Return a map of strings: one block of its members, then the empty block that ends it."""
    if not members:
        return b"\x00"
    pairs = b"".join(encode_text(key) + encode_text(value) for key, value in members.items())
    return encode_long(len(members)) + pairs + b"\x00"


# Two bytes of seven bits each, with more to come.
_PAIRS = [bytes((low & 0x7F | 0x80, low >> 7 | 0x80)) for low in range(1 << 14)]


def encode_moment(moment: int) -> bytes:
    """Return a moment (milliseconds since 1970) as a `long`, most of it from a table."""
    rest = moment * 2
    return _PAIRS[rest & 0x3FFF] + _PAIRS[rest >> 14 & 0x3FFF] + _seven_bits(rest >> 28)


class EventFile:
    """An Avro file of events that grows block by block; `records` counts those in finished blocks."""

    def __init__(self, path: Path, schema: Any) -> None:
        self.path = path
        self.records = 0
        self._pending: list[bytes] = []
        write_records(path, schema, [])
        self._stream = path.open("ab")

    def add(self, record: bytes) -> None:
        """Add one encoded record."""
        self._pending.append(record)
        if len(self._pending) >= BLOCK_RECORDS:
            self._flush()

    def close(self) -> None:
        """Write what is pending, and close the file."""
        if self._pending:
            self._flush()
        self._stream.close()

    def _flush(self) -> None:
        # The format's deflate has neither header nor checksum.
        packer = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(b"".join(self._pending)) + packer.flush()
        self._stream.write(encode_long(len(self._pending)) + encode_long(len(packed)) + packed + SYNC_MARKER)
        self.records += len(self._pending)
        self._pending = []


def write_records(path: Path, schema: Any, records: Iterable[dict[str, Any]]) -> None:
    """Write a whole file of records, which may be none, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        fastavro.writer(stream, schema, records, codec="deflate", sync_marker=SYNC_MARKER)
