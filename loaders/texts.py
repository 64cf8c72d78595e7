"""Words that several messages share."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN_NAMES = 5


def some(names: Sequence[str]) -> str:
    """Return the names as one text, the later ones of a long list only counted."""
    shown = ", ".join(names[:SHOWN_NAMES])
    return shown if len(names) <= SHOWN_NAMES else f"{shown} and {len(names) - SHOWN_NAMES} more"
