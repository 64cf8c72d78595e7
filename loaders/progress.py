"""Progress on stderr while exports load; silent where stderr is not a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Reporter(Protocol):
    """Told about every export of a run, before and after it is dealt with."""

    def starting(self, export_id: str) -> None:
        """Announce that an export is about to be loaded."""

    def finished(self) -> None:
        """Announce that one more export is dealt with."""


class SilentReporter:
    """Says nothing."""

    def starting(self, export_id: str) -> None:
        """Say nothing."""

    def finished(self) -> None:
        """Say nothing."""


class TerminalReporter:
    """Draws one progress bar."""

    def __init__(self, progress: Progress, vendor: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(vendor, total=total, export="")

    def starting(self, export_id: str) -> None:
        """Show the export's name beside the bar."""
        self._progress.update(self._task, export=export_id)

    def finished(self) -> None:
        """Move the bar on by one export."""
        self._progress.advance(self._task)


@contextmanager
def reporting(vendor: str, total: int) -> Iterator[Reporter]:
    """Yield a reporter for `total` exports: a bar on a terminal, else silence."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield SilentReporter()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        # Names of exports are no markup, whatever brackets they hold.
        TextColumn("{task.fields[export]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield TerminalReporter(progress, vendor, total)
