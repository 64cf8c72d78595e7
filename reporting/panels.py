"""The parts of the report: for each a chart and a table for every choice of source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from plotly import graph_objects as go

from reporting import charts, queries
from reporting.facts import ALL, Facts, Row
from reporting.look import MARKS
from reporting.words import DURATION_LABELS, age, cell, duration, moment, name_of, title_of

SHORT_TEXT = 20


@dataclass(frozen=True, slots=True)
class Table:
    """Texts in rows; `numbers` are the positions of the columns that hold numbers."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numbers: tuple[int, ...] = ()

    @property
    def kinds(self) -> list[str]:
        """How each column is set: numbers to the right, short texts in one line, long ones in several."""
        longest = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        return [
            "number" if index in self.numbers else "short" if length <= SHORT_TEXT else "long"
            for index, length in enumerate(longest)
        ]


@dataclass(frozen=True, slots=True)
class Panel:
    """One question with its answers: a table for each choice, and a chart where a chart says it better."""

    name: str
    title: str
    note: str
    tables: dict[str, Table]
    figures: dict[str, go.Figure] = field(default_factory=dict)
    is_wide: bool = True
    # What a wide chart needs; on a narrower screen it scrolls inside its own frame.
    least_width: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under one heading."""

    name: str
    title: str
    panels: list[Panel]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the top of the report, by choice."""

    label: str
    values: dict[str, str]


def tiles(facts: Facts) -> list[Tile]:
    """Return the figures at the top."""
    choices = [ALL, *facts.sources]

    def of(tell: Callable[[str], str]) -> dict[str, str]:
        return {choice: tell(choice) for choice in choices}

    def loaded(choice: str) -> int:
        return sum(row[1] for row in facts.loads.get(choice, ()) if row[0] == "loaded")

    def rejected(choice: str) -> int:
        return sum(row[1] for row in facts.rejected_events.get(choice, ()))

    def median(choice: str) -> str:
        rows = facts.session_totals.get(choice)
        return duration(rows[0][1] if rows else None)

    return [
        Tile("sessions", of(lambda choice: cell(facts.total("session_totals", choice)))),
        Tile("visitors", of(lambda choice: cell(facts.total("visitor_totals", choice)))),
        Tile("events", of(lambda choice: cell(facts.total("event_totals", choice)))),
        Tile("median session", of(median)),
        Tile("exports loaded", of(lambda choice: cell(loaded(choice)))),
        Tile("events rejected", of(lambda choice: cell(rejected(choice)))),
    ]


def sections(facts: Facts) -> list[Section]:
    """Return all of the report below its top."""
    return [
        Section("activity", "Activity", [_activity(facts), _durations(facts)]),
        Section("origins", "Where people come from", _origins(facts)),
        Section("paths", "Paths", [_flows(facts)]),
        Section("retention", "Coming back", [_retention(facts)]),
        Section("events", "Events", _rankings(facts)),
        Section("loads", "Loads", [_freshness(facts), _loads(facts), _exports_left_out(facts)]),
        Section("rejected", "Rejected", [_rejected_events(facts), _rejected_lines(facts)]),
    ]


def _activity(facts: Facts) -> Panel:
    return Panel(
        "activity-days",
        "Sessions and visitors per day",
        f"Days of the source's dashboards, at most {queries.SHOWN_DAYS}, up to the day after the last load. "
        "Only sessions in which somebody interacted; a visitor of two sources counts in each.",
        _tables(facts, facts.activity, ("day", "sessions", "visitors"), (1, 2)),
        _figures(facts.activity, charts.activity_chart),
    )


def _durations(facts: Facts) -> Panel:
    def row(bucket: int, sessions: int) -> tuple[object, ...]:
        return DURATION_LABELS[bucket], sessions

    return Panel(
        "durations",
        "How long sessions last",
        "From the first to the last event; a session of one event lasts 0 s.",
        _tables(facts, facts.durations, ("length", "sessions"), (1,), row),
        _figures(facts.durations, charts.durations_chart),
    )


