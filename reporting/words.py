"""How names and numbers are written in the report."""

from __future__ import annotations

import html
from datetime import date, datetime

from loaders.confidential import printable, redacted

LONGEST_NAME = 200
LONGEST_LABEL = 24
UNNAMED = "(no name)"
SOURCE_TITLES = {
    "leanplum": "Leanplum",
    "monetate": "Monetate",
    "pendo": "Pendo",
    "rudderstack": "RudderStack",
    "snowplow": "Snowplow",
}
# In minutes.
UNITS = (("day", 24 * 60), ("hour", 60), ("minute", 1))
DURATION_LABELS = (
    "0 s",
    "under 10 s",
    "10-30 s",
    "30-60 s",
    "1-3 min",
    "3-10 min",
    "10-30 min",
    "30-60 min",
    "1 h or more",
)


def name_of(text: str | None) -> str:
    """Return a name from the data as it is shown: in one line, without secrets, cut where it is endless."""
    if text is None:
        return UNNAMED
    return _cut(printable(redacted(text)), LONGEST_NAME) or '""'


def label_of(text: str | None) -> str:
    """Return a short form of a name for a chart."""
    return _plain(_cut(name_of(text), LONGEST_LABEL))


def hover_of(text: str | None) -> str:
    """Return a name for a chart in full."""
    return _plain(name_of(text))


def _plain(text: str) -> str:
    """Return the text as charts show it: for them < and & begin markup, and $ a formula."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def title_of(source: str) -> str:
    """Return a source as it writes itself."""
    return SOURCE_TITLES.get(source) or name_of(source)


def cell(value: object) -> str:
    """Return a value for a table of the report."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def moment(value: datetime) -> str:
    """Return a time (UTC) to the minute."""
    return f"{value:%Y-%m-%d %H:%M}"


def duration(minutes: float | None) -> str:
    """Return a length of minutes as people say it."""
    if minutes is None:
        return "-"
    seconds = round(minutes * 60)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


def age(earlier: datetime, later: datetime) -> str:
    """Return how long before `later` something was, in its largest unit."""
    minutes = int((later - earlier).total_seconds() // 60)
    unit, size = next(((unit, size) for unit, size in UNITS if minutes >= size), ("minute", 1))
    count = minutes // size
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
