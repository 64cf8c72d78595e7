"""The hard cases of the Monetate samples; session ids say which case they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loaders.samples.clock import MINUTE, SECOND, at, spaced
from loaders.samples.output import json_line

OPEN_THEN_CLOSED = "a session delivered open, open again with more, and closed with the most"
CLOSED_THEN_STALE = "a closed session that a later file delivers once more, still open"
MISSING_KEYS = "a session with nothing but its id, account, times and visitor"
EMPTY_ARRAYS = "empty arrays and nulls where objects belong"
ODD_SHAPES = "flags as true and 1, one page event at two times, times of lines in milliseconds"
UNKNOWN_KEYS = "keys that the vendor's table does not have"
SAME_PRODUCT_TWICE = "the same product twice in one cart"

CASES = (
    OPEN_THEN_CLOSED,
    CLOSED_THEN_STALE,
    MISSING_KEYS,
    EMPTY_ARRAYS,
    ODD_SHAPES,
    UNKNOWN_KEYS,
    SAME_PRODUCT_TWICE,
)


def case_lines() -> Iterator[tuple[int, str]]:
    """Yield the cases: when a session was delivered, and its line."""
    start, ended = at(3, "10:05"), at(4, "15:03")
    for delivered, session in (
        (at(3, "10:14"), _growing(start, 2, "f")),
        (at(3, "10:29"), _growing(start, 4, "f")),
        (at(3, "11:05"), _growing(start, 7, "t")),
        (at(3, "10:10"), _missing_keys(at(3, "10:02"))),
        (at(3, "10:20"), _empty_arrays(at(3, "10:16"))),
        (at(3, "11:10"), _odd_shapes(at(3, "11:02"))),
        (at(4, "15:50"), _stale(ended, "t", 3)),
        (at(4, "16:05"), _stale(ended, "f", 1)),
        (at(4, "15:55"), _unknown_keys(at(4, "15:46"))),
        (at(4, "16:10"), _same_product_twice(at(4, "16:01"))),
    ):
        yield delivered, json_line(session)


def _session(name: str, start: int, **values: object) -> dict[str, Any]:
    """Return a closed session of one minute without any lines, `values` put over it."""
    texts = ("browser", "browser_version", "city", "region", "os", "os_version", "device_type")
    flags = ("has_cart", "has_new_customer", "has_product_view", "has_purchase", "has_stealth", "is_bounce")
    counts = (
        "page_views", "page_views_ss", "product_view_count", "purchase_count", "session_count",
        "screen_height", "screen_width", "purchase_value_ss", "session_value", "session_value_ss",
    )  # fmt: skip
    objects = ("custom_targets", "offers", "page_event_ids", "purchases", "purchase_lines")
    return {
        "session_id": f"session-{name}",
        "account_id": 4711,
        "guid": f"guid-{name}",
        "customer_id": None,
        "customer_link": None,
        "country_code": "US",
        "start_time": start,
        "end_time": start + MINUTE,
        "time_on_site": 60,
        "time_on_site_ss": 60,
        "is_closed": "t",
        **dict.fromkeys(texts, "unknown"),
        **dict.fromkeys(flags, "f"),
        **dict.fromkeys(counts, 0),
        **{key: {} for key in objects},
        "cart_lines": [],
        "view_lines": [],
        **values,
    }


def _growing(start: int, views: int, is_closed: str) -> dict[str, Any]:
    seconds = views * 4 * 60
    return _session(
        "open-then-closed",
        start,
        end_time=start + seconds * SECOND,
        time_on_site=seconds,
        time_on_site_ss=seconds,
        is_closed=is_closed,
        has_product_view="t",
        product_view_count=views,
        page_views=views,
        offers={"910101": start},
        view_lines=[
            {"product_id": f"P{view:03d}", "time": spaced(start + (view + 1) * 4 * MINUTE)[:19]}
            for view in range(views)
        ],
    )


def _stale(start: int, is_closed: str, pages: int) -> dict[str, Any]:
    return _session(
        "closed-then-stale",
        start,
        end_time=start + pages * MINUTE,
        is_closed=is_closed,
        page_views=pages,
        page_event_ids={str(51_000 + page): start + page * MINUTE for page in range(1, pages + 1)},
    )


def _missing_keys(start: int) -> dict[str, Any]:
    session = _session("missing-keys", start)
    kept = ("session_id", "account_id", "guid", "start_time", "end_time", "is_closed")
    return {key: session[key] for key in kept}


def _empty_arrays(start: int) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "offers": [],
        "page_event_ids": [],
        "custom_targets": [],
        "purchases": None,
        "purchase_lines": None,
        "cart_lines": None,
    }
    return _session("empty-arrays", start, **empty)


def _odd_shapes(start: int) -> dict[str, Any]:
    return _session(
        "odd-shapes",
        start,
        is_closed=True,
        has_product_view=1,
        has_stealth=False,
        page_event_ids={"51001": [start, start + 30 * SECOND]},
        view_lines=[{"product_id": "P001", "time": start + 10 * SECOND}],
    )


def _unknown_keys(start: int) -> dict[str, Any]:
    return _session("unknown-keys", start, brands_viewed=["Northwind"], has_recommendation_click="t")


def _same_product_twice(start: int) -> dict[str, Any]:
    line = {"product_id": "P007", "sku": "P007-1", "quantity": 1}
    return _session(
        "same-product-twice",
        start,
        has_cart="t",
        cart_lines=[
            {**line, "time": spaced(start + 5 * SECOND)[:19]},
            {**line, "quantity": 2, "time": spaced(start + 5 * SECOND)[:19]},
        ],
    )