def _flows(facts: Facts) -> Panel:
    def row(*values: Any) -> tuple[object, ...]:
        step, name, kind, next_name, next_kind, sessions = values
        return step, charts.place_name(name, kind), charts.place_name(next_name, next_kind), sessions

    return Panel(
        "flows",
        "How sessions begin and go on",
        f"The first {len(queries.STEP_COLUMNS)} events of sessions, with the {queries.NAMES_PER_STEP} most "
        "frequent ones of each step by name.",
        _tables(facts, facts.flows, ("step", "event", "then", "sessions"), (0, 3), row),
        _figures(facts.flows, charts.flows_chart),
        least_width=720,
    )


def _retention(facts: Facts) -> Panel:
    is_weekly = any(row[4] for rows in facts.retention.values() for row in rows)

    def row(
        cohort: object, day_number: int, visitors: int, cohort_visitors: int, _: bool
    ) -> tuple[object, ...]:
        return cohort, day_number, visitors, cohort_visitors, f"{visitors / cohort_visitors:.1%}"

    return Panel(
        "retention-days",
        "Visitors who come again",
        f"By the {'week' if is_weekly else 'day'} of their first session in an app, with their number in "
        f"brackets: which part of them had a session so many days later. At most the last {queries.COHORTS} "
        f"{'weeks' if is_weekly else 'days'}.",
        _tables(
            facts,
            {choice: _telling_cells(rows) for choice, rows in facts.retention.items()},
            ("first seen", "days later", "came", "of", "share"),
            (1, 2, 3, 4),
            row,
        ),
        _figures(facts.retention, charts.retention_chart),
    )


