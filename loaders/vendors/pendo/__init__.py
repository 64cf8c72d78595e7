"""Pendo Data Sync exports: manifests, counters, and the replacement of periods."""

from __future__ import annotations
