"""The command line of the benchmarks; `make bench` calls it."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from benchmarks.errors import BenchmarkError
from benchmarks.findings import Findings
from benchmarks.registry import CASES
from benchmarks.report import render, this_machine
from benchmarks.settings import Settings
from benchmarks.timing import ROOT
from benchmarks.workspace import Workspace

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
DEFAULTS = Settings()


def _sizes(command: Any) -> Any:
    """Give the command an option for every size of a run."""
    for field in reversed(fields(Settings)):
        default = getattr(DEFAULTS, field.name)
        option = click.option(
            f"--{field.name.replace('_', '-')}", default=default, show_default=True, type=type(default)
        )
        command = option(command)
    return command


@click.command()
@click.option("--cases", default="", help=f"Some of {', '.join(CASES)}, with commas; all without it.")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="A folder to work in and keep."
)
@click.option(
    "--results", type=click.Path(dir_okay=False, path_type=Path), default=RESULTS, help="The page to write."
)
@_sizes
def main(cases: str, keep: Path | None, results: Path, **sizes: Any) -> None:
    """Measure the project beside peers and floors, and write the results."""
    unknown = set(filter(None, cases.split(","))) - CASES.keys()
    if unknown:
        raise click.UsageError(
            f"There is no case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}."
        )
    chosen = [case for name, case in CASES.items() if not cases or name in cases.split(",")]
    machine = this_machine()
    with tempfile.TemporaryDirectory(prefix="sessionhouse-bench-") as temporary:
        folder = (keep or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        workspace = Workspace(folder, Settings(**sizes))
        found: list[Findings] = []
        failed: dict[str, str] = {}
        for case in chosen:
            try:
                found.append(case.measure(workspace))
            except BenchmarkError as error:
                failed[case.name] = str(error)
            # What is measured so far stands, whatever becomes of the next case.
            page = render(found, machine, _command(cases, sizes), failed)
            results.write_text(page, encoding="utf-8")
    click.echo(page, nl=False)
    for name, message in failed.items():
        click.echo(f"{name}: {message}", err=True)
    if failed:
        sys.exit(1)


def _command(cases: str, sizes: dict[str, Any]) -> str:
    """Return the command with what differs from the defaults."""
    given = {"cases": cases} | {
        name: value for name, value in sizes.items() if value != getattr(DEFAULTS, name)
    }
    return " ".join(
        ["make bench", *(f"{name.upper()}={value}" for name, value in given.items() if value != "")]
    )


if __name__ == "__main__":
    main()
