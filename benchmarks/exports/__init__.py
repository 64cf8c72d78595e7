"""Exports on disk for the benchmarks of loading: large, plain, and the same on every run of one version."""

from __future__ import annotations
