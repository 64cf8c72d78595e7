"""Benchmarks: what the path from exports to marts costs on this machine, as shares of one run."""

from __future__ import annotations
