"""The command line: arguments in, results on stdout, logs on stderr, exit codes out."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import duckdb

from loaders.errors import NotReadyError, SessionhouseError, first_line
from loaders.exports import Options, Status
from loaders.landing import open_landing
from loaders.ledger import Ledger
from loaders.loading import Outcome, load_landing
from loaders.samples.generate import FEWEST_EVENTS, write_samples
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect, connect_read_only

STATUS_COLUMNS = (
    "vendor", "export_id", "status", "files", "rows", "rejected_rows", "reason", "loaded_at",
)  # fmt: skip
SHOWN_TEXT_WIDTH = 200

database_option = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="SESSIONHOUSE_DATABASE",
    default="warehouse.duckdb",
    show_default=True,
    show_envvar=True,
    help="The DuckDB file.",
)


class _Group(click.Group):
    """Turns errors into a message and an exit code; nobody is shown a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SessionhouseError as error:
            click.echo(f"{type(error).__name__}: {error}", err=True)
            sys.exit(error.exit_code)
        except (duckdb.Error, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise  # click ends quietly when the reader of a pipe has gone.
            click.echo(f"{type(error).__name__}: {first_line(error)}", err=True)
            sys.exit(NotReadyError.exit_code)


@click.group(cls=_Group)
@click.version_option(package_name="sessionhouse")
def main() -> None:
    """Load vendor session exports into one DuckDB file, complete or not at all.

    Exit codes: 0 all good, 1 something was rejected, 2 wrong usage, 3 environment.
    """


@main.command()
@click.argument("vendor", type=click.Choice(sorted(VENDORS)))
@click.argument("uris", metavar="URI...", nargs=-1, required=True)
@database_option
@click.option("--allow-gap", is_flag=True, help="Pendo: go on although export counters are missing.")
@click.option("--include-test", is_flag=True, help="Pendo: load exports marked as tests, too.")
@click.option("-v", "--verbose", is_flag=True, help="Name every export, not only those left alone.")
def load(vendor: str, uris: tuple[str, ...], database: Path, verbose: bool, **choices: bool) -> None:
    """Load every complete, not yet loaded export found under URI.

    Example: sessionhouse load leanplum exports/leanplum
    """
    options = Options(**choices)
    landings = [open_landing(uri) for uri in uris]
    connection = connect(database)
    outcomes: list[Outcome] = []
    try:
        for landing in landings:
            # Told place by place: what is loaded stays loaded, and known, when the next place fails.
            for outcome in load_landing(connection, VENDORS[vendor](), landing, options):
                if verbose or _is_worth_telling(outcome):
                    _tell(outcome)
                outcomes.append(outcome)
    finally:
        connection.close()
        if outcomes:
            click.echo(_summary(vendor, outcomes))
    if any(outcome.entry.status is Status.REJECTED for outcome in outcomes):
        sys.exit(1)


@main.command()
@click.option("--vendor", type=click.Choice(sorted(VENDORS)), help="Only this vendor's exports.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@database_option
def status(vendor: str | None, as_json: bool, database: Path) -> None:
    """Print one row for each export ever seen.

    Example: sessionhouse status --vendor pendo
    """
    connection = connect_read_only(database)
    try:
        entries = [asdict(entry) for entry in Ledger(connection).entries(vendor)]
    finally:
        connection.close()
    _print([{name: entry[name] for name in STATUS_COLUMNS} for entry in entries], as_json)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@database_option
def rejects(as_json: bool, database: Path) -> None:
    """Print the quarantined lines: where each stood, why it was refused, and its text.

    Example: sessionhouse rejects --json
    """
    connection = connect_read_only(database)
    try:
        lines = Ledger(connection).rejected_lines()
    finally:
        connection.close()
    _print(lines, as_json)


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--events",
    type=click.IntRange(min=FEWEST_EVENTS),
    default=5000,
    show_default=True,
    help="Events of all vendors together; the hard cases come on top.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="The same number of events and seed give the same files, byte by byte.",
)
@click.option("-v", "--verbose", is_flag=True, help="Name the hard cases in the exports.")
def sample(folder: Path, events: int, seed: int, verbose: bool) -> None:
    """Write synthetic exports of all five vendors into the new or empty folder DIR.

    Example: sessionhouse sample sample --events 20000
    """
    samples = write_samples(folder, events, seed)
    for written in samples:
        cases = f"{len(written.cases)} hard cases{':' if verbose else ''}"
        click.echo(f"{written.vendor}: {written.events:,} events in {written.files:,} files, {cases}")
        for case in written.cases if verbose else ():
            click.echo(f"    {case}")
    first = samples[0].vendor
    click.echo(f"Load them vendor by vendor: sessionhouse load {first} {folder / first}")


def _is_worth_telling(outcome: Outcome) -> bool:
    entry = outcome.entry
    is_plainly_loaded = entry.status is Status.LOADED and not entry.reason and not entry.rejected_rows
    return outcome.is_new and not is_plainly_loaded


def _tell(outcome: Outcome) -> None:
    entry = outcome.entry
    status = str(entry.status) if outcome.is_new else "known"
    told = [entry.reason] if entry.reason else []
    if entry.status is Status.LOADED:
        told.insert(0, f"{_count(entry.files, 'file')}, {_count(entry.rows, 'row')}")
        if entry.rejected_rows:
            told.insert(1, f"{_count(entry.rejected_rows, 'bad line')} quarantined")
    click.echo(f"{entry.vendor}: {status} {entry.export_id}\n    {'; '.join(told)}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _summary(vendor: str, outcomes: list[Outcome]) -> str:
    new = Counter(str(outcome.entry.status) for outcome in outcomes if outcome.is_new)
    rows = sum(outcome.entry.rows for outcome in outcomes if outcome.is_new)
    known = sum(not outcome.is_new for outcome in outcomes)
    loaded = new.pop(Status.LOADED, 0)
    parts = [f"{loaded} loaded ({_count(rows, 'row')})" if loaded else "nothing new"]
    parts += [f"{count} {status}" for status, count in sorted(new.items())]
    parts += [f"{known} already loaded"] if known else []
    return f"{vendor}: {', '.join(parts)}"


def _print(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, default=str, indent=2))
        return
    if not rows:
        click.echo("none", err=True)
        return
    texts = [{name: _cell(value) for name, value in row.items()} for row in rows]
    widths = {name: max(len(name), *(len(row[name]) for row in texts)) for name in texts[0]}
    for row in ({name: name for name in widths}, *texts):
        click.echo("  ".join(row[name].ljust(width) for name, width in widths.items()).rstrip())


def _cell(value: object) -> str:
    text = "" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= SHOWN_TEXT_WIDTH else text[: SHOWN_TEXT_WIDTH - 1] + "…"
