"""Loaders: vendor session exports in, checked and typed raw tables out."""

from __future__ import annotations
