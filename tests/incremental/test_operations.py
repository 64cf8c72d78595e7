"""Runs that have nothing to do, that repair, and that are refused."""

from __future__ import annotations

import re

import pytest

from tests.incremental.conftest import Told
from tests.incremental.warehouse import WITHOUT_VIEWS, Snapshot, differences

# What somebody did to the marts by hand; each is away from the others.
DEE = "DELETE FROM marts.fct_sessions WHERE visitor_id = 'dee'"
ANN = "DELETE FROM marts.fct_sessions WHERE source = 'pendo' AND visitor_id = 'ann' AND event_count = 1"
BO = "UPDATE marts.fct_events SET event_name = 'touched' WHERE visitor_id = 'bo'"
COUNTS = ("marts.fct_daily_metrics", "marts.fct_retention")
VISITORS = "SELECT source, visitor_id, aliases, total_events FROM marts.dim_visitors ORDER BY ALL"


def incremental_marts(snapshot: Snapshot) -> list[str]:
    return [f"marts.{model}" for model in sorted(snapshot.last_successes())]


def test_a_run_with_nothing_new_touches_no_row(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third)
    # Rows that were written again would lose this.
    warehouse.execute(
        "UPDATE marts.fct_events SET event_name = event_name || '!'",
        "UPDATE marts.fct_sessions SET first_event = first_event || '!'",
        "UPDATE marts.dim_visitors SET total_events = total_events + 1000",
    )
    marked = warehouse.keep("marked")

    run = warehouse.run(*WITHOUT_VIEWS)

    left_alone = set(re.findall(r"model \w+\.(\w+) [. ]*\[NOTHING NEW ", run.stdout))
    assert left_alone == set(told.third.last_successes()) | {
        *(
            "stg_leanplum__repeated_sessions",
            "stg_leanplum__repeated_events",
            "stg_monetate__repeated_sessions",
        ),
        *("stg_pendo__repeated_events", "stg_rudderstack__repeated_tracks", "stg_snowplow__repeated_events"),
        *("int_session_record_versions", "int_event_versions", "int_identity_versions", "int_alias_versions"),
        *("int_sessionized_event_versions", "int_session_versions"),
    }
    after = warehouse.now()
    for name in ("events_this_run", "sessions_this_run", "session_changes", "visitor_changes"):
        assert after.rows(f"SELECT count(*) FROM lifecycle.{name}") == [(0,)]
    marts = incremental_marts(told.third)
    assert {"marts.fct_events", "marts.fct_sessions", "marts.dim_visitors"} <= set(marts)
    assert not differences(after.contents(marts), marked.contents(marts))
    assert after.last_successes() == told.third.last_successes()
    assert after.rows("SELECT state, upper_limit, lower_limit > upper_limit FROM lifecycle.run_limits") == [
        ("standard", max(told.third.last_successes().values()), True)
    ]


@pytest.mark.parametrize(
    ("command", "is_written", "is_noticed"),
    [("build", True, True), ("build", False, False), ("test", False, True)],
)
def test_a_build_looks_at_what_the_run_wrote_and_a_test_at_every_row(
    told: Told, command: str, is_written: bool, is_noticed: bool
) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third)
    this_run = "session_key IN (SELECT session_key FROM lifecycle.session_changes)"
    event = f"SELECT * FROM marts.fct_events WHERE ({this_run}) = {is_written} LIMIT 1"
    warehouse.execute(f"INSERT INTO marts.fct_events {event}")

    warehouse.workspace.dbt(
        command,
        *("--select", "unique_fct_events_event_key", "--target-path", str(warehouse.target())),
        code=1 if is_noticed else 0,
    )


@pytest.fixture(scope="module")
def repaired(told: Told) -> Snapshot:
    """The built story, tampered with, after a run that is to look again at some of it."""
    warehouse = told.warehouse
    warehouse.restore(told.third)
    warehouse.execute(DEE, ANN, BO, "DROP TABLE marts.dim_visitors")
    window = {"visitors": ["dee"], "from": "2024-04-14 08:00", "to": "2024-04-14 09:10"}
    warehouse.run(*WITHOUT_VIEWS, given={"reprocess": window})
    return warehouse.keep("repaired")


def test_reprocessing_a_visitor_restores_what_the_marts_had(told: Told, repaired: Snapshot) -> None:
    sql = "SELECT * FROM marts.fct_sessions WHERE visitor_id = 'dee'"
    assert repaired.rows(sql) == told.refreshed.rows(sql) != []


