"""Snowplow samples: enriched events as tab-separated files, and transformer runs of wide rows."""

from __future__ import annotations

import random
from pathlib import Path

from loaders.samples.clock import SECOND, spaced
from loaders.samples.origins import ORIGINS, origin_of
from loaders.samples.output import (
    VendorSample,
    Windows,
    new_uuid,
    number_of_files,
    window_width,
    with_gaps,
    write_gzip,
)
from loaders.samples.snowplow_cases import CASES, case_lines, write_runs
from loaders.samples.snowplow_rows import COMMON, CONTEXTS, action_values
from loaders.samples.visits import Action, Visit, product_at, visits
from loaders.vendors.snowplow.columns import ENRICHED_COLUMNS

AGENTS = (
    ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox", "Linux"),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Firefox",
        "Mac OS X",
    ),
)
PLACES = (("US", "CA", "San Jose"), ("GB", "ENG", "Leeds"), ("DE", "BE", "Berlin"))

# A line is filled in two steps, once for a visit (%s) and then for each of its events (%%s).
VISIT_COLUMNS = (
    "user_ipaddress", "domain_userid", "domain_sessionidx", "network_userid", "geo_country", "geo_region",
    "geo_city", "page_referrer", "mkt_medium", "mkt_source", "mkt_campaign", "useragent", "br_name",
    "os_name", "domain_sessionid",
)  # fmt: skip
EVENT_COLUMNS = (
    "etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "event_id", "user_id", "dvce_sent_tstamp",
    "derived_tstamp", "event_fingerprint",
)  # fmt: skip


def _template(action: Action) -> str:
    values = {**COMMON, **action_values(action)}
    values |= dict.fromkeys(VISIT_COLUMNS, "%s") | dict.fromkeys(EVENT_COLUMNS, "%%s")
    values["contexts"] = CONTEXTS.replace("{page_view}", "%%s").replace("{sku}", "%%s")
    return "\t".join(values.get(column, "") for column in ENRICHED_COLUMNS) + "\n"


_TEMPLATES = [_template(action) for action in Action]


def write(folder: Path, events: int, seed: int) -> VendorSample:
    """Write `events` enriched events in `enriched/<date>/`, and the cases and runs on top."""
    draw = random.Random(f"snowplow {seed}")
    root = folder / "enriched"
    width = window_width(events)

    def write_window(number: int, lines: list[str]) -> None:
        write_gzip(_path(root, (number + 1) * width - SECOND, draw), lines)

    windows = Windows(width, write_window)
    for collected, line in case_lines(draw):
        windows.lines[collected // width].append(line)
    for visit in visits(events, draw):
        windows.advance(visit.moments[0])
        _add_visit(visit, windows, width, draw)
    windows.finish()
    write_runs(folder / "transformed", draw)
    return VendorSample("snowplow", events, number_of_files(folder), CASES)


def _path(root: Path, written: int, draw: random.Random) -> Path:
    day, time = spaced(written)[:19].split(" ")
    return root / day.replace("-", "/") / f"{day}-{time.replace(':', '')}-{new_uuid(draw)}.gz"


def _add_visit(visit: Visit, windows: Windows, width: int, draw: random.Random) -> None:
    visitor = visit.visitor
    session = new_uuid(draw)
    origin = ORIGINS[origin_of(visit)]
    values = (
        f"198.51.100.{visitor % 250 + 1}", f"domain-user-{visitor:07d}", visit.number,
        f"network-user-{visitor:07d}", *PLACES[visitor % len(PLACES)],
        origin.referrer, origin.medium, origin.source, origin.campaign,
        *AGENTS[visitor % len(AGENTS)], session,
    )  # fmt: skip
    filled: dict[int, list[str]] = {}
    id_start, id_end = session[:19] + "-b" + session[21:24], draw.getrandbits(47)
    enriched = spaced(visit.moments[-1] + 9 * SECOND)
    user = f"user-{visitor:07d}"
    delay = int(draw.random() * 4_000)
    for step, moment in enumerate(visit.moments):
        action = visit.actions[step]
        line = filled.get(action)
        if line is None:
            line = filled[action] = with_gaps(_TEMPLATES[action] % values)
        delay = (delay * 31 + 17) % 4_001
        collected = moment + delay + 120
        event_id = f"{id_start}-{id_end + step:012x}"
        line[1::2] = (
            enriched,
            spaced(collected),
            spaced(moment),
            event_id,
            user if step >= visit.known_from else "",
            id_start,
            f"P{product_at(moment):03d}",
            spaced(moment + delay),
            # The collector's time less the time the event waited on the device.
            spaced(moment + 120),
            event_id[24:] + event_id[:8],
        )
        windows.lines[collected // width].append("".join(line))
