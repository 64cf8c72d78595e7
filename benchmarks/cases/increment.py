"""Runs after the first one: what they cost beside a full build, and what they leave in the file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks import goals
from benchmarks.cases.replaced_day import measure_replaced_day
from benchmarks.errors import BenchmarkError
from benchmarks.findings import Findings, Measure, Missing, Ratio, Share, ratios
from benchmarks.project import CHANGES, DATABASE_NAME, Build, Project, shares_of
from benchmarks.relations import differing_marts
from benchmarks.rudderstack import attach, land_tracks
from benchmarks.tracks import tell_slice
from benchmarks.workspace import Workspace, create_raw_tables
from loaders.warehouse import CONFIG

RAW_TABLES = """
    SELECT schema_name || '.' || table_name FROM duckdb_tables()
    WHERE database_name = current_database() AND schema_name LIKE 'raw%' ORDER BY ALL
"""


class Increment:
    """Times runs after 1 % more events, and runs with nothing new, on one and on a larger history."""

    name = goals.INCREMENT

    def measure(self, workspace: Workspace) -> Findings:
        """Return the ratios of runs after the first; raises BenchmarkError where marts differ."""
        settings = workspace.settings
        found = Findings(self.name)
        found.facts = {
            "events stored": f"{settings.events:,}",
            "the first increment": tell_slice(
                workspace.tracks(settings.events), settings.events, settings.increment_events
            ),
        }
        history = _History(workspace, settings.events)
        history.measure()
        full = history.full_build_measure()
        found.measures += [full, *history.measures()]
        found.shares = history.shares()
        for goal, measure in zip((goals.ONE_PERCENT, goals.NOTHING_NEW), history.measures(), strict=True):
            found.ratios.append(Ratio(goal.name, ratios(measure.seconds, (full.median,)), goal))
        self._measure_large(workspace, found, history.measures()[0])
        # The history goes on in the project's folder, which the larger one has used in between.
        self._measure_file(workspace, found, history)
        measure_replaced_day(workspace, found)
        return found

    def _measure_large(self, workspace: Workspace, found: Findings, small: Measure) -> None:
        settings = workspace.settings
        if settings.growth == 1:
            missing = Missing(goals.INCREMENT_GROWTH.name, "no growth asked for", goals.INCREMENT_GROWTH)
            found.missing.append(missing)
            return
        large = _History(workspace, settings.events * settings.growth)
        large.measure()
        found.measures += large.measures()
        found.compare(goals.INCREMENT_GROWTH, large.measures()[0], small)

    def _measure_file(self, workspace: Workspace, found: Findings, history: _History) -> None:
        history.go_on(workspace.settings.increments)
        incremented = history.kept
        workspace.tell("building the same raw tables from nothing")
        fresh = workspace.folder / "fresh" / DATABASE_NAME
        _copy_raw(incremented, fresh)
        project = workspace.bring(fresh)
        fresh.unlink()
        project.build()
        workspace.tell("comparing the marts row for row")
        differing = differing_marts(incremented, project.database, workspace.folder / "scratch.duckdb")
        if differing:
            raise BenchmarkError(f"The marts differ from those of a full build: {differing}")
        sizes = incremented.stat().st_size, project.database.stat().st_size
        found.facts["increments before the file is compared"] = f"{history.rounds}"
        found.facts["file after them, and of a fresh build"] = " and ".join(
            f"{s / 1e6:,.0f} MB" for s in sizes
        )
        found.facts["marts after them"] = "equal, row for row, those of a full build of the same raw tables"
        found.ratios.append(Ratio(goals.FILE_SIZE.name, (sizes[0] / sizes[1],), goals.FILE_SIZE))
        incremented.unlink()
        project.forget()


class _History:
    """A built history that grows by increments."""

    def __init__(self, workspace: Workspace, events: int) -> None:
        self._workspace = workspace
        self._events = events
        self._step = workspace.settings.increment_events
        self._increments: list[Build] = []
        self._idle: list[Build] = []
        self.rounds = 0
        # Where it waits while another history is in the project's folder.
        self.kept = workspace.folder / f"incremented-{events}" / DATABASE_NAME

    def full_build_measure(self) -> Measure:
        """Return the full builds of this size in this run."""
        builds = self._workspace.builds[self._events]
        return Measure("full build, models", tuple(build.model_seconds for build in builds))

    def measures(self) -> list[Measure]:
        """Return the runs with new events, and those with nothing new."""
        of = "" if self._events == self._workspace.settings.events else f" on {self._events:,} stored"
        return [
            Measure(f"run after 1 %{of}, models", tuple(build.model_seconds for build in self._increments)),
            Measure(f"run with nothing new{of}, models", tuple(build.model_seconds for build in self._idle)),
        ]

    def shares(self) -> list[Share]:
        """Return what each model took of the runs with new events, and of those with nothing new."""
        return [
            *shares_of("run after 1 %", self._increments),
            *shares_of("nothing new", self._idle),
        ]

    def measure(self) -> None:
        """Time as many increments as there are rounds, each followed by a run with nothing new."""
        project = self._workspace.bring(self._workspace.built(self._events))
        for _ in range(self._workspace.settings.repeats):
            self._workspace.tell(f"increment {self.rounds + 1} on {self._events:,} events, and nothing new")
            self._land(project)
            self._increments.append(project.build(selection=CHANGES))
            self._idle.append(project.build(selection=CHANGES))
        # Only the history that goes on is needed again.
        if self._events == self._workspace.settings.events:
            project.keep(self.kept)

    def go_on(self, rounds: int) -> None:
        """Let the history grow until it has had that many increments."""
        project = self._workspace.bring(self.kept)
        while self.rounds < rounds:
            if self.rounds % 10 == 0:
                self._workspace.tell(f"{self.rounds} of {rounds} increments")
            self._land(project)
            project.build(selection=CHANGES)
        project.keep(self.kept)

    def _land(self, project: Project) -> None:
        after = self._events + self.rounds * self._step
        landed = land_tracks(
            project.database, self._workspace.tracks(self._events), after, after + self._step
        )
        if landed != self._step:
            raise BenchmarkError(f"There were {landed:,} more tracks, not {self._step:,}.")
        self.rounds += 1


def _copy_raw(database: Path, fresh: Path) -> None:
    """Copy the raw tables of a database into a new one, in the order in which rows lie there."""
    fresh.parent.mkdir(parents=True, exist_ok=True)
    fresh.unlink(missing_ok=True)
    create_raw_tables(fresh)
    with duckdb.connect(str(fresh), config=CONFIG) as connection:
        tables = [name for (name,) in connection.execute(RAW_TABLES).fetchall()]
        attach(connection, database, "grown")
        for table in tables:
            connection.execute(f"INSERT INTO {table} SELECT * FROM grown.{table}")
