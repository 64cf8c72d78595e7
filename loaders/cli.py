"""The command line: arguments in, results on stdout, logs on stderr, exit codes out."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import duckdb

from loaders.errors import NotReadyError, SessionhouseError
from loaders.exports import Options, Status
from loaders.follow import Follower, stopping
from loaders.landing import CacheSettings, Landing, open_landing
from loaders.landing.opening import DEFAULT_CACHE_BYTES
from loaders.ledger import Ledger
from loaders.loading import Outcome, load_landing
from loaders.metadata.contract import ENDPOINT, INSTANCE
from loaders.options import database_option
from loaders.samples import FEWEST_EVENTS
from loaders.status import print_status
from loaders.telling import (
    EchoTeller,
    echo_error,
    is_worth_telling,
    print_rows,
    summary,
    tell,
    told_names,
)
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect, connect_read_only
from reporting.cli import publish, report

STATUS_COLUMNS = (
    "vendor", "export_id", "status", "files", "rows", "rejected_rows", "reason", "loaded_at",
)  # fmt: skip
DEFAULT_PAUSE_SECONDS = 60


class _Group(click.Group):
    """Turns errors into a message and an exit code; nobody is shown a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SessionhouseError as error:
            echo_error(error)
            sys.exit(error.exit_code)
        except (duckdb.Error, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise  # click ends quietly when the reader of a pipe has gone.
            echo_error(error)
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
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="SESSIONHOUSE_CACHE",
    show_envvar=True,
    help="The folder for files on their way from object storage; the user's cache folder without it.",
)
@click.option(
    "--cache-bytes",
    type=click.IntRange(min=1),
    envvar="SESSIONHOUSE_CACHE_BYTES",
    default=DEFAULT_CACHE_BYTES,
    show_default=True,
    show_envvar=True,
    help="How many bytes these files may have together; a bigger one comes alone.",
)
@click.option("--allow-gap", is_flag=True, help="Pendo: go on although export counters are missing.")
@click.option("--include-test", is_flag=True, help="Pendo: load exports marked as tests, too.")
@click.option(
    "--grace-days",
    type=click.IntRange(min=0),
    help="Leanplum: load a CSV job without all six manifests when it is older than so many days.",
)
@click.option("-v", "--verbose", is_flag=True, help="Name every export, not only those left alone.")
@click.option("--follow", is_flag=True, help="Look again and again, and load what has become complete.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1, max=86_400),
    metavar="SECONDS",
    help=f"With --follow: how long to pause between two looks.  [default: {DEFAULT_PAUSE_SECONDS}]",
)
def load(vendor: str, uris: tuple[str, ...], database: Path, verbose: bool, **choices: Any) -> None:
    """Load every complete, not yet loaded export found under URI.

    URI is a folder, a file, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix.

    Example: sessionhouse load leanplum exports/leanplum
    """
    cache = CacheSettings(choices.pop("cache"), choices.pop("cache_bytes"))
    follow, every = choices.pop("follow"), choices.pop("every")
    if every is not None and not follow:
        raise click.UsageError("--every is the pause of --follow; give both, or neither.")
    options = Options(**choices)
    with ExitStack() as opened:
        landings = [opened.enter_context(closing(open_landing(uri, cache))) for uri in uris]
        if follow:
            teller = EchoTeller(vendor, verbose)
            with stopping() as stop:
                follower = Follower(VENDORS[vendor], landings, database, options, teller)
                follower.follow(every or DEFAULT_PAUSE_SECONDS, stop)
            return
        outcomes = _load_all(vendor, landings, options, database, verbose)
    rejected = sum(outcome.entry.status is Status.REJECTED for outcome in outcomes)
    if rejected == len(outcomes) > 1:
        click.echo(
            "Every export was rejected: check the folder and the vendor; docs/exports.md tells what each "
            "vendor writes.",
            err=True,
        )
    if rejected:
        sys.exit(1)


