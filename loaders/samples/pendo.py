"""Pendo samples: Data Sync exports of two applications, of accounts and of visitors."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from loaders.samples.clock import DAYS, START, at, epoch_day
from loaders.samples.output import VendorSample, number_of_files
from loaders.samples.pendo_cases import (
    CASES,
    FINALISED_DAY,
    ONE_TIME_DAYS,
    RULE_CHANGED_AFTER,
    SPLIT_AFTER,
    SPLIT_DAY,
    case_events,
    trial_events,
)
from loaders.samples.pendo_definitions import write_changed_page, write_definitions
from loaders.samples.pendo_events import (
    CHECKOUT,
    LEGACY,
    MAIN_APP,
    MATCHES,
    PURCHASE,
    SECOND_APP,
    WIDER_MATCHES,
    VisitEvents,
    visit_events,
)
from loaders.samples.pendo_exports import Application, ExportFolder, PeriodFiles
from loaders.samples.pendo_objects import write_objects

FIRST_DAY = epoch_day(START)
Matches = tuple[tuple[str, ...], ...]


def write(folder: Path, count: int, seed: int) -> VendorSample:
    """Write exports with `count` events, days that are exported again and the cases on top."""
    draw = random.Random(f"pendo exports {seed}")
    applications = {
        MAIN_APP: _MainApplication(folder, count, seed, draw),
        SECOND_APP: _SecondApplication(folder, draw),
    }
    visitors = 0
    for visit in visit_events(count, seed):
        applications[visit.app_id].add(visit)
        visitors = max(visitors, visit.visitor + 1)
    for application in applications.values():
        application.finish()
    write_objects(folder, visitors, draw)
    return VendorSample("pendo", count, number_of_files(folder), CASES)


class _Days:
    """Collects an application's events by day, a few days open at a time."""

    def __init__(self) -> None:
        self._open: dict[int, PeriodFiles] = {}
        self._next_to_close = FIRST_DAY

    def add(self, visit: VisitEvents) -> None:
        """Add a visit's events to their days, after closing the days that get no more events."""
        self._close_before(visit.events[0][0])
        for day, action, record in visit.events:
            period = self._open.get(day) or self._begin(day)
            period.add(record, self._matches(day)[action])

    def finish(self) -> None:
        """Close all days."""
        self._close_before(max([FIRST_DAY + DAYS, *(day + 1 for day in self._open)]))

    def _close_before(self, day: int) -> None:
        while self._next_to_close < day:
            self._close(self._next_to_close)
            self._next_to_close += 1

    def _begin(self, day: int) -> PeriodFiles:
        period = self._open[day] = self._new_period(day)
        return period

    def _matches(self, day: int) -> Matches:
        return MATCHES

    def _new_period(self, day: int) -> PeriodFiles:
        raise NotImplementedError

    def _close(self, day: int) -> None:
        raise NotImplementedError


