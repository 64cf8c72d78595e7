"""The report: one HTML file with everything in it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from tempfile import NamedTemporaryFile

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from loaders.errors import NotReadyError, UsageError
from reporting.facts import ALL, Facts, read_facts
from reporting.look import themes
from reporting.panels import Section, as_of, sections, tiles
from reporting.words import title_of

# Inside a script, these could begin or end a tag; JSON has another way to write them.
UNSAFE_IN_SCRIPT = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@dataclass(frozen=True, slots=True)
class Written:
    """What a report tells; `as_of` is the last load (UTC)."""

    sessions: int
    events: int
    as_of: datetime | None


def write_report(database: Path, output: Path) -> Written:
    """Write the report of a database; the same database gives the same bytes.

    Raises what `read_facts` raises, UsageError for an output that cannot be a file, NotReadyError where it
    cannot be written.
    """
    if not output.parent.is_dir():
        raise UsageError(f"The folder {output.parent} does not exist; create it first.")
    if output.is_dir():
        raise UsageError(f"{output} is a folder; name a file.")
    facts = read_facts(database)
    _replace(output, render(facts))
    return Written(facts.total("session_totals", ALL), facts.total("event_totals", ALL), facts.as_of)


def render(facts: Facts) -> str:
    """Return the report as HTML."""
    environment = Environment(
        loader=PackageLoader("reporting", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = sections(facts)
    plotly, behaviour = _script(get_plotlyjs()), _script(_page_file("report.js"))
    return environment.get_template("report.html.j2").render(
        as_of=as_of(facts),
        are_behind=facts.are_behind,
        is_empty=facts.is_empty,
        choices=[(ALL, "All sources"), *((source, title_of(source)) for source in facts.sources)],
        nothing="Nothing to show.",
        tiles=tiles(facts),
        sections=shown,
        style=Markup(_page_file("report.css")),
        payload=_payload(shown),
        plotly=plotly,
        behaviour=behaviour,
        # Nothing but these two scripts may run in the page, whatever names the data has.
        script_hashes=[_hash(script) for script in (plotly, behaviour)],
    )


def _payload(shown: list[Section]) -> Markup:
    figures = {
        panel.name: {choice: json.loads(figure.to_json()) for choice, figure in panel.figures.items()}
        for section in shown
        for panel in section.panels
        if panel.figures
    }
    text = json.dumps(
        {"themes": themes(), "figures": figures}, separators=(",", ":"), ensure_ascii=True, sort_keys=True
    )
    return Markup(text.translate(UNSAFE_IN_SCRIPT))


def _script(text: str) -> Markup:
    return Markup(text.replace("</script", "<\\/script").replace("<!--", "<\\!--"))


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _page_file(name: str) -> str:
    return (resources.files("reporting") / "page" / name).read_text(encoding="utf-8")


def _replace(output: Path, text: str) -> None:
    """Write the file beside its place and move it there: who reads it never sees a half."""
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=output.parent, prefix=f".{output.name}.", delete=False
        ) as beside:
            try:
                beside.write(text)
                beside.close()
                Path(beside.name).chmod(0o666 & ~_umask())
                Path(beside.name).replace(output)
            except BaseException:
                with suppress(OSError):
                    Path(beside.name).unlink()
                raise
    except OSError as error:
        raise NotReadyError(f"Cannot write {output}: {error.strerror}.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
