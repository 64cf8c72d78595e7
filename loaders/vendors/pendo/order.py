"""Which of Pendo's exports may be loaded: their counters go up by one, and none may be passed over unseen.

A later export replaces days of an earlier one, so an export lands only after all before it, and never
after one that follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from loaders.exports import DataFile, Export, Options, Status
from loaders.ledger import Entry as LedgerEntry
from loaders.vendors.pendo.manifest import Entry, ExportType

VENDOR = "pendo"
NAMES_SHOWN = 3

# First and last of the counters that are missing in a row.
Run = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendoExport(Export):
    """One counter of one application.

    `data_files` maps every listed name to its file; `after` are the counters of the same run that must be
    loaded before it.
    """

    entry: Entry
    data_files: Mapping[str, DataFile] = field(default_factory=dict)
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Application:
    """An application of a subscription: the unit in which counters are counted."""

    subscription: str
    id: str

    def export_id(self, counter: int) -> str:
        """Return the id of one of its exports."""
        return f"{self.subscription}/{self.id}/{counter}"


@dataclass(frozen=True, slots=True)
class Offer:
    """An export as it lies in the landing place; `missing` names the listed files that are not there."""

    entry: Entry
    files: Mapping[str, DataFile] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """The counters of one application that earlier runs loaded, and those they skipped by design."""

    loaded: frozenset[int] = frozenset()
    skipped: frozenset[int] = frozenset()


def history(application: Application, entries: Iterable[LedgerEntry]) -> History:
    """Return what the ledger's entries say about the application."""
    prefix = application.export_id(0).removesuffix("0")
    counters: dict[Status, set[int]] = {status: set() for status in Status}
    for entry in entries:
        counter = entry.export_id.removeprefix(prefix)
        if entry.export_id.startswith(prefix) and counter.isdecimal():
            counters[entry.status].add(int(counter))
    return History(frozenset(counters[Status.LOADED]), frozenset(counters[Status.SKIPPED]))


def settle(
    application: Application, offers: Iterable[Offer], before: History, options: Options
) -> list[PendoExport]:
    """Return the application's exports by counter, each with its verdict; counters must be distinct."""
    by_counter = sorted(offers, key=lambda offer: offer.entry.counter)
    turn = _Turn(application, by_counter, before, options)
    return [turn.settle(offer) for offer in by_counter]


class _Turn:
    """Goes through the counters of one application and remembers what the next one depends on."""

    def __init__(
        self, application: Application, offers: list[Offer], before: History, options: Options
    ) -> None:
        self._application = application
        self._before = before
        self._options = options
        self._newest = max(before.loaded, default=0)
        tests = {offer.entry.counter for offer in offers if self._is_left_out(offer.entry)}
        self._dealt_with = before.loaded | before.skipped | tests
        self._last = self._newest
        self._held_up_by = 0
        self._accepted: tuple[int, ...] = ()

    def settle(self, offer: Offer) -> PendoExport:
        counter = offer.entry.counter
        if counter in self._before.loaded:
            return self._export(offer)
        if reason := self._skip_reason(offer.entry):
            return self._export(offer, Status.SKIPPED, reason)
        if self._held_up_by:
            return self._export(offer, Status.INCOMPLETE, f"waits for counter {self._held_up_by}")
        gap = _missing_between(self._last, counter, self._dealt_with)
        is_first = self._last == 0
        status, reason = self._verdict(offer, [] if is_first else gap)
        if status:
            self._held_up_by = counter
            return self._export(offer, status, reason)
        warnings = (*_gap_warnings(gap, is_first), *offer.warnings)
        export = self._export(offer, warnings=warnings)
        self._last = counter
        self._accepted = (*self._accepted, counter)
        return export

    def _is_left_out(self, entry: Entry) -> bool:
        is_test = entry.type is ExportType.TEST and not self._options.include_test
        return is_test or entry.type is ExportType.BUSINESS_OBJECTS

    def _skip_reason(self, entry: Entry) -> str:
        if entry.counter == 0:
            return "counter 0: nothing to do"
        if entry.type is ExportType.BUSINESS_OBJECTS:
            return "it holds accounts or visitors; this version reads event exports only"
        if self._is_left_out(entry):
            return "a test export; load it with --include-test"
        if entry.counter < self._newest:
            return (
                f"older than counter {self._newest}, which is loaded: a counter that was passed over (with "
                f"--allow-gap, or before the first load) stays out, because its days would replace newer "
                f"ones. Create a one-time export in Pendo for the days it holds"
            )
        return ""

    def _verdict(self, offer: Offer, gap: list[Run]) -> tuple[Status | None, str]:
        if gap and not self._options.allow_gap:
            return Status.REJECTED, (
                f"{_named(gap)} missing between counter {self._last} and this one. Fetch the newest "
                f"manifest with its folders; if it lists them no longer, load with --allow-gap and create a "
                f"one-time export in Pendo for the days they held"
            )
        if offer.entry.fault:
            return Status.REJECTED, offer.entry.fault
        if offer.missing:
            return Status.INCOMPLETE, _missing_reason(offer)
        return None, ""

    def _export(
        self, offer: Offer, status: Status | None = None, reason: str = "", warnings: tuple[str, ...] = ()
    ) -> PendoExport:
        counter = offer.entry.counter
        return PendoExport(
            vendor=VENDOR,
            export_id=self._application.export_id(counter),
            order=(self._application.subscription, self._application.id, counter),
            files=tuple({file.path: file for file in offer.files.values()}.values()),
            # A counter's content never changes: whatever a later manifest says, a loaded one stays as it is.
            digest=f"counter {counter}",
            status=status,
            reason=reason,
            warnings=warnings,
            entry=offer.entry,
            data_files=offer.files,
            after=self._accepted,
        )


def _missing_between(last: int, counter: int, dealt_with: Iterable[int]) -> list[Run]:
    runs, first = [], last + 1
    for known in [*sorted(n for n in dealt_with if last < n < counter), counter]:
        if first < known:
            runs.append((first, known - 1))
        first = known + 1
    return runs


def _gap_warnings(gap: list[Run], is_first: bool) -> tuple[str, ...]:
    if not gap:
        return ()
    if is_first:
        return (f"{_named(gap)} not here; history before this export needs a one-time export from Pendo",)
    return (f"{_named(gap)} missing and passed over; the days they held need a one-time export from Pendo",)


def _named(gap: list[Run]) -> str:
    """Return `counter 4 is`, or `counters 4, 6 to 8 are`."""
    texts = [str(first) if first == last else f"{first} to {last}" for first, last in gap]
    is_one = len(gap) == 1 and gap[0][0] == gap[0][1]
    return f"counter {texts[0]} is" if is_one else f"counters {', '.join(texts)} are"


def _missing_reason(offer: Offer) -> str:
    named = ", ".join(offer.missing[:NAMES_SHOWN])
    others = len(offer.missing) - NAMES_SHOWN
    more = f" and {others} more" if others > 0 else ""
    listed = len(offer.entry.names)
    return (
        f"{len(offer.missing)} of {listed} listed files are not in {offer.entry.folder}/ yet: {named}{more}"
    )
