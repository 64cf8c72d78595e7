"""Charts: rows of one choice of source in, a figure out. None where there is nothing to draw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from plotly import graph_objects as go

from reporting.facts import Row
from reporting.look import GREY, MARKS, STATUS_MARKS, faint
from reporting.words import DURATION_LABELS, hover_of, label_of, name_of, title_of

BAR_HEIGHT = 26
MARGIN = {"l": 8, "r": 16, "t": 12, "b": 40}
OTHER = "other events"
END = "end of session"


def loads_chart(rows_of_sources: Mapping[str, Sequence[Row]]) -> go.Figure | None:
    """Draw exports by source and status, from rows of `LOADS` for each source."""
    sources = sorted(rows_of_sources, reverse=True)
    if not sources:
        return None
    figure = _figure(height=90 + 34 * len(sources))
    for status, colour in STATUS_MARKS.items():
        counts = [sum(row[1] for row in rows_of_sources[source] if row[0] == status) for source in sources]
        if any(counts):
            figure.add_bar(
                x=counts,
                y=[hover_of(title_of(source)) for source in sources],
                name=status,
                orientation="h",
                marker_color=colour,
                hovertemplate="%{y}: %{x:,} " + status + "<extra></extra>",
            )
    figure.update_layout(barmode="stack", legend=_legend(), showlegend=True)
    figure.update_xaxes(title={"text": "exports", "standoff": 12}, rangemode="tozero", tickformat=",d")
    figure.update_yaxes(type="category", showgrid=False, ticklabelstandoff=6)
    return figure


def names_chart(rows: Sequence[Row], unit: str, colour: str = MARKS[0]) -> go.Figure | None:
    """Draw a bar for each name, the longest on top, from rows of a name and a number."""
    if not rows:
        return None
    figure = _figure(height=70 + BAR_HEIGHT * len(rows))
    # Placed by number: names may be alike in their short form, and may look like dates.
    places = list(range(len(rows)))
    figure.add_bar(
        x=[row[1] for row in rows],
        y=places,
        customdata=[hover_of(row[0]) for row in rows],
        orientation="h",
        marker_color=colour,
        text=[f"{row[1]:,}" for row in rows],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{customdata}: %{x:,} " + unit + "<extra></extra>",
    )
    # Room for the number behind the longest bar.
    figure.update_xaxes(visible=False, range=[0, 1.2 * max(row[1] for row in rows) or 1])
    figure.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=[label_of(row[0]) for row in rows],
        range=[len(rows) - 0.4, -0.6],
        ticklabelstandoff=6,
        showgrid=False,
        zeroline=False,
    )
    figure.update_layout(margin=MARGIN | {"b": 12}, bargap=0.25)
    return figure


def activity_chart(rows: Sequence[Row]) -> go.Figure | None:
    """Draw sessions and visitors per day, from rows of `ACTIVITY`."""
    if not rows:
        return None
    days = [row[0] for row in rows]
    figure = _figure(height=320)
    figure.add_bar(
        x=days,
        y=[row[1] for row in rows],
        name="sessions",
        marker_color=MARKS[0],
        opacity=0.75,
        hovertemplate="%{x|%Y-%m-%d}: %{y:,} sessions<extra></extra>",
    )
    figure.add_scatter(
        x=days,
        y=[row[2] for row in rows],
        name="visitors",
        mode="lines+markers" if len(days) <= 60 else "lines",
        line={"color": MARKS[1], "width": 2.5},
        marker={"size": 6},
        hovertemplate="%{x|%Y-%m-%d}: %{y:,} visitors<extra></extra>",
    )
    figure.update_layout(legend=_legend(), hovermode="x")
    figure.update_xaxes(type="date", showgrid=False, tickformatstops=_DAY_FORMATS)
    figure.update_yaxes(rangemode="tozero", nticks=6, tickformat=",d")
    return figure


def durations_chart(rows: Sequence[Row]) -> go.Figure | None:
    """Draw the sessions of each bucket of lengths, from rows of `DURATIONS`."""
    if not rows:
        return None
    counts: dict[int, int] = dict(rows)
    lengths = [(label, counts.get(bucket, 0)) for bucket, label in enumerate(DURATION_LABELS)]
    return names_chart(lengths, "sessions", MARKS[2])


def flows_chart(rows: Sequence[Row]) -> go.Figure | None:
    """Draw how sessions go from event to event, from rows of `FLOWS`."""
    if not rows:
        return None
    places: dict[tuple[int, str | None, str], int] = {}
    for step, name, kind, next_name, next_kind, _ in rows:
        places.setdefault((step, name, kind), len(places))
        places.setdefault((step + 1, next_name, next_kind), len(places))
    passing = _passing(rows)
    last = max(step for step, _, _ in places)
    colours = _colours_of_names(rows)

    def colour(name: str | None, kind: str) -> str:
        return colours[name] if kind == "event" else GREY

    figure = _figure(height=520)
    figure.add_sankey(
        arrangement="snap",
        node={
            "label": [_place_label(name, kind) for _, name, kind in places],
            "customdata": [f"{_place_hover(name, kind)}, step {step}" for step, name, kind in places],
            "color": [colour(name, kind) for _, name, kind in places],
            "pad": 14,
            "thickness": 14,
            "hovertemplate": "%{customdata}: %{value:,} sessions<extra></extra>",
            "x": [0.001 + 0.998 * (step - 1) / max(last - 1, 1) for step, _, _ in places],
            "y": _heights(places, passing),
        },
        link={
            "source": [places[row[0], row[1], row[2]] for row in rows],
            "target": [places[row[0] + 1, row[3], row[4]] for row in rows],
            "value": [row[5] for row in rows],
            "color": [faint(colour(row[1], row[2])) for row in rows],
            "hovertemplate": (
                "%{source.customdata} to %{target.customdata}: %{value:,} sessions<extra></extra>"
            ),
        },
    )
    figure.update_layout(margin=MARGIN | {"b": 16, "l": 16})
    return figure


def retention_chart(rows: Sequence[Row]) -> go.Figure | None:
    """Draw which part of a cohort came again after so many days, from rows of `RETENTION`."""
    shares: dict[date, dict[int, float]] = defaultdict(dict)
    sizes: dict[date, int] = {}
    for cohort, day_number, visitors, cohort_visitors, _ in rows:
        if day_number == 0:
            sizes[cohort] = cohort_visitors
        else:
            shares[cohort][day_number] = visitors / cohort_visitors
    if not shares:
        return None
    cohorts = sorted(sizes, reverse=True)
    day = "%b %d" if cohorts[0].year == cohorts[-1].year else "%b %d %Y"
    days = list(range(1, max(max(cells) for cells in shares.values() if cells) + 1))
    figure = _figure(height=110 + 20 * len(cohorts))
    figure.add_heatmap(
        x=days,
        y=list(range(len(cohorts))),
        z=[[shares[cohort].get(number) for number in days] for cohort in cohorts],
        customdata=[[cohort.isoformat()] * len(days) for cohort in cohorts],
        coloraxis="coloraxis",
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{customdata}, day %{x}: %{z:.1%}<extra></extra>",
    )
    figure.update_layout(
        coloraxis={"cmin": 0, "cmax": _telling_share(sizes, shares), "colorbar": {"tickformat": ".0%"}},
        margin=MARGIN | {"t": 56},
    )
    figure.update_xaxes(title={"text": "days later", "standoff": 12}, showgrid=False, dtick=7, tick0=0)
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(cohorts))),
        ticktext=[f"{cohort:{day}} ({sizes[cohort]:,})" for cohort in cohorts],
        showgrid=False,
        zeroline=False,
    )
    return figure


def _telling_share(sizes: Mapping[date, int], shares: Mapping[date, Mapping[int, float]]) -> float:
    """Return the highest share of the larger cohorts: one visitor who comes again is 100 % of a tiny one."""
    usual = sorted(sizes.values())[len(sizes) // 2]
    highest = [max(cells.values()) for cohort, cells in shares.items() if sizes[cohort] >= usual and cells]
    return max(highest, default=0.0) or 1.0


_DAY_FORMATS = [
    {"dtickrange": [None, 28 * 24 * 3600 * 1000], "value": "%b %d"},
    {"dtickrange": ["M1", None], "value": "%b %Y"},
]


def _figure(height: int) -> go.Figure:
    # Dragging would zoom where a finger means to scroll.
    return go.Figure(
        layout={"height": height, "margin": MARGIN, "dragmode": False, "template": None, "showlegend": None}
    )


def _legend() -> dict[str, object]:
    return {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}


def place_name(name: str | None, kind: str) -> str:
    """Return what a place of a path is called outside of a chart."""
    return {"other": OTHER, "end": END}.get(kind) or name_of(name)


def _place_label(name: str | None, kind: str) -> str:
    return {"other": OTHER, "end": END}.get(kind) or label_of(name)


def _place_hover(name: str | None, kind: str) -> str:
    return {"other": OTHER, "end": END}.get(kind) or hover_of(name)


def _colours_of_names(rows: Sequence[Row]) -> dict[str | None, str]:
    sessions: dict[str | None, int] = defaultdict(int)
    for _, name, kind, next_name, next_kind, count in rows:
        if kind == "event":
            sessions[name] += count
        if next_kind == "event":
            sessions[next_name] += count
    ordered = sorted(sessions, key=lambda name: (-sessions[name], name is None, name or ""))
    return {name: MARKS[index % len(MARKS)] for index, name in enumerate(ordered)}


def _passing(rows: Sequence[Row]) -> dict[tuple[int, str | None, str], int]:
    """Return how many sessions are at each place."""
    leaving: dict[tuple[int, str | None, str], int] = defaultdict(int)
    arriving: dict[tuple[int, str | None, str], int] = defaultdict(int)
    for step, name, kind, next_name, next_kind, count in rows:
        leaving[step, name, kind] += count
        arriving[step + 1, next_name, next_kind] += count
    return {place: max(leaving[place], arriving[place]) for place in {*leaving, *arriving}}


def _heights(
    places: Mapping[tuple[int, str | None, str], int], passing: Mapping[tuple[int, str | None, str], int]
) -> list[float]:
    """Return where each place stands from the top, 0 to 1: the frequent first, then others, then the end."""
    rank = {"event": 0, "other": 1, "end": 2}
    heights: dict[tuple[int, str | None, str], float] = {}
    for step in {place[0] for place in places}:
        here = [place for place in places if place[0] == step]
        here.sort(key=lambda place: (rank[place[2]], -passing[place], place[1] is None, place[1] or ""))
        total, above = sum(passing[place] for place in here), 0
        for place in here:
            heights[place] = 0.001 + 0.998 * (above + passing[place] / 2) / total
            above += passing[place]
    return [heights[place] for place in places]
