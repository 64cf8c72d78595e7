"""Many small files beside one file of the same content."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks import goals
from benchmarks.cases.loads import Loads
from benchmarks.exports.monetate import write_small_files
from benchmarks.findings import Findings
from benchmarks.workspace import Workspace

FILE_SESSIONS = 20


def measure_small_files(workspace: Workspace, found: Findings) -> None:
    """Add the load of many files of 20 sessions each beside that of one file."""
    files = workspace.settings.files
    sessions = files * FILE_SESSIONS
    many = Loads(workspace, "monetate", _place(workspace, files, FILE_SESSIONS), sessions)
    one = Loads(workspace, "monetate", _place(workspace, 1, sessions), sessions)
    for number in range(workspace.settings.repeats):
        workspace.tell(f"{files:,} small files, round {number + 1}: all of them, one file")
        many.load()
        one.load()
    found.facts["small files"] = f"{files:,} of {FILE_SESSIONS} sessions each"
    small, large = many.measure(f"{files:,} small files"), one.measure("one file of the same content")
    found.measures += [small, large]
    found.compare(goals.SMALL_FILES, small, large)
    one.project.forget()


def _place(workspace: Workspace, files: int, sessions_each: int) -> Path:
    place = workspace.folder / f"small-{files}-of-{sessions_each}"
    if not place.exists():
        workspace.tell(f"writing {files:,} files of {sessions_each:,} sessions")
        part = place.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        write_small_files(part, files, sessions_each)
        part.rename(place)
    return place
