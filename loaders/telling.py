"""What the command line tells: outcomes of exports, summaries and tables, safe for any terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from loaders.confidential import printable, redacted
from loaders.errors import SessionhouseError, first_line
from loaders.exports import Status
from loaders.loading import Outcome
from loaders.texts import some

if TYPE_CHECKING:
    # What asks the API takes long to import, and most commands do not ask.
    from loaders.metadata.monetate import Fetched

SHOWN_TEXT_WIDTH = 200


def is_worth_telling(outcome: Outcome) -> bool:
    """Return whether something about the export is out of the ordinary."""
    entry = outcome.entry
    is_plainly_loaded = entry.status is Status.LOADED and not entry.reason and not entry.rejected_rows
    return outcome.is_new and not is_plainly_loaded


def tell(outcome: Outcome) -> None:
    """Print what became of one export."""
    entry = outcome.entry
    status = str(entry.status) if outcome.is_new else "known"
    told = [entry.reason] if entry.reason else []
    if entry.status is Status.LOADED:
        told.insert(0, f"{counted(entry.files, 'file')}, {counted(entry.rows, 'row')}")
        if entry.rejected_rows:
            told.insert(1, f"{counted(entry.rejected_rows, 'bad line')} quarantined")
    click.echo(f"{entry.vendor}: {status} {shown(entry.export_id)}\n    {shown('; '.join(told))}")


def counted(number: int, noun: str) -> str:
    """Return the number with its noun in the right form."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def summary(vendor: str, outcomes: Sequence[Outcome]) -> str:
    """Return one line about all exports of a run."""
    new = Counter(str(outcome.entry.status) for outcome in outcomes if outcome.is_new)
    rows = sum(outcome.entry.rows for outcome in outcomes if outcome.is_new)
    known = sum(not outcome.is_new for outcome in outcomes)
    loaded = new.pop(Status.LOADED, 0)
    parts = [f"{loaded} loaded ({counted(rows, 'row')})" if loaded else "nothing new"]
    parts += [f"{count} {status}" for status, count in sorted(new.items())]
    parts += [f"{known} already loaded"] if known else []
    return f"{vendor}: {', '.join(parts)}"


def told_names(fetched: Fetched) -> str:
    """Return what became of the names of one kind of id."""
    told = f"{fetched.title}: {fetched.known:,} known"
    if fetched.asked:
        told += f", {fetched.asked:,} asked, {fetched.named:,} named in {fetched.seed}"
    if fetched.unknown:
        told += f"\n    unknown to the vendor (deleted, or of another account): {some(fetched.unknown)}"
    if fetched.unaskable:
        told += f"\n    no numbers, so not asked for: {shown(some(fetched.unaskable))}"
    return told


def print_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print the rows as a JSON array, else as a table."""
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


def echo_error(error: Exception) -> None:
    """Print an error to stderr, those of other packages without their lines of detail."""
    told = str(error) if isinstance(error, SessionhouseError) else first_line(error)
    click.echo(f"{type(error).__name__}: {shown(told)}", err=True)


@dataclass(frozen=True, slots=True)
class EchoTeller:
    """Prints what happens while landing places are followed, as one load prints it."""

    vendor: str
    verbose: bool

    def loaded(self, outcomes: list[Outcome]) -> None:
        """Print what is out of the ordinary, or with `verbose` everything, and a summary."""
        for outcome in outcomes:
            if self.verbose or is_worth_telling(outcome):
                tell(outcome)
        click.echo(summary(self.vendor, outcomes))

    def failed(self, error: SessionhouseError) -> None:
        """Print why a round could not be finished."""
        echo_error(error)


def shown(text: str) -> str:
    """Return the text without secrets and in one line that no terminal obeys."""
    return printable(redacted(text))


def _cell(value: object) -> str:
    text = "" if value is None else printable(str(value).replace("\n", " "))
    return text if len(text) <= SHOWN_TEXT_WIDTH else text[: SHOWN_TEXT_WIDTH - 1] + "…"
