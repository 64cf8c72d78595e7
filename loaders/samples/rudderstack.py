"""RudderStack samples: raw dumps of calls as the object-storage destinations write them."""

from __future__ import annotations

import random
from pathlib import Path

from loaders.samples.clock import MINUTE, SECOND, date_of, iso
from loaders.samples.origins import HOST, ORIGINS, origin_of
from loaders.samples.output import (
    VendorSample,
    Windows,
    new_uuid,
    number_of_files,
    window_width,
    with_gaps,
    write_gzip,
)
from loaders.samples.rudderstack_cases import CASE_NAMES, case_lines
from loaders.samples.visits import PRODUCTS, Action, Visit, product_at, visits

SOURCE_ID = "2aSampleSource7WebShop01"
EVENT_NAMES = (
    "page_viewed",
    "searched",
    "viewed_product",
    "added_to_cart",
    "checkout_started",
    "order_completed",
    "signup",
)
PATHS = ("/", "/search", "/products", "/cart", "/checkout", "/thanks", "/signup")
DEVICES = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)

# Filled in two steps, once for a visit and then for each of its calls, which is what makes it fast.
_VISIT = (
    '{"messageId":"%%s","type":"track","channel":"web","anonymousId":"%s","userId":%%s,"event":"%%s",'
    '"properties":{%%s},"context":{"library":{"name":"RudderLabs JavaScript SDK","version":"3.11.9"},'
    '"ip":"%s","locale":"en-US","userAgent":"%s","sessionId":%d,"page":{%%s}},'
    '"originalTimestamp":"%%s","sentAt":"%%s","receivedAt":"%%s","timestamp":"%%s","request_ip":"%s"}\n'
)
_IDENTIFY = (
    '{"messageId":"%s","type":"identify","channel":"web","anonymousId":"%s","userId":"%s",'
    '"context":{"traits":{"plan":"%s"},"library":{"name":"RudderLabs JavaScript SDK","version":"3.11.9"}},'
    '"originalTimestamp":"%s","sentAt":"%s","receivedAt":"%s","timestamp":"%s"}\n'
)
_PLANS = ("free", "team", "enterprise")
_PAGES = [f'"url":"https://{HOST}{path}","path":"{path}"' for path in PATHS]
# Of the first page of a visit: its address with the campaign that led there, and the page before it.
_LANDINGS = [
    [
        f'"url":"https://{HOST}{path}{origin.query}","path":"{path}"'
        + (f',"referrer":"{origin.referrer}"' if origin.referrer else "")
        for path in PATHS
    ]
    for origin in ORIGINS
]


def _properties() -> list[list[str]]:
    products = [
        f'"product_id":"P{p:03d}","price":{4 + p * 7 % 90}.{p * 13 % 100:02d}' for p in range(PRODUCTS)
    ]
    about_products = (Action.VIEW_PRODUCT, Action.ADD_TO_CART, Action.PURCHASE)
    return [
        [
            f'"path":"{PATHS[action]}"' + (f",{product}" if action in about_products else "")
            for product in products
        ]
        for action in Action
    ]


_PROPERTIES = _properties()


def write(folder: Path, events: int, seed: int) -> VendorSample:
    """Write `events` track calls in `rudder-logs/<source>/<date>/`, identify calls and the cases on top."""
    draw = random.Random(f"rudderstack {seed}")
    root = folder / "rudder-logs" / SOURCE_ID
    width = window_width(events)

    def write_window(number: int, lines: list[str]) -> None:
        write_gzip(_path(root, (number + 1) * width - SECOND, draw), lines)

    windows = Windows(width, write_window)
    for received, line in case_lines(draw):
        windows.lines[received // width].append(line)
    for visit in visits(events, draw):
        windows.advance(visit.moments[0])
        _add_visit(visit, windows, width, draw)
    windows.finish()
    return VendorSample("rudderstack", events, number_of_files(folder), CASE_NAMES)


def _path(root: Path, written: int, draw: random.Random) -> Path:
    name = f"{written // SECOND}.{SOURCE_ID}.{new_uuid(draw)}.json.gz"
    return root / date_of(written).isoformat() / name


def _add_visit(visit: Visit, windows: Windows, width: int, draw: random.Random) -> None:
    device = f"device-{visit.visitor:07d}-{_device(visit)}"
    known = f'"user-{visit.visitor:07d}"'
    address = f"203.0.113.{visit.visitor % 250 + 1}"
    agent = DEVICES[visit.visitor % len(DEVICES)]
    call = with_gaps(_VISIT % (device, address, agent, visit.moments[0] // SECOND, address))
    id_start, id_end = new_uuid(draw)[:24], draw.getrandbits(47)
    ahead = (visit.visitor % 7 - 3) * 9 * MINUTE if visit.visitor % 16 == 0 else 0
    delay = int(draw.random() * 8_000)
    origin = origin_of(visit)
    for step, moment in enumerate(visit.moments):
        delay = (delay * 31 + 17) % 8_009
        action = visit.actions[step]
        received = moment + delay
        happened, arrived = iso(moment), iso(received)
        call[1::2] = (
            f"{id_start}{id_end + step:012x}",
            known if step >= visit.known_from else "null",
            EVENT_NAMES[action],
            _PROPERTIES[action][product_at(moment)],
            _PAGES[action] if step else _LANDINGS[origin][action],
            iso(moment + ahead) if ahead else happened,
            iso(received + ahead) if ahead else arrived,
            arrived,
            happened,
        )
        windows.lines[received // width].append("".join(call))
        if action == Action.SIGNUP and step == visit.known_from:
            times = (iso(moment + ahead), iso(received + ahead), arrived, happened)
            plan = _PLANS[visit.visitor % len(_PLANS)]
            identify = (f"{id_start}{id_end + 2048:012x}", device, known.strip('"'), plan, *times)
            windows.lines[received // width].append(_IDENTIFY % identify)


def _device(visit: Visit) -> str:
    """Return which of a person's two devices is used; every fourth person has a second one."""
    return "b" if visit.visitor % 4 == 1 and visit.number % 2 == 0 else "a"
