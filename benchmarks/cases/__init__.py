"""What is measured, a module for each case."""

from __future__ import annotations
