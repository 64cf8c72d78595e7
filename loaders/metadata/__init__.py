"""Names behind the ids of exports, asked of vendors and kept as dbt seeds."""

from __future__ import annotations
