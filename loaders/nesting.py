"""How deep the JSON of a line goes: below some depth the functions that take it apart end the process."""

from __future__ import annotations

import re

UNSTRUCTURED = bytes(code for code in range(256) if code not in b'[]{}"')
# A text that is never closed goes on to the end.
TEXTS = re.compile(rb'"[^"]*+"?')
BRACKETS = re.compile(rb"[\[{]+|[\]}]+")
OPENING = b"[{"
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
