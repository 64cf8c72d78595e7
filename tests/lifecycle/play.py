"""Play a history, and compare what the runs made of it with a full refresh and with the plain reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.lifecycle.contexts import context_rows
from tests.lifecycle.history import Action, FailedRun, History, KilledRun, Run, changed
from tests.lifecycle.reading import Rules, read
from tests.lifecycle.recorded import RecordedRun, Recording
from tests.lifecycle.replica import Replica, Table, differences
from tests.lifecycle.rows import Raw

# In the order in which they are made: the first that differs is the nearest to the fault.
STORES = ("int_events_staged", "int_aliases", "int_events_sessionized", "int_sessions", "int_events_rejected")
THIS_RUN = ("lifecycle.sessions_this_run", "lifecycle.events_this_run")


@dataclass(frozen=True, slots=True)
class Theatre:
    """A warehouse that grows run by run, one that is always built anew, and the runs to play on them."""

    recording: Recording
    rules: Rules
    grown: Replica
    fresh: Replica


def play(theatre: Theatre, history: History) -> None:
    """Play a history, and a run where it ends without; raise AssertionError where a rule is broken."""
    theatre.grown.reset()
    theatre.fresh.reset()
    raw, is_news = Raw(), True
    for action in history if isinstance(history[-1], Run) else (*history, Run()):
        match action:
            case Run():
                run_and_compare(theatre, action, raw, is_news=is_news)
                is_news = False
            case KilledRun() | FailedRun():
                theatre.grown.run(interrupted(theatre.recording, action))
                is_news = True
            case _:
                before, raw, is_news = raw, changed(raw, action), True
                theatre.grown.put(before, raw)
    compare_with_full_refresh(theatre, raw)


def interrupted(recording: Recording, action: Action) -> RecordedRun:
    """What an incremental run executes that does not complete."""
    run = recording.incremental
    match action:
        case KilledRun(models):
            return run.killed_after(models)
        case FailedRun(nth):
            return run.without(recording.with_descendants(run.models[nth % len(run.models)]))
    return run


def run_and_compare(theatre: Theatre, run: Run, raw: Raw, *, is_news: bool) -> None:
    grown, recording = theatre.grown, theatre.recording
    before = {} if is_news or run.is_full_refresh else kept(grown)
    grown.run(recording.full_refresh if run.is_full_refresh else recording.incremental)
    for table, rows in before.items():
        assert_same(f"{table} after a run without news", grown.table(table), rows)
    for table in THIS_RUN if before else ():
        assert_same(f"{table} of a run without news", grown.table(table), [])
    compare_with_reading(grown, raw, theatre.rules)


def kept(replica: Replica) -> dict[str, Table]:
    """All that goes on from run to run; the rest is made for one run."""
    return {table: replica.table(table) for table in replica.tables_of("staging", "intermediate", "marts")}


def compare_with_full_refresh(theatre: Theatre, raw: Raw) -> None:
    theatre.fresh.put(Raw(), raw)
    theatre.fresh.run(theatre.recording.full_refresh)
    for table in (*(f"intermediate.{store}" for store in STORES), *theatre.fresh.tables_of("marts")):
        assert_same(
            f"{table} after incremental runs, unlike a full refresh",
            theatre.grown.table(table),
            theatre.fresh.table(table),
        )


def compare_with_reading(replica: Replica, raw: Raw, rules: Rules) -> None:
    reading = read(raw, rules)
    assert_told(replica, "intermediate.int_aliases", reading.aliases)
    assert_told(replica, "intermediate.int_events_rejected", reading.rejected)
    assert_told(replica, "marts.fct_events", reading.events)
    assert_told(replica, "marts.fct_sessions", reading.sessions)
    assert_told(replica, "marts.fct_flows", reading.flows)
    assert_told(replica, "marts.dim_sessions", context_rows(reading.told))
    staged = len(replica.table("intermediate.int_events_staged"))
    assert staged == reading.staged == len(reading.events) + len(reading.rejected), (
        "accepted and rejected events are all events, each once"
    )


def assert_told(replica: Replica, table: str, expected: list[dict[str, Any]]) -> None:
    """Compare the columns that the reading has."""
    columns = list(expected[0]) if expected else []
    found = [tuple(row[column] for column in columns) for row in replica.records(table)]
    told = [tuple(row.values()) for row in expected]
    assert_same(f"{table}, read by the rules: {', '.join(columns)}", found, told)


def assert_same(what: str, found: Table, expected: Table) -> None:
    different = differences(found, expected)
    assert not different, f"{what}\n{different}"
