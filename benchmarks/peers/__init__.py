"""Other ways to the same results, and floors: what the least of the work costs."""

from __future__ import annotations
