"""Limits on what a file may ask of the machine; an environment variable raises one that is too low.

Vendors stay far below all of them. What is above is a bomb, or damage that looks like one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from loaders.errors import UsageError

HIGHEST = 10**12


@dataclass(frozen=True, slots=True)
class Limit:
    """A whole number from 1, unless the environment `variable` sets another one."""

    variable: str
    default: int

    @property
    def value(self) -> int:
        """The limit in force; raises UsageError where the variable holds no whole number from 1."""
        text = os.environ.get(self.variable, "").strip()
        if not text:
            return self.default
        if not (text.isascii() and text.isdecimal() and 1 <= int(text[:20]) <= HIGHEST):
            raise UsageError(f"{self.variable} is {text[:80]!r}; give a whole number from 1 to {HIGHEST:,}.")
        return int(text)

    @property
    def remedy(self) -> str:
        """What to do about a sound file that is above the limit."""
        return f"If it is sound, raise the limit with {self.variable}."


# How many times its own size a compressed file may grow. Repetitive logs grow 100 times, gzip ends at 1032.
EXPANSION = Limit("SESSIONHOUSE_MAX_EXPANSION", 200)
# Up to so many bytes a file may grow to, however small it is.
HARMLESS_BYTES = 256 << 20
# Bytes of a manifest, decompressed; it is parsed as a whole.
MANIFEST_BYTES = Limit("SESSIONHOUSE_MAX_MANIFEST_BYTES", 64 << 20)
# Exports that one manifest may list; Pendo keeps 30 days.
MANIFEST_EXPORTS = Limit("SESSIONHOUSE_MAX_MANIFEST_EXPORTS", 5_000)
# Levels of JSON in one line. DuckDB's JSON functions end the process some hundred thousand levels down.
NESTING = Limit("SESSIONHOUSE_MAX_NESTING", 1_000)
# Bytes that one Avro block may grow to; it is decoded from memory.
BLOCK_BYTES = Limit("SESSIONHOUSE_MAX_BLOCK_BYTES", 128 << 20)
# Bytes that DuckDB may hold in memory while a load runs; what is above goes to the database or beside it.
MEMORY_BYTES = Limit("SESSIONHOUSE_MAX_MEMORY_BYTES", 1 << 30)
