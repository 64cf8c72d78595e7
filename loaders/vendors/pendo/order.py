"""Which of Pendo's exports may be loaded: their counters go up by one, and none may be passed over unseen.

A later export replaces days or records of an earlier one, so an export lands only after all before it, and
never after one that follows it. Exports without counters are put in the order they were finished in, where
no gap can be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from loaders.exports import DataFile, Export, Options, Status
from loaders.ledger import Entry as LedgerEntry
from loaders.vendors.pendo.manifest import Entry, ExportType
from loaders.vendors.pendo.objects import OBJECT_KINDS

VENDOR = "pendo"
NAMES_SHOWN = 3

# First and last of the counters that are missing in a row.
Run = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Application:
    """An application of a subscription, or its accounts or visitors: what counters are counted in."""

    subscription: str
    id: str

    def export_id(self, entry: Entry) -> str:
        """Return the id of one of its exports."""
        return f"{self.subscription}/{self.id}/{entry.label}"

    @property
    def content(self) -> str:
        """How messages name what its exports hold."""
        return "the changes they held" if self.id in OBJECT_KINDS else "the days they held"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendoExport(Export):
    """One counter of one application.

    `data_files` maps every listed name to its file; `after` are the exports of the same run that must be
    loaded before it.
    """

    application: Application
    entry: Entry
    data_files: Mapping[str, DataFile] = field(default_factory=dict)
    after: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """An export as it lies in the landing place; `missing` names the listed files that are not there.

    `manifests` are those that list it.
    """

    entry: Entry
    files: Mapping[str, DataFile] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    manifests: tuple[DataFile, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """Counters of one application by the export's label: of earlier runs, loaded or skipped by design."""

    loaded: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)


def history(application: Application, entries: Iterable[LedgerEntry]) -> History:
    """Return what the ledger's entries say about the application."""
    prefix = f"{application.subscription}/{application.id}/"
    counters: dict[Status, dict[str, int]] = {status: {} for status in Status}
    for entry in entries:
        counter = entry.digest.rpartition(" ")[2]
        if entry.export_id.startswith(prefix) and counter.isdecimal():
            counters[entry.status][entry.export_id.removeprefix(prefix)] = int(counter)
    return History(counters[Status.LOADED], counters[Status.SKIPPED])


def settle(
    application: Application, offers: Iterable[Offer], before: History, options: Options
) -> list[PendoExport]:
    """Return the application's exports by counter, each with its verdict; their labels must be distinct."""
    by_counter = sorted(offers, key=lambda offer: (offer.entry.counter, offer.entry.label))
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
        self._newest = max(before.loaded.values(), default=0)
        tests = {offer.entry.counter for offer in offers if self._is_left_out(offer.entry)}
        self._dealt_with = tests.union(before.loaded.values(), before.skipped.values())
        self._last = self._newest
        self._held_up_by: Entry | None = None
        self._accepted: tuple[Entry, ...] = ()

    def settle(self, offer: Offer) -> PendoExport:
        entry = offer.entry
        if entry.label in self._before.loaded:
            return self._export(offer)
        if reason := self._skip_reason(entry):
            return self._export(offer, Status.SKIPPED, reason)
        if self._held_up_by:
            return self._export(offer, Status.INCOMPLETE, f"waits for {self._held_up_by.title}")
        gap = [] if entry.name else _missing_between(self._last, entry.counter, self._dealt_with)
        is_first = self._last == 0
        status, reason = self._verdict(offer, [] if is_first else gap)
        if status:
            self._held_up_by = entry
            return self._export(offer, status, reason)
        warnings = (*self._gap_warnings(gap, is_first), *offer.warnings)
        export = self._export(offer, warnings=warnings)
        self._last = entry.counter
        self._accepted = (*self._accepted, entry)
        return export

    def _is_left_out(self, entry: Entry) -> bool:
        return entry.type is ExportType.TEST and not self._options.include_test

    def _skip_reason(self, entry: Entry) -> str:
        if entry.counter == 0:
            return "counter 0: nothing to do"
        if self._is_left_out(entry):
            return "a test export; load it with --include-test"
        if entry.counter < self._newest:
            return self._older_reason(entry)
        return ""

    def _older_reason(self, entry: Entry) -> str:
        if entry.name:
            return (
                "older than one that is loaded: its records would replace newer ones. Create a one-time "
                "export in Pendo if they did not come again since"
            )
        return (
            f"older than counter {self._newest}, which is loaded: a counter that was passed over (with "
            f"--allow-gap, or before the first load) stays out, because what it holds would replace what is "
            f"newer. Create a one-time export in Pendo for {self._application.content}"
        )

    def _verdict(self, offer: Offer, gap: list[Run]) -> tuple[Status | None, str]:
        if gap and not self._options.allow_gap:
            return Status.REJECTED, (
                f"{_named(gap)} missing between counter {self._last} and this one. Fetch the newest "
                f"manifest with its folders; if it lists them no longer, load with --allow-gap and create a "
                f"one-time export in Pendo for {self._application.content}"
            )
        if offer.entry.fault:
            return Status.REJECTED, offer.entry.fault
        if offer.missing:
            return Status.INCOMPLETE, _missing_reason(offer)
        return None, ""

    def _gap_warnings(self, gap: list[Run], is_first: bool) -> tuple[str, ...]:
        if not gap:
            return ()
        if is_first:
            return (f"{_named(gap)} not here; history before this export needs a one-time export from Pendo",)
        return (
            f"{_named(gap)} missing and passed over; {self._application.content} need a one-time export "
            f"from Pendo",
        )

    def _export(
        self, offer: Offer, status: Status | None = None, reason: str = "", warnings: tuple[str, ...] = ()
    ) -> PendoExport:
        entry = offer.entry
        return PendoExport(
            vendor=VENDOR,
            export_id=self._application.export_id(entry),
            order=(self._application.subscription, self._application.id, entry.counter, entry.label),
            files=tuple({file.path: file for file in offer.files.values()}.values()),
            # A counter's content never changes: whatever a later manifest says, a loaded one stays as it is.
            digest=f"{'finished' if entry.name else 'counter'} {entry.counter}",
            application=self._application,
            status=status,
            reason=reason,
            warnings=warnings,
            known_by=offer.manifests,
            entry=entry,
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
