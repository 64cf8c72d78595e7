"""A day of Pendo's that comes again: its rows are dropped and landed anew, as its counters go up."""

from __future__ import annotations

from benchmarks import goals
from benchmarks.findings import Findings, Measure
from benchmarks.pendo_days import DAYS, land_days
from benchmarks.project import CHANGES, DATABASE_NAME
from benchmarks.workspace import Workspace, create_raw_tables

# A replaced day leaves and comes again, so it is measured beside two days that come.
NEW_DAYS = 2


def measure_replaced_day(workspace: Workspace, found: Findings) -> None:
    """Add what a replaced day costs in a year of days, beside two new days."""
    project = workspace.project
    events_a_day = max(1, workspace.settings.pendo_events // DAYS)
    year = workspace.folder / f"pendo-{events_a_day}" / DATABASE_NAME
    if not year.exists():
        workspace.tell(f"landing a year of Pendo's days, {events_a_day:,} events each")
        year.parent.mkdir(parents=True, exist_ok=True)
        part = year.with_suffix(".part")
        part.unlink(missing_ok=True)
        create_raw_tables(part)
        land_days(part, range(DAYS), events_a_day)
        part.replace(year)
    workspace.bring(year)
    workspace.tell("building them")
    full = project.build()
    replaced, new = [], []
    for number in range(workspace.settings.repeats):
        workspace.tell("a replaced day, and two new ones")
        day = DAYS // 2 + number
        land_days(project.database, range(day, day + 1), events_a_day, version=1)
        replaced.append(project.build(selection=CHANGES).model_seconds)
        first = DAYS + number * NEW_DAYS
        land_days(project.database, range(first, first + NEW_DAYS), events_a_day)
        new.append(project.build(selection=CHANGES).model_seconds)
    project.forget()
    one = Measure("Pendo: run after a day was replaced, models", tuple(replaced))
    two = Measure("Pendo: run after two new days, models", tuple(new))
    year_measure = Measure("Pendo: full build of a year of days, models", (full.model_seconds,))
    found.measures += [year_measure, one, two]
    found.facts["Pendo's events in a day"] = f"{events_a_day:,}"
    found.compare(goals.PENDO_DAY, one, two)
