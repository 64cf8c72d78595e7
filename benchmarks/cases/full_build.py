"""From raw tables to marts, all of it, beside plain SQL and beside the floor."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from benchmarks import goals
from benchmarks.errors import BenchmarkError
from benchmarks.findings import Findings, Measure, Missing, Share
from benchmarks.peers import floor
from benchmarks.peers.eight_tables import EightTables, differing_tables
from benchmarks.project import Build, Project, shares_of
from benchmarks.workspace import Workspace

# The window over all events without a user grows faster than the events: it is measured on so many.
NULL_PARTITION_EVENTS = 1_000_000


class FullBuild:
    """Times the build, the peers and the floor in turn, round by round."""

    name = goals.FULL_BUILD

    def measure(self, workspace: Workspace) -> Findings:
        """Return the ratios of the full build, and the share of every model."""
        rounds = _Rounds(workspace)
        for _ in range(workspace.settings.repeats):
            rounds.measure()
        return rounds.findings()


class _Rounds:
    """Seconds by what was timed, a value for each round."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._settings = workspace.settings
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)
        self._tables: defaultdict[str, list[float]] = defaultdict(list)
        self._builds: list[Build] = []
        self._large: list[Build] = []
        self._limited: list[Build] = []

    def measure(self) -> None:
        """Measure everything once more."""
        events = self._settings.events
        self._builds.append(self._workspace.full_build(events))
        self._measure_plain()
        self._measure_null_partition()
        self._measure_floor()
        if self._settings.memory_limit:
            self._limited.append(self._build_limited())
        if self._settings.growth > 1:
            self._large.append(self._workspace.full_build(events * self._settings.growth))

    def findings(self) -> Findings:
        """Return what all rounds found."""
        found = Findings(goals.FULL_BUILD)
        ours = _measure("ours, models", [build.model_seconds for build in self._builds], self._builds)
        plain = Measure("plain SQL without its null partition", tuple(self._seconds["plain"]))
        bottom = Measure("floor", tuple(self._seconds["floor"]))
        found.measures += [
            ours,
            _measure("ours, the whole of dbt run", [build.seconds for build in self._builds], self._builds),
            plain,
            self._null_partition(),
            bottom,
        ]
        found.compare(goals.PLAIN_SQL, plain, ours)
        found.compare(goals.FLOOR, ours, bottom)
        self._add_limited(found, ours)
        self._add_large(found, ours)
        found.facts = {
            "events": f"{self._settings.events:,}",
            "rows compared": "the eight tables of plain SQL hold the rows of the views in the schema rudder",
        }
        found.shares = shares_of("ours", self._builds) + [
            Share("plain SQL", "", table, sum(seconds) / len(seconds))
            for table, seconds in self._tables.items()
        ]
        return found

    def _measure_plain(self) -> None:
        events = self._settings.events
        self._workspace.tell(f"plain SQL on {events:,} events")
        seconds = self._peer(EightTables(), events)
        self._seconds["plain"].append(sum(seconds.values()))
        for table, value in seconds.items():
            self._tables[table].append(value)

    def _measure_null_partition(self) -> None:
        part = min(self._settings.events, NULL_PARTITION_EVENTS)
        self._workspace.tell(f"plain SQL with its null partition on {part:,} events")
        seconds = self._peer(EightTables(with_null_partition=True), part)
        self._seconds["nulls"].append(sum(seconds.values()) * self._settings.events / part)

    def _peer(self, peer: EightTables, events: int) -> dict[str, float]:
        database = _scratch(self._workspace, "peer")
        history = self._workspace.history(events)
        is_first = not self._seconds["plain" if events == self._settings.events else "nulls"]
        seconds = peer.build(history, database)
        # Its rows are the same in every round.
        if events == self._settings.events and is_first:
            self._workspace.tell("comparing its rows with ours")
            differing = differing_tables(self._workspace.built(events), database)
            if differing:
                raise BenchmarkError(f"The tables of plain SQL hold other rows: {', '.join(differing)}")
        database.unlink()
        return seconds

    def _measure_floor(self) -> None:
        events = self._settings.events
        prepared = self._workspace.folder / f"narrow-{events}.duckdb"
        if not self._seconds["floor"]:
            self._workspace.tell("preparing the floor")
            prepared.unlink(missing_ok=True)
            floor.prepare(self._workspace.built(events), prepared)
        database = _scratch(self._workspace, "floor")
        self._seconds["floor"].append(floor.measure(prepared, database))
        database.unlink()

    def _build_limited(self) -> Build:
        limit = self._settings.memory_limit
        project = Project(self._workspace.folder / "work-limited", limit)
        self._workspace.bring(self._workspace.history(self._settings.events), project)
        self._workspace.tell(f"building with memory_limit {limit}")
        build = project.build()
        project.forget()
        return build

    def _null_partition(self) -> Measure:
        part = min(self._settings.events, NULL_PARTITION_EVENTS)
        is_scaled = part < self._settings.events
        note = f"measured on {part:,} events and scaled linearly; it grows faster than that"
        return Measure(
            "plain SQL with its null partition", tuple(self._seconds["nulls"]), note if is_scaled else ""
        )

    def _add_limited(self, found: Findings, ours: Measure) -> None:
        if not self._limited:
            found.missing.append(Missing(goals.MEMORY_LIMIT.name, "no limit asked for", goals.MEMORY_LIMIT))
            return
        name = f"ours, models, memory_limit {self._settings.memory_limit}"
        limited = _measure(name, [build.model_seconds for build in self._limited], self._limited)
        found.measures.append(limited)
        found.compare(goals.MEMORY_LIMIT, limited, ours)

    def _add_large(self, found: Findings, ours: Measure) -> None:
        if not self._large:
            found.missing.append(Missing(goals.GROWTH.name, "no growth asked for", goals.GROWTH))
            return
        name = f"ours, models, {self._settings.events * self._settings.growth:,} events"
        large = _measure(name, [build.model_seconds for build in self._large], self._large)
        found.measures.append(large)
        found.compare(goals.GROWTH, large, ours)


def _scratch(workspace: Workspace, name: str) -> Path:
    path = workspace.folder / f"{name}.duckdb"
    path.unlink(missing_ok=True)
    return path


def _measure(name: str, seconds: list[float], builds: list[Build]) -> Measure:
    return Measure(name, tuple(seconds), peak_bytes=max(build.peak_bytes for build in builds))
