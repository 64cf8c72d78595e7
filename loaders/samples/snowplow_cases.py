"""The hard cases of the Snowplow samples; user ids say which case they belong to."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from loaders.samples.clock import DAY, HOUR, MINUTE, SECOND, at, iso, moment_of, spaced
from loaders.samples.output import json_line, new_uuid, write_gzip, write_json
from loaders.samples.snowplow_rows import APP_ID, COMMON, CONTEXTS, action_values
from loaders.samples.visits import Action
from loaders.vendors.snowplow.columns import ATOMIC_COLUMNS, ENRICHED_COLUMNS

CASES = (
    "duplicates with one fingerprint, collected later",
    "a duplicate with another fingerprint, made by a bot",
    "events without the device's time",
    "a session that lasts more than 3 days",
    "events without a session",
    "late events, sent more than 3 days after they were made, and one at exactly 3 days",
    "entities with quotes and braces in fields that have no quoting",
    "a finished transformer run of wide rows",
    "a transformer run without its completion file",
)
FINISHED_RUN = "run=2026-02-02-03-15-00"
UNFINISHED_RUN = "run=2026-02-02-04-15-00"
COMPLETION_FILE = "shredding_complete.json"
EVENTS_OF_RUN = 12

Row = dict[str, str]


def case_lines(draw: random.Random) -> Iterator[tuple[int, str]]:
    """Yield the cases as enriched events: when one was collected, and its line."""
    for make in (_duplicates, _no_device_time, _endless_session, _no_session, _late):
        for row in make(draw):
            line = "\t".join(row.get(column, "") for column in ENRICHED_COLUMNS) + "\n"
            yield moment_of(row["collector_tstamp"]), line


def write_runs(root: Path, draw: random.Random) -> None:
    """Write a transformer run that is complete, and one whose completion file is still missing."""
    for number, run in enumerate((FINISHED_RUN, UNFINISHED_RUN)):
        start = at(27, "20:00") + number * HOUR
        user = f"run-{number}"
        rows = [_row(user, start + step * MINUTE, draw) for step in range(EVENTS_OF_RUN)]
        good = root / run / "output=good"
        write_gzip(good / "part-00000.gz", [json_line(_wide(row)) for row in rows[:8]])
        write_gzip(good / "part-00001.gz", [json_line(_wide(row)) for row in rows[8:]])
    write_json(root / FINISHED_RUN / COMPLETION_FILE, _completion(at(27, "20:00")))


def _completion(first: int) -> dict[str, object]:
    last = first + (EVENTS_OF_RUN - 1) * MINUTE + 500
    entity = {
        "schemaKey": "iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0",
        "snowplowEntity": "CONTEXT",
    }
    return {
        "schema": "iglu:com.snowplowanalytics.snowplow.storage.rdbloader/shredding_complete/jsonschema/2-0-1",
        "data": {
            "base": f"s3://sample-bucket/transformed/{FINISHED_RUN}/",
            "typesInfo": {"transformation": "WIDEROW", "fileFormat": "JSON", "types": [entity]},
            "timestamps": {
                "jobStarted": "2026-02-02T03:15:00.000Z",
                "jobCompleted": "2026-02-02T03:19:42.000Z",
                "min": iso(first + 500),
                "max": iso(last),
            },
            "compression": "GZIP",
            "processor": {"artifact": "snowplow-transformer-kinesis", "version": "5.6.0"},
            "count": {"good": EVENTS_OF_RUN, "bad": None},
        },
    }


def _row(user: str, made: int, draw: random.Random, **values: str) -> Row:
    """Return a page view collected half a second after it was made, `values` put over it."""
    event_id = new_uuid(draw)
    return {
        **COMMON,
        **action_values(Action.PAGE),
        "event_id": event_id,
        "etl_tstamp": spaced(made + 3 * SECOND),
        "collector_tstamp": spaced(made + 500),
        "dvce_created_tstamp": spaced(made),
        "dvce_sent_tstamp": spaced(made + 400),
        "derived_tstamp": spaced(made + 100),
        "domain_userid": f"domain-user-{user}",
        "domain_sessionid": f"session-{user}",
        "domain_sessionidx": "1",
        "network_userid": f"network-user-{user}",
        "contexts": CONTEXTS.replace("{page_view}", event_id).replace("{sku}", "P001"),
        "event_fingerprint": event_id.replace("-", "")[:16],
        **values,
    }


def _duplicates(draw: random.Random) -> list[Row]:
    made = at(2, "09:00")
    first = _row("duplicates", made, draw)
    natural = [
        {**first, "collector_tstamp": spaced(made + late), "etl_tstamp": spaced(made + late + SECOND)}
        for late in (700, DAY)
    ]
    bot = _row("duplicates-bot", made + MINUTE, draw)
    synthetic = {
        **bot,
        "collector_tstamp": spaced(made + 2 * MINUTE),
        "page_title": "Not the same at all",
        "event_fingerprint": "f" * 16,
    }
    return [first, *natural, bot, synthetic]


def _no_device_time(draw: random.Random) -> list[Row]:
    made = at(3, "09:00")
    plain = _row("no-device-time", made, draw)
    rows = [_row("no-device-time", made + step * MINUTE, draw, dvce_created_tstamp="") for step in (1, 2)]
    return [plain, *rows]


def _endless_session(draw: random.Random) -> list[Row]:
    start = at(5, "00:30")
    return [_row("endless-bot", start + step, draw) for step in range(0, 4 * DAY, 2 * HOUR)]


def _no_session(draw: random.Random) -> list[Row]:
    made = at(10, "06:00")
    server = {"platform": "srv", "domain_sessionid": "", "domain_sessionidx": "", "domain_userid": ""}
    rows = [
        _row("no-session", made + step * MINUTE, draw, user_id="user-server", **server) for step in range(2)
    ]
    return [*rows, _row("no-session", made + HOUR, draw, domain_sessionid="", domain_sessionidx="")]


def _late(draw: random.Random) -> list[Row]:
    made = at(11, "10:00")
    rows = []
    for step, waited in enumerate((400, 3 * DAY, 3 * DAY + 1, 5 * DAY)):
        moment = made + step * MINUTE
        times = {
            "dvce_sent_tstamp": spaced(moment + waited),
            "collector_tstamp": spaced(moment + waited + 100),
            "etl_tstamp": spaced(moment + waited + 3 * SECOND),
        }
        rows.append(_row("late", moment, draw, **times))
    return rows


def _wide(row: Row) -> dict[str, object]:
    """Return the row as a transformer writes it: typed values, every column, entities on their own."""
    values: dict[str, object] = {column: _typed(column, row.get(column, "")) for column in ATOMIC_COLUMNS}
    entities: dict[str, list[object]] = defaultdict(list)
    for entity in json.loads(row["contexts"])["data"]:
        vendor, name, _, version = entity["schema"].removeprefix("iglu:").split("/")
        model = version.partition("-")[0]
        entities[f"contexts_{vendor.replace('.', '_')}_{name}_{model}"].append(entity["data"])
    return {**values, **entities, "app_id": APP_ID}


def _typed(column: str, text: str) -> object:
    if text == "":
        return None
    if column.endswith("_tstamp"):
        return text.replace(" ", "T") + "Z"
    if column.startswith(("br_features_", "br_cookies", "dvce_ismobile")):
        return text == "1"
    if column.endswith(("width", "height", "sessionidx", "urlport")):
        return int(text)
    return text