def test_reprocessing_a_window_restores_the_sessions_in_it_and_no_others(
    told: Told, repaired: Snapshot
) -> None:
    inside = "SELECT * FROM marts.fct_sessions WHERE visitor_id = 'ann' AND started_at = '2024-04-14 09:00'"
    outside = "SELECT * FROM marts.fct_sessions WHERE visitor_id = 'ann' AND started_at = '2024-04-14 09:45'"
    assert repaired.rows(inside) == told.refreshed.rows(inside) != []
    assert repaired.rows(outside) == []
    assert repaired.rows("SELECT DISTINCT event_name FROM marts.fct_events WHERE visitor_id = 'bo'") == [
        ("touched",)
    ]


def test_a_mart_that_is_gone_is_built_again_whole(told: Told, repaired: Snapshot) -> None:
    assert repaired.rows(VISITORS) == told.refreshed.rows(VISITORS)
    assert repaired.state() == "new model"


def test_a_mart_that_is_to_be_removed_is_built_again_whole(told: Told, repaired: Snapshot) -> None:
    warehouse = told.warehouse
    warehouse.restore(repaired)
    warehouse.execute("DELETE FROM marts.dim_visitors")

    warehouse.run(
        "--select", "lifecycle", "marts", *WITHOUT_VIEWS, given={"models_to_remove": ["dim_visitors"]}
    )

    assert warehouse.now().rows(VISITORS) == told.refreshed.rows(VISITORS)
    assert warehouse.now().state() == "new model"


def test_marts_that_count_a_mart_begin_anew_with_it(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third)
    warehouse.execute(
        "UPDATE marts.fct_daily_metrics SET events = events + 1",
        "UPDATE marts.fct_retention SET days_observed = days_observed + 1",
    )

    warehouse.run(
        "--select", "lifecycle", "marts", *WITHOUT_VIEWS, given={"models_to_remove": ["fct_sessions"]}
    )

    assert not differences(warehouse.now().contents(COUNTS), told.refreshed.contents(COUNTS))


def test_what_is_built_again_by_a_wish_is_not_counted_twice(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third)
    warehouse.execute(DEE)

    warehouse.run(*WITHOUT_VIEWS, given={"reprocess": {"visitors": ["dee"]}})

    assert not differences(warehouse.now().contents(COUNTS), told.refreshed.contents(COUNTS))


def test_a_repaired_warehouse_is_level(told: Told, repaired: Snapshot) -> None:
    assert repaired.last_successes().keys() == told.third.last_successes().keys()
    assert len(set(repaired.last_successes().values())) == 1


def test_other_rules_are_refused_until_everything_is_built_again(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third_loaded)
    given = {"session_idle_minutes": 20}

    refused = warehouse.run(*WITHOUT_VIEWS, given=given, code=2)

    for words in ("session_idle_minutes was 30 and is 20", "--full-refresh"):
        assert words in " ".join(refused.stdout.split())
    assert not differences(warehouse.now().contents(), told.third_loaded.contents())
    assert warehouse.now().last_successes() == told.third_loaded.last_successes()

    # A full refresh is accepted; killed in the middle, it is finished by whatever run comes next.
    warehouse.run_until("int_alias_versions", *WITHOUT_VIEWS, "--full-refresh", given=given)
    warehouse.run(*WITHOUT_VIEWS, given=given)

    # 25 minutes of pause are too long now.
    sessions = "SELECT event_count FROM marts.fct_sessions WHERE visitor_id = 'dee' ORDER BY started_at"
    assert told.refreshed.rows(sessions) == [(4,)]
    assert warehouse.now().rows(sessions) == [(3,), (1,)]
    events = "SELECT event_key, visitor_key FROM marts.fct_events ORDER BY ALL"
    assert warehouse.now().rows(events) == told.refreshed.rows(events)
    rules = "SELECT DISTINCT rules ->> 'session_idle_minutes' FROM lifecycle.model_state"
    assert warehouse.now().rows(rules) == [("20",)]


def test_a_part_is_not_built_whole_on_stores_that_have_not_seen_what_it_would_read(told: Told) -> None:
    warehouse = told.warehouse
    warehouse.restore(told.third_loaded)
    part = "int_event_versions"

    refused = warehouse.run("--select", part, "--full-refresh", code=2)

    assert f"--select +{part} instead of {part}" in " ".join(refused.stdout.split())
    assert not differences(warehouse.now().contents(), told.third_loaded.contents())

    warehouse.run("--select", f"+{part}", "--full-refresh")
    warehouse.run(*WITHOUT_VIEWS)

    assert not differences(warehouse.now().contents(), told.refreshed.contents())
