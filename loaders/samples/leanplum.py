"""Leanplum samples: export jobs as files of sessions with a manifest each."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from loaders.samples.clock import DAY, SECOND, date_of, scientific_seconds
from loaders.samples.leanplum_cases import CASES, Job, job_cases
from loaders.samples.output import VendorSample, Windows, new_uuid, number_of_files, write_text
from loaders.samples.visits import Action, Visit, product_at, visits

APP_ID = "5094741967896577"
# By action: the state it enters, None for one that stays in the state entered last; and the event's name.
STATES = ("Home", None, "Product", None, "Checkout", None, None)
EVENTS = ("View", "Search", "View", "Add to cart", "View", "Purchase", "Signup")
# A large day's job has several shards.
SESSIONS_OF_SHARD = 4_000
PHONES = (("ios", "iOS", "18.1", "iPhone 15"), ("android", "Android OS", "15", "Pixel 8"))
PLACES = (("US", "CA", "San Jose"), ("GB", "ENG", "Leeds"), ("IN", "KA", "Bengaluru"))

_SESSION = (
    '{"sessionId":"%d","userId":"%s","userBucket":%d,"firstRun":"%s","time":"%s","duration":%s,'
    '"country":"%s","region":"%s","city":"%s","locale":"en_US","timezone":"America/Los_Angeles",'
    '"timezoneOffsetSeconds":-28800,"appVersion":"18%03d","client":"%s","sdkVersion":"2.7.2",'
    '"systemName":"%s","systemVersion":"%s","deviceModel":"%s","deviceId":"%s","priorEvents":%d,'
    '"priorSessions":%d,"priorStates":%d,"priorTimeSpentInApp":%d.0,"isSession":true,'
    '"experiments":[%s],"userAttributes":{"plan":"%s","push":"True"},"states":[%s]}\n'
)
_STATE = '{"stateId":%d,"name":"%s","time":"%s","duration":%d.%03d,"events":[%s]}'
_EVENT = '{"eventId":%d,"name":"%s","time":"%s","value":%s,"parameters":{"product":"P%03d"}}'
_PLANS = ("free", "team", "enterprise")


def write(folder: Path, events: int, seed: int) -> VendorSample:
    """Write one job a day with sessions of together `events` events, and the jobs of the cases on top."""
    draw = random.Random(f"leanplum {seed}")
    shards: Counter[int] = Counter()
    jobs: dict[int, Job] = {}

    def write_job(number: int, lines: list[str]) -> None:
        # A day's job is written in one piece unless the day is long; its manifest comes last.
        job = jobs.setdefault(number, Job(APP_ID, date_of((number + 1) * DAY), new_uuid(draw)))
        write_text(folder / job.key(str(shards[number])), "".join(lines))
        shards[number] += 1

    windows = Windows(DAY, write_job, SESSIONS_OF_SHARD)
    for visit in visits(events, draw):
        windows.advance(visit.moments[0])
        windows.lines[visit.moments[-1] // DAY].append(_session(visit, draw))
    windows.finish()
    for number, job in jobs.items():
        job.write_manifest(folder, [str(shard) for shard in range(shards[number])])
    for case in job_cases(APP_ID, draw):
        case.write(folder)
    return VendorSample("leanplum", events, number_of_files(folder), CASES)


def new_id(draw: random.Random) -> int:
    """Return a random signed id of 64 bits: most are beyond 2^53, half are negative."""
    return draw.getrandbits(64) - (1 << 63)


def _session(visit: Visit, draw: random.Random) -> str:
    visitor, start, end = visit.visitor, visit.moments[0], visit.moments[-1]
    phone = PHONES[visitor % len(PHONES)]
    device = f"device-{visitor:07d}"
    before = visit.number - 1
    return _SESSION % (
        new_id(draw),
        f"user-{visitor:07d}" if visit.known_from < len(visit.moments) else device,
        visitor * 7 % 1000,
        scientific_seconds(visit.first_seen),
        scientific_seconds(start),
        f"{(end - start) // SECOND}.{(end - start) % SECOND:03d}",
        *PLACES[visitor % len(PLACES)],
        visitor % 50,
        *phone,
        device,
        before * 8,
        before,
        before * 3,
        before * 240,
        f'{{"id":{4_600_000_000_000_001 + visitor % 2},"variantId":{visitor % 3 + 1},"impressed":true}}'
        if visitor % 4 == 0
        else "",
        _PLANS[visitor % len(_PLANS)],
        _states(visit, draw),
    )


def _states(visit: Visit, draw: random.Random) -> str:
    """Return the states with one event a step: entering a state tracks an event as well."""
    states: list[tuple[str, int, list[str]]] = []
    first_id = new_id(draw) // 2
    for step, (moment, action) in enumerate(zip(visit.moments, visit.actions, strict=True)):
        state = STATES[action]
        if state or not states:
            states.append((state or "Home", moment, []))
        value = f"{5 + product_at(moment)}.0" if action == Action.PURCHASE else "0.0"
        event = _EVENT % (
            first_id + step,
            EVENTS[action],
            scientific_seconds(moment),
            value,
            product_at(moment),
        )
        states[-1][2].append(event)
    ends = [*(moment for _, moment, _ in states[1:]), visit.moments[-1]]
    return ",".join(
        _STATE
        % (
            first_id - 1 - place,
            name,
            scientific_seconds(moment),
            *divmod(end - moment, SECOND),
            ",".join(events),
        )
        for place, ((name, moment, events), end) in enumerate(zip(states, ends, strict=True))
    )
