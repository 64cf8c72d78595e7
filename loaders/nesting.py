"""How deep the JSON of a line goes: below some depth the functions that take it apart end the process."""

from __future__ import annotations

import re

UNSTRUCTURED = bytes(code for code in range(256) if code not in b'[]{}"')
# A text that is never closed goes on to the end.
TEXTS = re.compile(rb'"[^"]*+"?')
BRACKETS = re.compile(rb"[\[{]+|[\]}]+")
OPENING = b"[{"
NOT_OPENING = bytes(code for code in range(256) if code not in OPENING)
# Lines are looked at together, as many as have so many bytes.
STRETCH_BYTES = 16 << 10
# So often the innermost pairs are taken away before the levels are counted one by one.
TURNS = 10


def is_deeper(text: bytes, levels: int) -> bool:
    """Return whether arrays and objects of the text stand more than so many levels in each other."""
    if len(text) <= levels or text.count(b"[") + text.count(b"{") <= levels:
        return False
    brackets = rest = _brackets(text)
    for turn in range(1, TURNS + 1):
        rest = rest.replace(b"{}", b"").replace(b"[]", b"")
        # A turn takes away two levels at most, and what is left has at most a level for each bracket.
        if len(rest) + 2 * turn <= levels:
            return False
    return _depth(brackets) > levels


def has_deeper_line(lines: bytes, levels: int) -> bool:
    """Return whether `is_deeper` is true of one of the lines."""
    start = 0
    while start < len(lines):
        end = lines.find(b"\n", start + STRETCH_BYTES)
        stretch = lines[start:] if end < 0 else lines[start:end]
        # What all of them open together no line can be deeper than.
        opened = len(stretch.translate(None, NOT_OPENING))
        if opened > levels and any(is_deeper(line, levels) for line in stretch.split(b"\n")):
            return True
        start += len(stretch) + 1
    return False


def _brackets(text: bytes) -> bytes:
    """Return the brackets of the text that stand in no string."""
    unescaped = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    bare = unescaped.translate(None, UNSTRUCTURED).replace(b'""', b"")
    return TEXTS.sub(b"", bare) if b'"' in bare else bare


def _depth(brackets: bytes) -> int:
    depth = deepest = 0
    for run in BRACKETS.findall(brackets):
        depth = depth + len(run) if run[0] in OPENING else max(0, depth - len(run))
        deepest = max(deepest, depth)
    return deepest
