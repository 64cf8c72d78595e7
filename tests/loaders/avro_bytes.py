"""Avro containers put together byte by byte, so that they may say what no writer says."""

from __future__ import annotations

MARKER = b"S" * 16


def long(number: int) -> bytes:
    """Return Avro's variable-length form of a number from 0."""
    number, encoded = number << 1, bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def text(content: bytes) -> bytes:
    return long(len(content)) + content


def avro_container(schema: bytes, body: bytes, records: int, codec: str = "null") -> bytes:
    """Return a file of one block that announces so many records."""
    meta = (
        long(2) + text(b"avro.schema") + text(schema) + text(b"avro.codec") + text(codec.encode()) + long(0)
    )
    return b"Obj\x01" + meta + MARKER + long(records) + text(body) + MARKER
