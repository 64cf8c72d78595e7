"""Snowplow enriched events, transformer runs and table exports."""

from __future__ import annotations
