"""Leanplum session exports: jobs, manifests, and their two forms."""

from __future__ import annotations
