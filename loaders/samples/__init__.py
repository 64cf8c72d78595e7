"""Synthetic exports of all five vendors, the same bytes for the same number of events and seed."""

from __future__ import annotations

FEWEST_EVENTS = 100
