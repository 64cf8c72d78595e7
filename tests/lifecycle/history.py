"""What happens to a warehouse over time: loads come, rows leave, and runs complete, fail or are killed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tests.lifecycle.rows import Filed, LeanplumSession, PendoEvent, Raw, Row


@dataclass(frozen=True, slots=True)
class Load:
    """An export is loaded; before, in the same transaction, it may drop periods of Pendo applications."""

    filed: tuple[Filed, ...]
    replaced_periods: frozenset[tuple[str, date]] = frozenset()


@dataclass(frozen=True, slots=True)
class ReplaceLoad:
    """A file has changed under its name: the rows of a former load go, a new load comes."""

    nth: int
    filed: tuple[Filed, ...]


@dataclass(frozen=True, slots=True)
class RemoveLoad:
    """All rows of a load are deleted by hand."""

    nth: int


@dataclass(frozen=True, slots=True)
class RemoveRow:
    """One raw row is deleted by hand; of a line with a whole session, all its rows."""

    nth: int


@dataclass(frozen=True, slots=True)
class Run:
    """A run that completes."""

    is_full_refresh: bool = False


@dataclass(frozen=True, slots=True)
class KilledRun:
    """A run whose process is killed after so many models: no last hooks."""

    models: int


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run in which a model fails, those that read it are skipped, and the others and the hooks complete."""

    nth: int


Change = Load | ReplaceLoad | RemoveLoad | RemoveRow
Action = Change | Run | KilledRun | FailedRun
History = tuple[Action, ...]


def changed(raw: Raw, change: Change) -> Raw:
    """Return the raw tables after a change; one that finds nothing to remove changes nothing."""
    match change:
        case Load(filed, replaced_periods):
            return raw.without(_of_periods(raw, replaced_periods)).with_load(filed)
        case ReplaceLoad(nth, filed):
            return raw.without(_of_load(raw, nth)).with_load(filed)
        case RemoveLoad(nth):
            return raw.without(_of_load(raw, nth))
        case RemoveRow(nth):
            return raw.without(_of_line(raw, nth))


def _of_load(raw: Raw, nth: int) -> frozenset[Row]:
    loads = raw.live_loads
    return frozenset(row for row in raw.rows if loads and row.load_id == loads[nth % len(loads)])


def _of_line(raw: Raw, nth: int) -> frozenset[Row]:
    if not raw.rows:
        return frozenset()
    rows = raw.in_order
    row = rows[nth % len(rows)]
    if isinstance(row.record, LeanplumSession):
        return frozenset(each for each in rows if each.position == row.position)
    return frozenset({row})


def _of_periods(raw: Raw, periods: frozenset[tuple[str, date]]) -> frozenset[Row]:
    return frozenset(
        row
        for row in raw.rows
        if isinstance(row.record, PendoEvent) and (row.record.application_id, row.record.period_id) in periods
    )
