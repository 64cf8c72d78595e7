"""Loads of one place into a fresh database, time and again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.findings import Measure
from benchmarks.project import Project
from benchmarks.timing import Run
from benchmarks.workspace import Workspace, count


class Loads:
    """The rounds of loading the exports of one vendor from one place, which must land `rows` rows.

    `place` is a folder or a URI, for which `environment` has what a store asks for.
    """

    def __init__(
        self,
        workspace: Workspace,
        vendor: str,
        place: Path | str,
        rows: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._vendor = vendor
        self._place = place
        self._rows = rows
        self._runs: list[Run] = []
        self.project = Project(workspace.folder / f"load-{vendor}", environment=environment or {})

    def load(self) -> float:
        """Load everything into a new database, and return the seconds of the whole process.

        Raises BenchmarkError where it is not all there.
        """
        self.project.folder.mkdir(parents=True, exist_ok=True)
        self.project.forget()
        run = self.project.load(self._vendor, self._place)
        self._runs.append(run)
        landed = count(self.project.database, "SELECT sum(rows) FROM raw.loads WHERE status = 'loaded'")
        if landed != self._rows:
            raise BenchmarkError(f"{self._vendor}: {landed:,} rows were landed, not {self._rows:,}.")
        return run.seconds

    def measure(self, name: str) -> Measure:
        """Return the seconds of the whole process, and its peak memory."""
        peak = max(run.peak_bytes for run in self._runs)
        return Measure(name, tuple(run.seconds for run in self._runs), peak_bytes=peak)


def scaled(seconds: float, part: int, whole: int) -> float:
    """Return the seconds of the whole where a part was measured, as if each row cost the same."""
    return seconds * whole / part


def scale_note(part: int, whole: int, what: str) -> str:
    """Return what the table says of a part that was measured, `""` of a whole."""
    return f"measured on {part:,} {what} and scaled linearly" if part < whole else ""


def fresh(path: Path) -> Path:
    """Return the path of a database that is not there any more."""
    for each in (path, path.with_name(f"{path.name}.wal")):
        each.unlink(missing_ok=True)
    return path
