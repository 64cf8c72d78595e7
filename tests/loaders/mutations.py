"""Documents and files that were changed at random, for hypothesis."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

ABSENT = object()
ABSURD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, -(2**63), 10**400, 1e308, "", " ", "\x00", "\x1b[2J", "..", "../../x",
    "/etc/passwd", "a/../b", "s3://other/bucket", "https://u:p@host/x?sig=1", "C:\\x", "�", "İ", "9" * 400,
    "'; DROP TABLE raw.loads; --", "1e400", "NaN", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    [], {}, [[]], [None], {"": None}, [{}], {"id": {"id": {}}},
)  # fmt: skip
# Texts that no encoder writes.
ODD_TEXTS = (
    b"NaN", b"1e400", b"-Infinity", b'"\\ud800"', b'"\\u0000"', b"[" * 3000, b'{"a":' * 3000, b"\xff\xfe",
    b"\x00", b'"', b"\\", b"9" * 5000, b"-0", b"0x1", b"\n", b"\r", b"\t" * 200, b"\x1f\x8b",
    b'{"a":1,"a":2}',
)  # fmt: skip


def paths(document: Any) -> list[tuple[Any, ...]]:
    """Return the path of every value in a document, the document's own, which is empty, included."""
    members = document.items() if isinstance(document, dict) else ()
    items = enumerate(document) if isinstance(document, list) else members
    return [(), *((key, *rest) for key, value in items for rest in paths(value))]


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of the document with another value at the path, or with nothing there for ABSENT."""
    if not path:
        return value
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    if value is ABSENT:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return document


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> bytes:
    """Return the JSON text of a document after a few changes, now and then one that no encoder makes."""
    scalars = st.one_of(
        st.sampled_from(ABSURD), st.text(max_size=8), st.integers(), st.floats(allow_nan=False)
    )
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(paths(document)))
        value = draw(st.one_of(st.just(ABSENT), scalars)) if path else draw(scalars)
        document = changed(document, path, value)
    return draw(damaged(json.dumps(document, default=str).encode()))


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Return the bytes as they are, cut, or with other bytes put into them."""
    how = draw(st.sampled_from(("whole", "whole", "cut", "flip", "insert", "replace")))
    place = draw(st.integers(0, len(content)))
    if how == "cut":
        return content[:place]
    if how == "flip" and place < len(content):
        return content[:place] + bytes([content[place] ^ draw(st.integers(1, 255))]) + content[place + 1 :]
    if how == "insert":
        return content[:place] + draw(st.sampled_from(ODD_TEXTS)) + content[place:]
    if how == "replace":
        length = draw(st.integers(1, 40))
        return content[:place] + draw(st.sampled_from(ODD_TEXTS)) + content[place + length :]
    return content
