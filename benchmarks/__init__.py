"""Benchmarks: what the path from exports to questions costs on this machine, beside peers and floors."""

from __future__ import annotations