def _telling_cells(rows: Sequence[Row]) -> list[Row]:
    """Return the rows without days on which nobody came: they would fill the table."""
    return [row for row in rows if row[2]]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Names by how often they occur; `head` says what is named, and what is counted."""

    name: str
    title: str
    head: tuple[str, str]
    rows: dict[str, list[Row]]
    colour: str


def _rankings(facts: Facts) -> list[Panel]:
    events = ("event", "events")
    sessions = ("event", "sessions")
    ranked = (
        _Ranked("top-events", "Most frequent events", events, facts.top_events, MARKS[0]),
        _Ranked("first-events", "First events of sessions", sessions, facts.first_events, MARKS[2]),
        _Ranked("last-events", "Last events of sessions", sessions, facts.last_events, MARKS[3]),
    )
    return [_ranking(facts, each) for each in ranked]


def _origins(facts: Facts) -> list[Panel]:
    pages = ("page", "sessions")
    senders = ("medium: source", "sessions")
    campaigns = ("source / medium / campaign", "sessions")
    ranked = (
        _Ranked("landing-pages", "Pages on which sessions begin", pages, facts.landing_pages, MARKS[0]),
        _Ranked("referrers", "Who sends people", senders, facts.referrers, MARKS[2]),
        _Ranked("campaigns", "Campaigns", campaigns, facts.campaigns, MARKS[3]),
    )
    return [_ranking(facts, each) for each in ranked]


def _ranking(facts: Facts, ranked: _Ranked) -> Panel:
    return Panel(
        ranked.name,
        ranked.title,
        f"At most {queries.SHOWN_NAMES}.",
        _tables(facts, ranked.rows, ranked.head, (1,), _named),
        _figures(ranked.rows, partial(charts.names_chart, unit=ranked.head[1], colour=ranked.colour)),
        is_wide=False,
    )


def _named(name: str | None, count: int) -> tuple[object, ...]:
    return name_of(name), count


def _freshness(facts: Facts) -> Panel:
    def row(source: str) -> tuple[object, ...]:
        loaded_at = facts.last_loads.get(source, [(None,)])[0][0]
        _, occurred_at, received_at = facts.event_totals.get(source, [(0, None, None)])[0]
        before = age(loaded_at, facts.as_of) if loaded_at and facts.as_of else None
        return title_of(source), loaded_at, before, occurred_at, received_at

    rows = {source: [row(source)] for source in facts.sources}
    rows[ALL] = [row(source) for source in facts.sources]
    return Panel(
        "freshness",
        "How fresh the data is",
        "All times in UTC. A source is behind by the time from its last load to the last one of all sources, "
        "so that the report stays true when it is read later.",
        {
            choice: Table(
                ("source", "last load", "behind", "latest event", "latest receipt"),
                [tuple(map(cell, values)) for values in rows.get(choice, [])],
            )
            for choice in [ALL, *facts.sources]
        },
    )


def _loads(facts: Facts) -> Panel:
    by_source = {source: facts.loads[source] for source in facts.sources if source in facts.loads}
    figures: dict[str, go.Figure | None] = {ALL: charts.loads_chart(by_source)}
    figures |= {source: charts.loads_chart({source: rows}) for source, rows in by_source.items()}
    head = ("source", "status", "exports", "files", "rows", "bad lines")
    rows = {
        source: [(title_of(source), *map(cell, row)) for row in rows] for source, rows in by_source.items()
    }
    rows[ALL] = [row for source in by_source for row in rows[source]]
    return Panel(
        "exports",
        "What was loaded",
        "An export is loaded whole or not at all; bad lines of a loaded one are in quarantine.",
        {choice: Table(head, list(rows.get(choice, [])), (2, 3, 4, 5)) for choice in [ALL, *facts.sources]},
        {choice: figure for choice, figure in figures.items() if figure},
    )


def _exports_left_out(facts: Facts) -> Panel:
    def row(export_id: str, status: str, reason: str, vendor: str) -> tuple[object, ...]:
        return title_of(vendor), name_of(export_id), status, name_of(reason)

    return Panel(
        "left-out",
        "Exports that were not loaded, and why",
        f"At most {queries.SHOWN_EXPORTS}; sessionhouse status names all.",
        _tables(facts, facts.exports_left_out, ("source", "export", "status", "reason"), (), row),
    )


def _rejected_lines(facts: Facts) -> Panel:
    return Panel(
        "lines",
        "Lines that could not be landed, and why",
        f"The {queries.SHOWN_REASONS} most frequent reasons; sessionhouse rejects shows each line.",
        _tables(facts, facts.rejected_lines, ("reason", "lines"), (1,), _named),
    )


def _rejected_events(facts: Facts) -> Panel:
    return Panel(
        "rejected-events",
        "Events that are not in the marts, and why",
        "Each with the first reason that applies, in intermediate.int_events_rejected.",
        _tables(facts, facts.rejected_events, ("reason", "events"), (1,), _named),
        _figures(facts.rejected_events, partial(charts.names_chart, unit="events", colour=MARKS[7])),
    )


def _tables(
    facts: Facts,
    rows_by_choice: Mapping[str, Sequence[Row]],
    head: tuple[str, ...],
    numbers: tuple[int, ...],
    shape: Callable[..., tuple[object, ...]] = lambda *values: values,
) -> dict[str, Table]:
    return {
        choice: Table(
            head, [tuple(map(cell, shape(*row))) for row in rows_by_choice.get(choice, ())], numbers
        )
        for choice in [ALL, *facts.sources]
    }


def _figures(
    rows_by_choice: Mapping[str, Sequence[Row]], draw: Callable[[Sequence[Row]], go.Figure | None]
) -> dict[str, Any]:
    drawn = {choice: draw(rows) for choice, rows in rows_by_choice.items()}
    return {choice: figure for choice, figure in drawn.items() if figure}


def as_of(facts: Facts) -> str:
    """Return what moment the report shows."""
    return f"{moment(facts.as_of)} UTC" if facts.as_of else "before the first load"
