"""One export of one day of Pendo's events, in one Avro file, with its bill and its manifest."""

from __future__ import annotations

import random
from pathlib import Path

from loaders.samples.clock import DAY, HOUR, MINUTE, SECOND, START, epoch_day
from loaders.samples.output import new_uuid
from loaders.samples.pendo_events import MAIN_APP, MATCHES, Who, encode_action, encode_place, encode_when
from loaders.samples.pendo_exports import Application, PeriodFiles

VISIT_EVENTS = 8
VISITOR_EVENTS = 40


def write_day(root: Path, events: int) -> Path:
    """Write the export with about that many events below `root`; return the path of its Avro file."""
    draw = random.Random("avro")
    application = Application(root, MAIN_APP, "Main", draw)
    export = application.new_folder()
    day = epoch_day(START)
    period = PeriodFiles(export.path, day)
    for visit in range(events // VISIT_EVENTS):
        for record in _visit(draw, visit, draw.randrange(events // VISITOR_EVENTS + 1), day):
            period.add(record, ())
    export.periods.append(period.finish())
    application.add(export, (day + 1) * DAY)
    application.write_manifest((day + 1) * DAY + HOUR)
    (path,) = export.path.rglob("*.avro")
    return path


def _visit(draw: random.Random, visit: int, visitor: int, day: int) -> list[bytes]:
    session = new_uuid(draw)
    who = Who(f"visitor-{visitor:07d}", f"account-{visitor % 500}").encode()
    place = encode_place(MAIN_APP, session, visit)
    start = day * DAY + draw.randrange(DAY - HOUR)
    return [
        encode_when(new_uuid(draw), start + step * MINUTE, 2 * SECOND)
        + who
        + encode_action((visit + step) % len(MATCHES[:-1]), visit % 900)
        + place
        for step in range(VISIT_EVENTS)
    ]
