"""Monetate: Session Stream files."""

from __future__ import annotations
