"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

database_option = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="SESSIONHOUSE_DATABASE",
    default="warehouse.duckdb",
    show_default=True,
    show_envvar=True,
    help="The DuckDB file.",
)
