"""Builds that are killed, in which one mart fails, or that may not take on everything."""

from __future__ import annotations

import re

from tests.incremental.conftest import Told
from tests.incremental.warehouse import WITHOUT_VIEWS, differences


def test_a_build_after_killed_ones_ends_with_the_rows_of_a_full_refresh(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third_loaded)
    before, reached = told.third_loaded.last_successes(), told.third.last_successes()
    for model in ("int_event_versions", "int_sessionized_event_versions"):
        warehouse.run_until(model, *WITHOUT_VIEWS)
        assert warehouse.now().last_successes() == before
    warehouse.run_until("fct_events", *WITHOUT_VIEWS)
    assert warehouse.now().last_successes() == before | {"fct_events": reached["fct_events"]}

    warehouse.run(*WITHOUT_VIEWS)

    assert not differences(warehouse.now().contents(), told.refreshed.contents())
    assert warehouse.now().last_successes() == reached


def test_a_mart_that_fails_keeps_its_rows_and_catches_up(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third_loaded)
    before = told.third_loaded.last_successes()
    # A column that the model does not have stops it, after it has deleted what it was to replace.
    warehouse.execute("ALTER TABLE marts.dim_visitors ADD COLUMN extra INTEGER")

    failed = warehouse.run(*WITHOUT_VIEWS, code=1)

    assert re.search(r"ERROR creating sql incremental model marts\.dim_visitors", failed.stdout)
    assert "dim_visitors and its table differ in these columns: extra INTEGER" in failed.stdout
    assert "--full-refresh --select dim_visitors+" in failed.stdout
    lagging = warehouse.now().last_successes()
    reached = told.third.last_successes()
    assert lagging == reached | {"dim_visitors": before["dim_visitors"]}
    others = ["marts.fct_events", "marts.fct_sessions"]
    assert not differences(warehouse.now().contents(others), told.refreshed.contents(others))

    warehouse.execute("ALTER TABLE marts.dim_visitors DROP COLUMN extra")
    visitors = ["marts.dim_visitors"]
    assert not differences(warehouse.now().contents(visitors), told.third_loaded.contents(visitors))
    warehouse.run(*WITHOUT_VIEWS)

    assert warehouse.now().state() == "catch-up"
    assert warehouse.now().last_successes() == reached
    assert not differences(warehouse.now().contents(), told.refreshed.contents())


def test_runs_that_may_not_take_on_everything_at_once_lose_no_deletion(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third_loaded)
    # The last load, and what was deleted after it, came ten days later.
    warehouse.execute(
        *(
            f"UPDATE {table} SET {prefix}loaded_at = {prefix}loaded_at + INTERVAL 10 DAY "
            f"WHERE {prefix}load_id = (SELECT max(load_id) FROM raw.loads)"
            for table, prefix in (("raw_snowplow.events", "_"), ("raw.loads", ""))
        )
    )
    marts = ["marts.fct_sessions", "marts.dim_visitors"]
    limits = "SELECT upper_limit < target_limit FROM lifecycle.run_limits"
    one_day = {"backfill_limit_days": 1}

    warehouse.run(*WITHOUT_VIEWS, given=one_day)

    assert warehouse.now().rows(limits) == [(True,)]
    warehouse.run(*WITHOUT_VIEWS, given=one_day)

    assert warehouse.now().rows(limits) == [(False,)]
    assert not differences(warehouse.now().contents(marts), told.refreshed.contents(marts))
    placed = "SELECT event_key, session_key, visitor_key FROM marts.fct_events ORDER BY ALL"
    assert warehouse.now().rows(placed) == told.refreshed.rows(placed)
