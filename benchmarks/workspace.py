"""Where a run of the benchmarks works: the data it makes once, and the builds that cases share."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks.project import DATABASE_NAME, Build, Project
from benchmarks.rudderstack import land_tracks
from benchmarks.settings import Settings
from benchmarks.tracks import write_tracks
from loaders.queries import first_row
from loaders.warehouse import connect, connect_read_only


@dataclass(slots=True)
class Workspace:
    """The folder of a run. What is made for one size is found again there by its name.

    `builds` are the full builds of this run by size of history, in the order in which they were made;
    `parsed` are the folders for which dbt has read the project, so that no timed build has to.
    """

    folder: Path
    settings: Settings
    builds: defaultdict[int, list[Build]] = field(default_factory=lambda: defaultdict(list))
    parsed: set[Path] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)

    @property
    def project(self) -> Project:
        """The project that all builds of a history go through."""
        return Project(self.folder / "work")

    def bring(self, kept: Path, project: Project | None = None) -> Project:
        """Put a copy of a database into the project's folder, and let dbt read the project if it has not."""
        chosen = project or self.project
        chosen.bring(kept)
        if chosen.folder not in self.parsed:
            self.tell("letting dbt read the project")
            chosen.parse()
            self.parsed.add(chosen.folder)
        return chosen

    def tell(self, message: str) -> None:
        """Say on stderr what is being done, and when."""
        seconds = time.monotonic() - self.started
        click.echo(f"{seconds // 60:4.0f}:{seconds % 60:02.0f}  {message}", err=True)

    def tracks(self, events: int) -> Path:
        """Return the file of all tracks that a history of this size and its increments need."""
        wanted = self._wanted(events)
        path = self.folder / f"tracks-{wanted}.duckdb"
        if not path.exists():
            self.tell(f"making {wanted:,} tracks")
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            write_tracks(part, wanted)
            part.replace(path)
        return path

    def history(self, events: int) -> Path:
        """Return a database whose raw tables hold that many tracks, and nothing is built."""
        path = self._place("history", events)
        if not path.exists():
            tracks = self.tracks(events)
            self.tell(f"landing {events:,} of them in raw")
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            land_tracks(part, tracks, 0, events)
            part.replace(path)
        return path

    def full_build(self, events: int) -> Build:
        """Build a history from nothing, once more, and keep what was built."""
        project = self.bring(self.history(events))
        self.tell(f"building {events:,} events")
        build = project.build()
        self.builds[events].append(build)
        # What an earlier run kept may have been built by other models.
        if len(self.builds[events]) == 1:
            project.keep(self._place("built", events))
        return build

    def built(self, events: int) -> Path:
        """Return a database with a history of that size, built in this run."""
        if not self.builds[events]:
            self.full_build(events)
        return self._place("built", events)

    def _wanted(self, events: int) -> int:
        rounds = self.settings.repeats
        if events == self.settings.events:
            rounds = max(rounds, self.settings.increments)
        return events + rounds * self.settings.increment_events

    def _place(self, kind: str, events: int) -> Path:
        """Return where a history is kept: other tracks after it make it another history."""
        return self.folder / f"{kind}-{events}-of-{self._wanted(events)}" / DATABASE_NAME


def create_raw_tables(database: Path) -> None:
    """Create a database with every raw table, empty."""
    connect(database).close()


def count(database: Path, statement: str) -> int:
    """Return the number that a query answers with."""
    connection = connect_read_only(database)
    try:
        (number,) = first_row(connection, statement) or (0,)
        return int(number or 0)
    finally:
        connection.close()
