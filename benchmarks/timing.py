"""Seconds of calls, and seconds and peak memory of processes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError

ROOT = Path(__file__).parent.parent
LAUNCHER = Path(__file__).parent / "launcher.py"
LONGEST_SECONDS = 4 * 3600
SHOWN_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Run:
    """One process: its seconds, its output, and the peak memory in bytes of its largest single process."""

    seconds: float
    peak_bytes: int
    output: str


def seconds_of(action: Callable[[], object]) -> float:
    """Return how many seconds the action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def run(command: Sequence[str], environment: Mapping[str, str], codes: Sequence[int] = (0,)) -> Run:
    """Run a command in the project's folder.

    Raises BenchmarkError where it ends with another exit code than `codes`, or lasts for hours.
    """
    with tempfile.TemporaryDirectory(prefix="sessionhouse-run-") as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [sys.executable, "-S", "-E", str(LAUNCHER), str(report), str(LONGEST_SECONDS), *command],
            cwd=ROOT,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if not report.exists():
            raise BenchmarkError(f"{' '.join(command)} could not be started:\n{done.stdout}")
        told = json.loads(report.read_text(encoding="utf-8"))
    if told["code"] not in codes:
        raise BenchmarkError(
            f"{' '.join(command)} ended with {told['code']}:\n{done.stdout[-SHOWN_CHARACTERS:]}"
        )
    return Run(told["seconds"], told["peak_bytes"], done.stdout)
