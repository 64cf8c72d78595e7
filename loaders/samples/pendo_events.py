"""What visitors of the Pendo samples do, as encoded records, and which definitions it matches."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from loaders.samples.clock import epoch_day
from loaders.samples.output import new_uuid
from loaders.samples.pendo_avro import (
    encode_long,
    encode_map,
    encode_moment,
    encode_optional,
    encode_text,
)
from loaders.samples.visits import PRODUCTS, Action, Visit, product_at, visits

MAIN_APP = "-323232"
SECOND_APP = "5629499534213120"
SECOND_APP_SHARE = 5
ANONYMOUS = "_PENDO_T_"

HOME, PRODUCT, CHECKOUT = (
    "Page/hOme_page-0000000000000001",
    "Page/pRod-page_0000000000000002",
    "Page/cHeck-0003",
)
# A feature may have the id of a page: only the type tells them apart.
SEARCH, ADD = "Feature/hOme_page-0000000000000001", "Feature/aDd-to_cart-00000000000002"
LEGACY = "Feature/oLd-banner_0000000000003"
PURCHASE, SIGNUP = "TrackType/pUrchase-000000000001", "TrackType/sIgnup_00000000000002"
GUIDE = "gUide-tour_0000000000000001"

# Matchables of each action, and of what matches nothing. The rule of the page Checkout is widened later:
# then it takes purchases, too.
MATCHES = ((HOME,), (SEARCH,), (PRODUCT,), (ADD, PRODUCT), (CHECKOUT,), (PURCHASE,), (SIGNUP,), ())
NOTHING = len(MATCHES) - 1
WIDER_MATCHES = tuple((*ids, CHECKOUT) if PURCHASE in ids else ids for ids in MATCHES)
_TYPES = ("load", "click", "load", "click", "load", "track", "track")
_PATHS = ("/", "/search", "/products", "/products", "/checkout", "/thanks", "/signup")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:128.0) Gecko/20100101 Firefox/128.0",
)


@dataclass(frozen=True, slots=True)
class Who:
    """The visitor of an event; `old_visitor` is the anonymous id that was given up at the login."""

    visitor: str
    account: str | None = None
    old_visitor: str | None = None

    def encode(self) -> bytes:
        """Return the three fields that say who did it."""
        return encode_text(self.visitor) + encode_optional(self.old_visitor) + encode_optional(self.account)


def visitor_id(visitor: int) -> str:
    """Return the id of a person who has logged in."""
    return f"visitor-{visitor:07d}"


def account_id(visitor: int) -> str:
    """Return the account of a person; four share one."""
    return f"account-{visitor // 4:05d}"


def encode_action(action: int, product: int, guide: str | None = None) -> bytes:
    """Return the fields that say what was done; with a `guide`, that it was seen."""
    path = _PATHS[action]
    own = {ids.partition("/")[0]: ids.partition("/")[2] for ids in reversed(MATCHES[action])}
    return b"".join(
        (
            encode_text("guideSeen" if guide else _TYPES[action]),
            encode_text(f"https://shop.example{path}"),
            encode_optional(f"main > button[data-sku=P{product:03d}]" if "Feature" in own else None),
            encode_optional(own.get("Page")),
            encode_optional(own.get("Feature")),
            encode_optional(own.get("TrackType")),
            encode_optional(guide),
            encode_map({"sku": f"P{product:03d}"} if path == "/products" else {}),
        )
    )


def encode_place(app_id: str, session: str, number: int) -> bytes:
    """Return the fields that say where it was done; `number` picks an address and a browser."""
    return b"".join(
        (
            encode_long(int(app_id)),
            encode_text(session),
            encode_text(
                f"2001:db8::{number % 65_535 + 1:x}" if number % 3 else f"192.0.2.{number % 250 + 1}"
            ),
            encode_text(("US", "GB", "DE")[number % 3]),
            encode_text(_AGENTS[number % len(_AGENTS)]),
        )
    )


def encode_when(event_id: str, moment: int, delay: int) -> bytes:
    """Return the first fields of an event: its day, its id of 36 characters, and both times."""
    return b"".join(
        (
            encode_long(epoch_day(moment)),
            b"\x48",
            event_id.encode(),
            encode_moment(moment),
            encode_moment(moment + delay),
        )
    )


_ACTIONS = [[encode_action(action, product) for product in range(PRODUCTS)] for action in Action]
_GUIDE_SEEN = encode_action(Action.PAGE, 0, GUIDE)


@dataclass(frozen=True, slots=True)
class VisitEvents:
    """The encoded events of one visit of one person to one application.

    Each is its day (days since 1970), what it matches as a number of MATCHES, and the record.
    """

    app_id: str
    visitor: int
    events: list[tuple[int, int, bytes]]


def visit_events(count: int, seed: int) -> Iterator[VisitEvents]:
    """Yield `count` events by visit, the visits in order of time; the same ones for the same arguments."""
    draw = random.Random(f"pendo {seed}")
    for visit in visits(count, draw):
        yield _encode_visit(visit, draw)


def _encode_visit(visit: Visit, draw: random.Random) -> VisitEvents:
    visitor = visit.visitor
    app_id = SECOND_APP if visitor % SECOND_APP_SHARE == 0 else MAIN_APP
    session = new_uuid(draw)
    id_start, id_end = b"\x48" + session[:24].encode(), draw.getrandbits(47)
    place = encode_place(app_id, session[24:], visitor)
    stranger = Who(f"{ANONYMOUS}{visitor:07x}")
    known = Who(visitor_id(visitor), account_id(visitor))
    who = stranger.encode() if visit.known_from else known.encode()
    delay = 1_000 + int(draw.random() * 30_000)
    events = []
    for step, moment in enumerate(visit.moments):
        action = visit.actions[step]
        done = _ACTIONS[action][product_at(moment)]
        if step == 0 and visitor % 10 == 3:
            action, done = NOTHING, _GUIDE_SEEN
        # The event of the login carries both ids.
        if step and step == visit.known_from:
            who = replace(known, old_visitor=stranger.visitor).encode()
        elif step == visit.known_from + 1:
            who = known.encode()
        day = epoch_day(moment)
        times = encode_moment(moment) + encode_moment(moment + delay)
        event_id = b"%b%012x" % (id_start, id_end + step)
        events.append((day, action, b"".join((encode_long(day), event_id, times, who, done, place))))
    return VisitEvents(app_id, visitor, events)