class _MainApplication(_Days):
    """First a one-time export, then one a day; a finalised day and a changed rule in between."""

    def __init__(self, root: Path, count: int, seed: int, draw: random.Random) -> None:
        super().__init__()
        self._count = count
        self._seed = seed
        self._application = Application(root, MAIN_APP, "Shop", draw)
        self._one_time = self._application.new_folder()
        self._exports: dict[int, ExportFolder] = {}

    def finish(self) -> None:
        """Close all days, and write the manifest."""
        super().finish()
        self._application.add_nothing(at(DAYS, "04:00"))
        self._application.write_manifest(at(DAYS, "04:17"))

    def _matches(self, day: int) -> Matches:
        return WIDER_MATCHES if day > FIRST_DAY + RULE_CHANGED_AFTER else MATCHES

    def _new_period(self, day: int) -> PeriodFiles:
        number = day - FIRST_DAY
        if number < ONE_TIME_DAYS:
            period = PeriodFiles(self._one_time.path, day, f"-{number:03d}")
        else:
            self._exports[day] = self._application.new_folder()
            period = PeriodFiles(self._exports[day].path, day)
        if number == SPLIT_DAY:
            period.split_after = SPLIT_AFTER
        for record, matchables in case_events(number):
            period.add(record, matchables)
        return period

    def _close(self, day: int) -> None:
        number = day - FIRST_DAY
        period = self._open.pop(day, None) or self._new_period(day)
        export = self._exports.pop(day, self._one_time)
        export.periods.append(period.finish())
        if number >= ONE_TIME_DAYS - 1:
            export.definitions = write_definitions(export.path, wider=number > RULE_CHANGED_AFTER)
            self._application.add(export, at(number + 1, "03:00"))
        if number == RULE_CHANGED_AFTER:
            self._add_finalised()
            self._add_retroactive()

    def _add_finalised(self) -> None:
        """Export the first day again: most of it as before, the cases as they are after finalising."""
        export = self._application.new_folder()
        period = PeriodFiles(export.path, FIRST_DAY + FINALISED_DAY)
        for record, matchables in case_events(FINALISED_DAY, finalised=True):
            period.add(record, matchables)
        for _, action, record in self._again(FIRST_DAY + FINALISED_DAY, FIRST_DAY + FINALISED_DAY):
            period.add(record, MATCHES[action])
        export.periods.append(period.finish(emptied=(LEGACY,)))
        export.definitions = write_definitions(export.path, wider=False)
        self._application.add(export, at(RULE_CHANGED_AFTER + 1, "05:00"))

    def _add_retroactive(self) -> None:
        """Export all days so far again, but only what the page Checkout matches by its wider rule."""
        export = self._application.new_folder()
        last = FIRST_DAY + RULE_CHANGED_AFTER
        days = range(FIRST_DAY, last + 1)
        periods = {
            day: PeriodFiles(export.path, day, f"-{day - FIRST_DAY:03d}", is_partial=True) for day in days
        }
        for day, period in periods.items():
            for record, matchables in case_events(day - FIRST_DAY, finalised=True):
                if PURCHASE in matchables:
                    period.add(record, (CHECKOUT,))
        for day, action, record in self._again(FIRST_DAY, last):
            if CHECKOUT in WIDER_MATCHES[action]:
                periods[day].add(record, (CHECKOUT,))
        export.periods += [period.finish() for period in periods.values()]
        export.definitions = write_changed_page(export.path)
        self._application.add(export, at(RULE_CHANGED_AFTER + 1, "09:00"), ["Retroactive"])

    def _again(self, first: int, last: int) -> Iterator[tuple[int, int, bytes]]:
        """Make the events of the days from `first` to `last` once more: nothing of them was kept."""
        for visit in visit_events(self._count, self._seed):
            if visit.events[0][0] > last:
                return
            if visit.app_id == MAIN_APP:
                yield from (event for event in visit.events if first <= event[0] <= last)


class _SecondApplication(_Days):
    """A test export, and a one-time export of every day that has events."""

    def __init__(self, root: Path, draw: random.Random) -> None:
        super().__init__()
        self._application = Application(root, SECOND_APP, "Back office", draw)
        self._add_trial()
        self._one_time = self._application.new_folder()

    def finish(self) -> None:
        """Close all days, and write the one-time export and the manifest."""
        super().finish()
        self._one_time.definitions = write_definitions(self._one_time.path, wider=False)
        self._application.add(self._one_time, at(DAYS, "03:00"))
        self._application.write_manifest(at(DAYS, "04:17"))

    def _new_period(self, day: int) -> PeriodFiles:
        return PeriodFiles(self._one_time.path, day, f"-{day - FIRST_DAY:03d}")

    def _close(self, day: int) -> None:
        if day in self._open:
            self._one_time.periods.append(self._open.pop(day).finish())

    def _add_trial(self) -> None:
        export = self._application.new_folder()
        period = PeriodFiles(export.path, FIRST_DAY)
        for record, matchables in trial_events():
            period.add(record, matchables)
        export.periods.append(period.finish())
        export.definitions = write_definitions(export.path, wider=False)
        self._application.add(export, at(1, "03:00"), ["Test"])
