"""What a benchmark cannot go on with."""

from __future__ import annotations


class BenchmarkError(Exception):
    """A command failed, or two sides of a comparison do not tell the same."""
