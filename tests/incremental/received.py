"""A short life on the clock `received_at`: runs over small Snowplow deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.incremental.exports import at, snowplow_event, write_enriched
from tests.incremental.warehouse import WITHOUT_VIEWS, Snapshot, Warehouse

START = datetime(2021, 1, 1)
VARS = {
    "lifecycle_clock": "received_at",
    "start_date": f"{START:%Y-%m-%d}",
    "backfill_limit_days": 30,
    "lookback_window_hours": 6,
}
HALF_A_DAY = timedelta(hours=12)


def june(clock: str, day: int) -> datetime:
    return at(clock, day, month=date(2021, 6, 1))


def july(clock: str, day: int) -> datetime:
    return at(clock, day, month=date(2021, 7, 1))


@dataclass(frozen=True, slots=True)
class Lived:
    """The database after each run, and the query that finds the limits of the run after `level`."""

    empty: Snapshot
    first: Snapshot
    second: Snapshot
    behind: Snapshot
    level: Snapshot
    passed: Snapshot
    freed: Snapshot
    limits_query: str


def live(warehouse: Warehouse) -> Lived:
    landing = warehouse.landing("snowplow")

    def run(name: str, *arguments: str) -> Snapshot:
        warehouse.run(*arguments, given=VARS)
        return warehouse.keep(name)

    write_enriched(landing, "early", snowplow_event("z1", "z", datetime(2020, 12, 20)))
    warehouse.load("snowplow")
    empty = run("empty")

    write_enriched(
        landing,
        "summer",
        snowplow_event("a1", "a", june("10:00", 10)),
        snowplow_event("a2", "a", june("10:10", 10)),
        snowplow_event("e1", "e", june("10:00", 20)),
        snowplow_event("b1", "b", july("09:00", 7), received=july("20:00", 9)),
        *(snowplow_event(f"q{step}", "q", july("12:00", 8) + step * HALF_A_DAY) for step in range(10)),
        snowplow_event("c1", "c", july("20:00", 30)),
        snowplow_event("d1", "d", july("08:00", 20)),
    )
    warehouse.load("snowplow")
    first = run("first", *WITHOUT_VIEWS)

    write_enriched(landing, "late", snowplow_event("a3", "a", june("10:30", 10)))
    warehouse.load("snowplow")
    second = run("second", *WITHOUT_VIEWS)

    # An event that is not in the window is deleted, and the layers are run one after the other.
    warehouse.execute("DELETE FROM raw_snowplow.events WHERE event_id = 'e1'")
    run("stores", "--select", "staging", "intermediate", *WITHOUT_VIEWS)
    run("marts", "--select", "marts", *WITHOUT_VIEWS)

    # One mart lost a month, and the last event, which set how far the marts have come, is deleted.
    warehouse.execute(
        "DELETE FROM marts.fct_events",
        "UPDATE lifecycle.model_state SET last_success = '2021-06-10' WHERE model = 'fct_events'",
        "DELETE FROM raw_snowplow.events WHERE event_id = 'c1'",
    )
    behind = run("behind", *WITHOUT_VIEWS)
    level = run("level", *WITHOUT_VIEWS)
    compiled = warehouse.target(VARS) / "compiled/sessionhouse/models/lifecycle/run_limits.sql"
    limits_query = compiled.read_text()

    # A quarantined session loses all its events and gets another, which nothing will ever take on.
    warehouse.execute("DELETE FROM raw_snowplow.events WHERE domain_sessionid = 'q'")
    write_enriched(
        landing,
        "autumn",
        snowplow_event("q99", "q", july("12:00", 31) + timedelta(days=5)),
        snowplow_event("r1", "r", july("12:00", 31) + timedelta(days=60)),
    )
    warehouse.load("snowplow")
    passed = run("passed", *WITHOUT_VIEWS)
    freed = run("freed", *WITHOUT_VIEWS)
    return Lived(empty, first, second, behind, level, passed, freed, limits_query)
