"""What a run says at its end, in a few lines."""

from __future__ import annotations

import re

from tests.incremental.conftest import Told
from tests.incremental.warehouse import WITHOUT_VIEWS, Snapshot

REJECTED = """
    SELECT reason, count(*)::BIGINT FROM intermediate.int_events_rejected GROUP BY reason ORDER BY reason
"""
# Tables only: counting the rows of a view would compute it.
MARTS = ("dim_sessions", "dim_visitors", "fct_daily_metrics", "fct_events", "fct_retention", "fct_sessions")


def told_lines(output: str) -> list[str]:
    """Return the lines of the summary without dbt's time of day."""
    lines = [re.sub(r"^\d\d:\d\d:\d\d +", "", line) for line in output.splitlines()]
    starts = ("Lifecycle on ", "Rows in the marts: ", "Rejected events ")
    return [line for line in lines if line.startswith(starts)]


def expected_rows(snapshot: Snapshot) -> str:
    counts = [snapshot.rows(f"SELECT count(*) FROM marts.{mart}")[0][0] for mart in MARTS]
    return ", ".join(f"{mart} {count:,}" for mart, count in zip(MARTS, counts, strict=True))


def expected_rejected(snapshot: Snapshot) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in snapshot.rows(REJECTED)) or "none"


def test_a_run_tells_what_it_took_on_what_the_marts_hold_and_what_was_rejected(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third_loaded)
    done = warehouse.run(*WITHOUT_VIEWS)
    after = warehouse.now()
    lifecycle, rows, rejected = told_lines(done.stdout)
    ((sessions, events),) = after.rows(
        "SELECT (SELECT count(*) FROM lifecycle.sessions_this_run), count(*) FROM lifecycle.events_this_run"
    )
    assert events > 0
    assert re.match(
        rf"Lifecycle on loaded_at: standard, .*, {sessions:,} sessions and {events:,} events this run, "
        "rejected: ",
        lifecycle,
    )
    assert rows == f"Rows in the marts: {expected_rows(after)}"
    assert rejected == f"Rejected events of all runs: {expected_rejected(after)}"


def test_a_run_with_nothing_new_rejects_nothing_and_still_tells_the_whole(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third)
    done = warehouse.run(*WITHOUT_VIEWS)
    lifecycle, rows, rejected = told_lines(done.stdout)
    assert "nothing new since" in lifecycle
    assert lifecycle.endswith("0 sessions and 0 events this run, rejected: none")
    assert rows == f"Rows in the marts: {expected_rows(told.third)}"
    assert rejected == f"Rejected events of all runs: {expected_rejected(told.third)}"


def test_a_run_that_takes_nothing_on_tells_nothing(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third)
    done = warehouse.run("--select", "fct_retention")
    assert told_lines(done.stdout) == []
