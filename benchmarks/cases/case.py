"""What every case offers."""

from __future__ import annotations

from typing import Protocol

from benchmarks.findings import Findings
from benchmarks.workspace import Workspace


class Case(Protocol):
    """One subject of the benchmarks, which can be measured alone."""

    @property
    def name(self) -> str:
        """The name that `--cases` chooses it by."""

    def measure(self, workspace: Workspace) -> Findings:
        """Return what was found; raises BenchmarkError where a comparison is not one of equals."""
