"""What `dim_sessions` says when the context of a session changes and little else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Workspace
from tests.incremental.exports import (
    at,
    leanplum_session,
    monetate_session,
    pendo_event,
    snowplow_event,
    track,
    write_enriched,
    write_job,
    write_stream,
    write_tracks,
)
from tests.incremental.warehouse import WITHOUT_VIEWS, Snapshot, Warehouse, differences
from tests.lifecycle.rows import in_page_view
from tests.loaders.leanplum_delivery import OTHER_UUID, UUID
from tests.loaders.pendo_delivery import FIRST_DAY, Delivery, period

VENDORS = ("rudderstack", "pendo", "leanplum", "monetate", "snowplow")
SHOP = "https://shop.example"
NO_EVENTS: dict[str, Any] = {"states": []}
NO_PARTS: dict[str, Any] = {"page_event_ids": {}}


@dataclass(frozen=True, slots=True)
class Changed:
    """The database before and after the contexts changed, and the same raw tables built from nothing."""

    before: Snapshot
    after: Snapshot
    refreshed: Snapshot


def on_page(call: dict[str, Any], path: str, **page: str) -> dict[str, Any]:
    agent = "Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0"
    return {**call, "context": {"page": {"url": f"{SHOP}{path}", **page}, "userAgent": agent}}


def ping(event_id: str, moment: str, page_view: str, event_name: str = "page_ping") -> dict[str, str]:
    seen = snowplow_event(event_id, "s1", at(moment))
    contexts = in_page_view(page_view) or ""
    return seen | {"event_name": event_name, "contexts": contexts, "page_url": f"{SHOP}/{page_view}"}


def load_first(warehouse: Warehouse, pendo: Delivery) -> None:
    write_tracks(
        warehouse.landing("rudderstack"),
        "first",
        on_page(track("r2", at("10:10"), "tablet"), "/basket", title="Basket"),
        on_page(track("r3", at("10:20"), "tablet"), "/thanks?x=1#top"),
        on_page(track("twice", at("12:00"), "phone"), "/counts"),
        on_page(track("twice", at("12:00"), "phone"), "/waits"),
    )
    matched = pendo_event("ann-1", "ann", FIRST_DAY, "09:00")
    other = pendo_event("ann-2", "ann", FIRST_DAY, "09:05", url=f"{SHOP}/other")
    pendo.export(
        1,
        period(
            FIRST_DAY,
            pendo.matched(1, "Page/home", matched),
            pendo.matched(1, "Page/gone", matched),
            all_events=pendo.all_events(1, matched, other),
        ),
        **pendo.definitions(1, "pageId", ("home", "Home"), ("gone", "Gone")),
    )
    session = leanplum_session("1", "eva", "device-1", {"open": at("10:00")}) | NO_EVENTS
    write_job(warehouse.landing("leanplum"), UUID, "20240301", session | {"city": "Bern"})
    stream = monetate_session("m1", "guest", {1: at("10:01")}, at("10:05"), city="Bern", is_closed="f")
    write_stream(warehouse.landing("monetate"), at("10:00"), stream | NO_PARTS)
    write_enriched(
        warehouse.landing("snowplow"),
        "first",
        ping("v1", "10:00", "one", "page_view"),
        ping("p1", "10:01", "one"),
    )
    warehouse.load(*VENDORS)


def load_second(warehouse: Warehouse, pendo: Delivery) -> None:
    write_tracks(
        warehouse.landing("rudderstack"),
        "second",
        on_page(
            track("r1", at("10:00"), "tablet"),
            "/?utm_source=letter&utm_medium=email&utm_campaign=spring+sale",
            referrer="https://mail.example/",
        ),
    )
    clicked = pendo_event("ann-2", "ann", FIRST_DAY, "09:05")
    pendo.export(
        2,
        period(FIRST_DAY, pendo.matched(2, "Feature/menu", clicked), pendo.matched(2, "Page/gone")),
        exportType=["Retroactive"],
        **pendo.definitions(2, "pageId", ("home", "Entrance")),
        **pendo.definitions(2, "featureId", ("menu", "Menu")),
    )
    session = leanplum_session("1", "eva", "device-1", {"open": at("10:00")}) | NO_EVENTS
    write_job(warehouse.landing("leanplum"), OTHER_UUID, "20240302", session | {"city": "Oslo"})
    stream = monetate_session(
        "m1", "guest", {1: at("10:01")}, at("10:05"), city="Oslo", purchase_value_ss=12.5, purchase_count=1
    )
    write_stream(warehouse.landing("monetate"), at("10:15"), stream | NO_PARTS)
    write_enriched(
        warehouse.landing("snowplow"), "second", ping("p2", "10:02", "one"), ping("p3", "10:03", "two")
    )
    warehouse.load(*VENDORS)
    first_of_two = "_line = (SELECT min(_line) FROM raw_rudderstack.tracks WHERE id = 'twice')"
    warehouse.execute(f"DELETE FROM raw_rudderstack.tracks WHERE id = 'twice' AND {first_of_two}")


@pytest.fixture(scope="module")
def changed(workspace_factory: Callable[[str], Workspace]) -> Changed:
    warehouse = Warehouse(workspace_factory("contexts"))
    pendo = Delivery(warehouse.landing("pendo"))
    load_first(warehouse, pendo)
    warehouse.run()
    before = warehouse.keep("before")
    load_second(warehouse, pendo)
    warehouse.run(*WITHOUT_VIEWS)
    after = warehouse.keep("after")
    warehouse.run("--full-refresh")
    return Changed(before, after, warehouse.now())


def told(snapshot: Snapshot, visitor: str, *columns: str) -> tuple[Any, ...]:
    (row,) = snapshot.rows(
        f"SELECT {', '.join(columns)} FROM marts.dim_sessions AS contexts "
        f"INNER JOIN marts.fct_sessions AS sessions USING (session_key) WHERE visitor_id = '{visitor}'"
    )
    return row


def test_contexts_that_change_are_those_of_a_full_refresh(changed: Changed) -> None:
    assert not differences(changed.after.contents(), changed.refreshed.contents())
    assert changed.before.contents(["marts.dim_sessions"]) != changed.after.contents(["marts.dim_sessions"])


def test_a_record_that_tells_another_city_and_nothing_else_reaches_its_session(changed: Changed) -> None:
    for visitor in ("eva", "guest"):
        assert told(changed.before, visitor, "city") == ("Bern",)
        assert told(changed.after, visitor, "city") == ("Oslo",)
    assert told(changed.before, "guest", "revenue", "purchases", "offers_seen") == (None, None, 0)
    assert tuple(map(str, told(changed.after, "guest", "revenue", "purchases"))) == ("12.5000", "1")


def test_an_earlier_event_brings_its_page_and_its_campaign(changed: Changed) -> None:
    columns = ("landing_page_path", "exit_page_path", "utm_campaign", "referrer_medium", "browser")
    assert told(changed.before, "tablet", *columns) == ("/basket", "/thanks", None, None, "Firefox")
    assert told(changed.after, "tablet", *columns) == ("/", "/thanks", "spring sale", "email", "Firefox")


def test_of_two_deliveries_in_one_file_the_one_that_is_left_tells_the_page(changed: Changed) -> None:
    assert told(changed.before, "phone", "landing_page_path") == ("/counts",)
    assert told(changed.after, "phone", "landing_page_path") == ("/waits",)


def test_pings_that_come_later_lengthen_the_time_with_somebody_on_the_page(changed: Changed) -> None:
    columns = ("page_views", "engaged_seconds", "absolute_seconds", "exit_page_path", "is_bounce")
    assert told(changed.before, "of s1", *columns) == (1, 5, 60, "/one", True)
    assert told(changed.after, "of s1", *columns) == (2, 20, 180, "/two", True)


def test_pages_and_features_have_their_latest_names_and_matches(changed: Changed) -> None:
    sql = "SELECT kind, matched_id, name, events FROM marts.fct_session_matches ORDER BY ALL"
    assert changed.before.rows(sql) == [("page", "gone", "Gone", 1), ("page", "home", "Home", 1)]
    assert changed.after.rows(sql) == [("feature", "menu", "Menu", 1), ("page", "home", "Entrance", 1)]