def _load_all(
    vendor: str, landings: list[Landing], options: Options, database: Path, verbose: bool
) -> list[Outcome]:
    connection = connect(database)
    outcomes: list[Outcome] = []
    try:
        for landing in landings:
            # Told place by place: what is loaded stays loaded, and known, when the next place fails.
            for outcome in load_landing(connection, VENDORS[vendor](), landing, options):
                if verbose or is_worth_telling(outcome):
                    tell(outcome)
                outcomes.append(outcome)
    finally:
        connection.close()
        if outcomes:
            click.echo(summary(vendor, outcomes))
    return outcomes


@main.command()
@click.option("--vendor", type=click.Choice(sorted(VENDORS)), help="Only this vendor's exports.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@database_option
def status(vendor: str | None, as_json: bool, database: Path) -> None:
    """Print one row for each export ever seen, and totals.

    Example: sessionhouse status --vendor pendo
    """
    connection = connect_read_only(database)
    try:
        entries = Ledger(connection).entries(vendor)
    finally:
        connection.close()
    if as_json:
        told = map(asdict, entries)
        print_rows([{name: entry[name] for name in STATUS_COLUMNS} for entry in told], as_json)
    else:
        print_status(entries)


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
    print_rows(lines, as_json)


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
    # What writes samples takes a moment to import, as what asks the API does, and most runs load.
    from loaders.samples.generate import write_samples  # noqa: PLC0415

    samples = write_samples(folder, events, seed)
    for written in samples:
        cases = f"{len(written.cases)} hard cases{':' if verbose else ''}"
        click.echo(f"{written.vendor}: {written.events:,} events in {written.files:,} files, {cases}")
        for case in written.cases if verbose else ():
            click.echo(f"    {case}")
    first = samples[0].vendor
    click.echo(f"Load them vendor by vendor: sessionhouse load {first} {folder / first}")


@main.command()
@click.argument("vendor", type=click.Choice(["monetate"]))
@click.option(
    "--account",
    envvar="SESSIONHOUSE_MONETATE_ACCOUNT",
    show_envvar=True,
    required=True,
    help="The account's short name, as it stands in the base URL of the API documentation.",
)
@click.option(
    "--instance",
    envvar="SESSIONHOUSE_MONETATE_INSTANCE",
    show_envvar=True,
    default=INSTANCE,
    show_default=True,
    help="The account's instance.",
)
@click.option(
    "--user",
    envvar="SESSIONHOUSE_MONETATE_USER",
    show_envvar=True,
    required=True,
    help="The name of the API user.",
)
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="SESSIONHOUSE_MONETATE_KEY",
    show_envvar=True,
    required=True,
    help="The file with the user's RSA private key (PEM); SESSIONHOUSE_MONETATE_KEY_PASSPHRASE opens it.",
)
@click.option(
    "--endpoint",
    envvar="SESSIONHOUSE_MONETATE_ENDPOINT",
    show_envvar=True,
    default=ENDPOINT,
    show_default=True,
    help="The address of the API.",
)
@click.option(
    "--seeds",
    type=click.Path(file_okay=False, path_type=Path),
    default="seeds",
    show_default=True,
    help="The folder of the dbt seeds.",
)
@click.option(
    "--refresh", is_flag=True, help="Ask again for names that the seeds keep: they may have changed."
)
@database_option
def metadata(vendor: str, database: Path, key: Path, seeds: Path, refresh: bool, **access: str) -> None:
    """Fetch the names of offers, page events and custom targets that the loaded sessions hold ids of.

    The names go into dbt seeds, which `dbt build` brings into the database.

    Example: sessionhouse metadata monetate --account shop --user api-1-shop --key private.pem
    """
    from loaders.metadata.access import Access, read_key  # noqa: PLC0415
    from loaders.metadata.monetate import fetch_names  # noqa: PLC0415

    passphrase = os.environ.get("SESSIONHOUSE_MONETATE_KEY_PASSPHRASE")
    asking = Access(key=read_key(key, passphrase), **access)
    for fetched in fetch_names(asking, database, seeds, refresh=refresh):
        click.echo(f"{vendor}: {told_names(fetched)}")


main.add_command(report)
main.add_command(publish)
