"""What `sessionhouse status` prints: a table to read on a terminal, one line an export everywhere else."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from loaders.exports import Status
from loaders.ledger import Entry
from loaders.telling import counted, shown

STYLES = {
    Status.LOADED: "green",
    Status.INCOMPLETE: "yellow",
    Status.ORPHAN: "yellow",
    Status.REJECTED: "bold red",
    Status.SKIPPED: "dim",
}
HEADINGS = ("export", "status", "files", "rows", "bad lines", "loaded at (UTC)")
NUMBERS = ("files", "rows", "bad lines")
LEAST_EXPORT_WIDTH = 16
ROWS_AT_ONCE = 200
# The reason comes last: it is as long as it has to be, and pads nothing behind it.
PLAIN_COLUMNS = ("vendor", "export_id", "status", "files", "rows", "rejected_rows", "loaded_at", "reason")


def print_status(entries: Sequence[Entry]) -> None:
    """Print the exports and their totals; nothing is cut, and only a terminal gets a layout and colours."""
    if not entries:
        click.echo("none", err=True)
    elif sys.stdout.isatty():
        console = Console(highlight=False)
        for table in status_tables(entries, console.width):
            console.print(table)
        console.print()
        console.print(totals_table(entries))
    else:
        click.echo("\n".join((*plain_lines(entries), "", *total_lines(entries))))


def plain_lines(entries: Sequence[Entry]) -> list[str]:
    """Return a header and one line for each export, in columns."""
    rows = [PLAIN_COLUMNS, *map(_plain_cells, entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def total_lines(entries: Sequence[Entry]) -> list[str]:
    """Return one line for each vendor, and one for all where there are several."""
    totals = _by_vendor(entries)
    if len(totals) > 1:
        totals.append(("all", list(entries)))
    return [f"{name}: {_told_total(group)}" for name, group in totals]


def status_tables(entries: Sequence[Entry], width: int) -> Iterator[Table]:
    """Yield the exports as tables that stand under each other as one, for a terminal of this width.

    In parts, so that the first rows of a long ledger are seen at once. Long names and reasons go on in the
    next line.
    """
    widths = _widths(entries, width)
    is_first = True
    for vendor, group in _by_vendor(entries):
        for start in range(0, len(group), ROWS_AT_ONCE):
            table = _table(show_header=is_first)
            for heading, column_width in zip(HEADINGS, widths, strict=True):
                is_number = heading in NUMBERS
                table.add_column(
                    heading, width=column_width, justify="right" if is_number else "left", overflow="fold"
                )
            if start == 0:
                if not is_first:
                    table.add_row()
                table.add_row(Text(vendor, style="bold"))
            for entry in group[start : start + ROWS_AT_ONCE]:
                table.add_row(*_cells(entry))
            is_first = False
            yield table


def _widths(entries: Sequence[Entry], width: int) -> list[int]:
    """Return the width of each column: what is in it, and for the exports what the others leave."""
    columns = zip(*map(_narrow_texts, entries), strict=True)
    narrow = [
        max(len(heading), *map(len, column)) for heading, column in zip(HEADINGS[1:], columns, strict=True)
    ]
    # A space behind each column, and one more between two.
    left = width - sum(narrow) - 2 * len(HEADINGS)
    longest = max(max(len(shown(entry.export_id)), len(shown(entry.reason)) + 2) for entry in entries)
    return [max(LEAST_EXPORT_WIDTH, min(longest, left)), *narrow]


def _narrow_texts(entry: Entry) -> tuple[str, ...]:
    numbers = (f"{number:,}" for number in (entry.files, entry.rows, entry.rejected_rows))
    return (entry.status, *numbers, _moment(entry.loaded_at))


def totals_table(entries: Sequence[Entry]) -> RenderableType:
    """Return how many exports of each vendor have which status, with their rows."""
    statuses = [status for status in Status if any(entry.status is status for entry in entries)]
    table = _table()
    table.add_column("vendor")
    for status in statuses:
        table.add_column(Text(status, style=STYLES[status]), justify="right")
    for heading in ("rows", "bad lines"):
        table.add_column(heading, justify="right")
    groups = _by_vendor(entries)
    for vendor, group in groups:
        table.add_row(vendor, *_totals(group, statuses))
    if len(groups) > 1:
        table.add_section()
        table.add_row("all", *_totals(entries, statuses), style="bold")
    return table


def _table(*, show_header: bool = True) -> Table:
    return Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), show_header=show_header
    )


def _by_vendor(entries: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    ordered = sorted(entries, key=_vendor)
    return [(vendor, list(group)) for vendor, group in groupby(ordered, key=_vendor)]


def _vendor(entry: Entry) -> str:
    return entry.vendor


def _plain_cells(entry: Entry) -> tuple[str, ...]:
    values = (getattr(entry, name) for name in PLAIN_COLUMNS)
    return tuple("" if value is None else shown(str(value)) for value in values)


def _cells(entry: Entry) -> Iterator[RenderableType]:
    style = STYLES[entry.status]
    name = Text(shown(entry.export_id))
    reason = Text(shown(entry.reason), style="dim" if entry.status is Status.LOADED else style)
    yield Group(name, Padding(reason, (0, 0, 0, 2))) if entry.reason else name
    yield Text(entry.status, style=style)
    yield f"{entry.files:,}"
    yield f"{entry.rows:,}"
    yield Text(f"{entry.rejected_rows:,}", style="yellow" if entry.rejected_rows else "dim")
    yield _moment(entry.loaded_at)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _totals(entries: Sequence[Entry], statuses: Sequence[Status]) -> list[str]:
    counts = Counter(entry.status for entry in entries)
    numbers = [counts[status] for status in statuses]
    numbers += [sum(entry.rows for entry in entries), sum(entry.rejected_rows for entry in entries)]
    return [f"{number:,}" for number in numbers]


def _told_total(entries: Sequence[Entry]) -> str:
    counts = Counter(entry.status for entry in entries)
    rows = counted(sum(entry.rows for entry in entries), "row")
    bad_lines = sum(entry.rejected_rows for entry in entries)
    told = [f"{counts[status]:,} {status}" for status in Status if counts[status]]
    return ", ".join([*told, rows, *([counted(bad_lines, "bad line")] if bad_lines else [])])
