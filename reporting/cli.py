"""Commands that show the marts: `sessionhouse report`."""

from __future__ import annotations

from pathlib import Path

import click

from loaders.options import database_option


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default="report.html",
    show_default=True,
    help="The HTML file to write.",
)
@database_option
def report(output: Path, database: Path) -> None:
    """Write a report of loads, sessions, paths and retention into one HTML file that needs no network.

    Example: sessionhouse report --output report.html
    """
    # Charts take a moment to import, which no other command should wait for.
    from reporting.report import write_report  # noqa: PLC0415
    from reporting.words import moment  # noqa: PLC0415

    written = write_report(database, output)
    as_of = f"as of {moment(written.as_of)} UTC" if written.as_of else "nothing loaded yet"
    click.echo(f"{output}: {written.sessions:,} sessions, {written.events:,} events, {as_of}")
