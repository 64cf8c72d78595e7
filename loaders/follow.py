"""Following landing places: look again and again, load what has become complete, until told to stop.

The database is open only while there is something to load, so that other programs get at it in between.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import duckdb

from loaders.errors import (
    DatabaseLockedError,
    NoExportsError,
    NotReadyError,
    SessionhouseError,
    UsageError,
    first_line,
)
from loaders.exports import DataFile, Options
from loaders.landing import Landing
from loaders.loading import Outcome, load_exports
from loaders.vendors.vendor import Vendor
from loaders.warehouse import connect

Handler = Callable[[int, FrameType | None], Any] | int

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOCKED_PAUSE_SECONDS = 1.0


class Teller(Protocol):
    """Told what happens while landing places are followed."""

    def loaded(self, outcomes: list[Outcome]) -> None:
        """Tell the outcomes of a round that were not told before."""

    def failed(self, error: SessionhouseError) -> None:
        """Tell why a round could not be finished; it is tried again."""


class Stop:
    """Whether the user asked to stop, and a pause that ends when they do."""

    def __init__(self, asked: int) -> None:
        self._asked = asked

    def __bool__(self) -> bool:
        return self.wait(0)

    def wait(self, seconds: float) -> bool:
        """Wait so long or until asked to stop; return whether that is so."""
        # The byte stays in the pipe, so that whoever looks later sees it, too.
        return bool(select.select([self._asked], [], [], seconds)[0])


@contextmanager
def stopping() -> Iterator[Stop]:
    """Turn the first SIGINT or SIGTERM of the block into a `Stop`; the next one acts as usual."""
    reader, writer = os.pipe()

    def ask(*_: object) -> None:
        os.write(writer, b"!")
        _restore(before)

    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, ask)
    try:
        yield Stop(reader)
    finally:
        _restore(before)
        os.close(reader)
        os.close(writer)


@dataclass(slots=True)
class Follower:
    """Loads the exports of some landing places, round after round, each with a vendor of `make_vendor`.

    The teller hears each outcome and each failure once, until it is another one.
    """

    make_vendor: Callable[[], Vendor]
    landings: list[Landing]
    database: Path
    options: Options
    teller: Teller
    _seen: dict[str, list[DataFile]] = field(default_factory=dict)
    _told: dict[str, tuple[str, str]] = field(default_factory=dict)
    _failures: dict[str, str] = field(default_factory=dict)

    def follow(self, every: float, stop: Stop) -> None:
        """Do a round every so many seconds, from the end of one to the begin of the next, until `stop`.

        An export in work is finished first. Raises UsageError in the first round only: later the command
        was right once, and what is missing may come back.
        """
        is_first = True
        while not stop:
            for landing in self.landings:
                self._try(landing, stop, is_first)
            is_first = False
            stop.wait(every)

    def _try(self, landing: Landing, stop: Stop, is_first: bool) -> None:
        try:
            self._load(landing, stop)
        except SessionhouseError as error:
            if is_first and isinstance(error, UsageError):
                raise
            self._tell_failure(landing, error)
        except BrokenPipeError:
            raise  # Nobody reads what is told: that is an end, too.
        except (duckdb.Error, OSError) as error:
            self._tell_failure(landing, NotReadyError(f"{type(error).__name__}: {first_line(error)}"))
        else:
            self._failures.pop(landing.uri, None)

    def _load(self, landing: Landing, stop: Stop) -> None:
        # Listed before anything is loaded: what arrives meanwhile makes the next listing another one.
        files = landing.list_files()
        if files == self._seen.get(landing.uri, []):
            return
        connection = self._connect(landing, stop)
        if connection is None:
            return
        outcomes: list[Outcome] = []
        try:
            for ended in load_exports(connection, self.make_vendor(), landing, self.options):
                outcomes += ended
                if stop:
                    return
        except NoExportsError:
            pass  # Not yet.
        finally:
            connection.close()
            self._tell(outcomes)
        self._seen[landing.uri] = files

    def _connect(self, landing: Landing, stop: Stop) -> duckdb.DuckDBPyConnection | None:
        """Return an open database, None when asked to stop while another process holds it."""
        while not stop:
            try:
                return connect(self.database, lock_wait_seconds=0)
            except DatabaseLockedError:
                told = f"{self.database} is in use by another process. Waiting until it is free."
                self._tell_failure(landing, DatabaseLockedError(told))
                stop.wait(LOCKED_PAUSE_SECONDS)
        return None

    def _tell(self, outcomes: list[Outcome]) -> None:
        news = []
        for outcome in outcomes:
            entry = outcome.entry
            told = (f"{entry.status} {entry.digest}", entry.reason)
            if outcome.is_new and self._told.get(entry.export_id) != told:
                news.append(outcome)
                self._told[entry.export_id] = told
        if news:
            self.teller.loaded(news)

    def _tell_failure(self, landing: Landing, error: SessionhouseError) -> None:
        told = f"{type(error).__name__}: {error}"
        if self._failures.get(landing.uri) != told:
            self._failures[landing.uri] = told
            self.teller.failed(error)


def _restore(handlers: Mapping[signal.Signals, Handler]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
