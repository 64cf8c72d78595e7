"""Commands that show the marts: `sessionhouse report` and `sessionhouse publish`."""

from __future__ import annotations

from pathlib import Path

import click

from loaders.options import database_option
from loaders.telling import counted
from reporting.publication import publish_marts
from reporting.versions import CURRENT
from reporting.words import moment


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

    written = write_report(database, output)
    as_of = f"as of {moment(written.as_of)} UTC" if written.as_of else "nothing loaded yet"
    click.echo(f"{output}: {written.sessions:,} sessions, {written.events:,} events, {as_of}")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@database_option
def publish(folder: Path, database: Path) -> None:
    """Write the marts as Parquet files into DIR/current, for programs that must not hold the database.

    Each run writes a whole new version beside the old one and then puts it in its place. A reader sees one
    version or the other, never a mixture. DIR is new, empty, or of an earlier run.

    Example: sessionhouse publish published
    """
    published = publish_marts(database, folder)
    for mart, table in published.tables.items():
        rows, files = counted(table.rows, "row"), counted(table.files, "file")
        click.echo(f"{mart}: {rows} in {files}")
    as_of = f"as of {moment(published.loaded_at)} UTC" if published.loaded_at else "nothing loaded yet"
    click.echo(f"{folder / CURRENT}: version {published.version}, {as_of}")
