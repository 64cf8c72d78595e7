"""Monetate samples: Session Stream files, every session observed in 15 minutes of time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from loaders.samples.clock import MINUTE, SECOND, iso, spaced
from loaders.samples.monetate_cases import CASES, case_lines
from loaders.samples.output import VendorSample, Windows, number_of_files, write_gzip
from loaders.samples.visits import Action, Visit, is_customer, product_at, visits

ACCOUNT_ID = 4711
WINDOW = 15 * MINUTE
# A session is closed when nothing happened for this long.
CLOSED_AFTER = 30 * MINUTE
# Of so many sessions, one is also delivered while it is still open.
OPEN_DELIVERY = 8
# Ids of custom page events: one for each kind of page and how often it was seen in the session.
PAGE_EVENT_BASE = 51_000
OFFERS = (910_101, 910_102, 910_103, 910_104, 910_105)
BROWSERS = (("Chrome", "131.0"), ("Safari", "18.1"), ("Firefox", "133.0"), ("Edge", "131.0"))
SYSTEMS = (("Windows", "10", "desktop"), ("iOS", "18.1", "phone"), ("Android", "15", "phone"))
PLACES = (("Philadelphia", "Pennsylvania", "US"), ("Leeds", "Leeds", "GB"), ("unknown", "unknown", "US"))

_SESSION = (
    '{"session_id":"%s","account_id":%d,"guid":"%s","customer_id":%s,"customer_link":null,'
    '"browser":"%s","browser_version":"%s","os":"%s","os_version":"%s","device_type":"%s",'
    '"city":"%s","region":"%s","country_code":"%s","screen_height":1080,"screen_width":1920,'
    '"start_time":%d,"end_time":%d,"is_closed":"%s","is_bounce":"%s","has_cart":"%s",'
    '"has_new_customer":"%s","has_product_view":"%s","has_purchase":"%s","has_stealth":"f",'
    '"page_views":%d,"page_views_ss":%d,"product_view_count":%d,"purchase_count":%d,'
    '"purchase_value_ss":%s,"session_value":%s,"session_value_ss":%s,"session_count":%d,'
    '"time_on_site":%d,"time_on_site_ss":%d,"custom_targets":%s,"offers":%s,"page_event_ids":%s,'
    '"purchases":%s,"cart_lines":[%s],"view_lines":[%s],"purchase_lines":%s}\n'
)


def write(folder: Path, events: int, seed: int) -> VendorSample:
    """Write sessions with `events` lines and page events, one file a window, and the cases on top."""
    draw = random.Random(f"monetate {seed}")
    sequence = draw.randrange(10**12)

    def write_window(number: int, lines: list[str]) -> None:
        nonlocal sequence
        sequence += 1
        write_gzip(window_path(folder, number * WINDOW, sequence), lines)

    windows = Windows(WINDOW, write_window)
    for start, line in case_lines():
        windows.lines[start // WINDOW].append(line)
    for visit in visits(events, draw):
        windows.advance(visit.moments[0])
        session = f"{visit.visitor}.{draw.getrandbits(40)}.{visit.moments[0] // SECOND}"
        for moment, steps, is_closed in deliveries(visit):
            windows.lines[moment // WINDOW].append(_line(visit, session, steps, is_closed=is_closed))
    windows.finish()
    return VendorSample("monetate", events, number_of_files(folder), CASES)


def window_path(folder: Path, start: int, sequence: int) -> Path:
    """Return the path of a file of the window that begins at `start`."""
    text = iso(start)
    name = f"{text.replace('-', '').replace(':', '')}_PT15M-{sequence}.json.gz"
    return folder / str(ACCOUNT_ID) / "raw_data" / "session_stream" / text[:10].replace("-", "/") / name


def deliveries(visit: Visit) -> Iterator[tuple[int, int, bool]]:
    """Yield when the session is delivered, with how many of its steps, and whether it is closed then."""
    first, last = visit.moments[0], visit.moments[-1]
    if visit.visitor % OPEN_DELIVERY == 0:
        end = first // WINDOW * WINDOW + WINDOW
        yield first, sum(moment < end for moment in visit.moments), False
    yield last + CLOSED_AFTER, len(visit.moments), True


def _line(visit: Visit, session: str, steps: int, *, is_closed: bool) -> str:
    visitor, start, end = visit.visitor, visit.moments[0], visit.moments[steps - 1]
    parts = _Parts(session)
    for moment, action in islice(zip(visit.moments, visit.actions, strict=True), steps):
        parts.add(moment, action)
    system = SYSTEMS[visitor % len(SYSTEMS)]
    value, seconds = money(parts.cents), (end - start) // SECOND
    # Some writers put an empty array where an object has no members.
    empty = "[]" if visitor % 5 == 0 else "{}"
    return _SESSION % (
        session, ACCOUNT_ID, f"guid-{visitor:07d}",
        f'"customer-{visitor:07d}"' if visit.known_from < steps else "null",
        *BROWSERS[visitor % len(BROWSERS)], *system, *PLACES[visitor % len(PLACES)],
        start, end, _flag(is_closed), _flag(steps == 1), _flag(parts.carts),
        _flag(is_customer(visitor) and parts.purchases and visit.number == 1),
        _flag(parts.views), _flag(parts.purchases),
        parts.pages + len(parts.views), parts.pages + len(parts.views), len(parts.views),
        len(parts.purchases), value, value, value, visit.number, seconds, seconds,
        f'{{"70001":"segment {visitor % 4}"}}' if visitor % 2 else empty,
        _object(parts.offers, empty), _object(parts.page_events, empty), _object(parts.purchases, empty),
        ",".join(parts.carts), ",".join(parts.views), _object(parts.purchase_lines, empty),
    )  # fmt: skip


class _Parts:
    """JSON fragments of a session's lines and page events."""

    def __init__(self, session: str) -> None:
        self._session = session
        self.pages = 0
        self.cents = 0
        self.offers: list[str] = []
        self.page_events: list[str] = []
        self.views: list[str] = []
        self.carts: list[str] = []
        self.purchases: list[str] = []
        self.purchase_lines: list[str] = []

    def add(self, moment: int, action: int) -> None:
        """Add one step: an offer first, then what the action makes of it."""
        product = product_at(moment)
        if not self.offers:
            self.pages += 1
            self.offers.append(f'"{OFFERS[product % len(OFFERS)]}":{moment}')
        elif action == Action.VIEW_PRODUCT:
            self.views.append(f'{{"product_id":"P{product:03d}","time":"{spaced(moment)[:19]}"}}')
        elif action == Action.ADD_TO_CART:
            self.carts.append(
                f'{{"product_id":"P{product:03d}","sku":"P{product:03d}-{moment % 3}","quantity":1,'
                f'"time":"{spaced(moment)[:19]}"}}'
            )
        elif action == Action.PURCHASE:
            self._buy(moment, product)
        else:
            self.pages += 1
            self.page_events.append(f'"{PAGE_EVENT_BASE + action * 100 + self.pages}":{moment}')

    def _buy(self, moment: int, product: int) -> None:
        cents = 450 + product * 713 % 9000
        self.cents += cents
        order = f"{self._session}.{len(self.purchases) + 1}"
        self.purchases.append(f'"{order}":{money(cents)}')
        self.purchase_lines.append(
            f'"{order}":{{"time":"{spaced(moment)[:19]}","total":{money(cents)},"items":[{{'
            f'"product_id":"P{product:03d}","sku":"P{product:03d}-0","quantity":1,'
            f'"unit_price":{money(cents)}}}]}}'
        )


def money(cents: int) -> str:
    """Return an amount of cents as a number with two digits behind the point."""
    return f"{cents // 100}.{cents % 100:02d}"


def _flag(value: object) -> str:
    return "t" if value else "f"


def _object(members: list[str], empty: str) -> str:
    return f"{{{','.join(members)}}}" if members else empty
