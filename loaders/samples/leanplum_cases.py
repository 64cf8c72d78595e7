"""The hard cases of the Leanplum samples: export jobs that are incomplete, in CSV, or deliver again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from loaders.samples.clock import HOUR, MINUTE, SECOND, at, date_of, scientific_seconds
from loaders.samples.leanplum_csv import CSV_COLUMNS, csv_files
from loaders.samples.output import json_line, new_uuid, write_json, write_text

CASES = (
    "a job without its manifest (an upload that failed); the next job has its sessions",
    "a job with a listed shard missing (an upload that goes on)",
    "a job with two shards",
    "a job with a file that its manifest does not list",
    "a job without any session",
    "a job in CSV form: six types, six manifests",
    "a CSV event with a state id that has no state",
    "a JSON event in a state without name",
    "message events in records that are no sessions",
    "a session delivered again by a later job, with more events",
    "ids that are negative or beyond 2^53",
)
SESSION_DELIVERED_TWICE = 9_007_199_254_740_995
NEGATIVE_SESSION = -2_305_843_009_213_693_953


@dataclass(frozen=True, slots=True)
class Job:
    """One export job: the date its upload began and its id give its files their names."""

    app_id: str
    day: date
    uuid: str

    def key(self, shard: str, kind: str = "") -> str:
        """Return the key of a shard, or of the manifest; `kind` is the type of a CSV file."""
        return f"{self.day:%Y%m%d}/export-{self.app_id}-{self.uuid}-output{kind}-{shard}"

    def write_manifest(self, folder: Path, shards: list[str], kind: str = "") -> None:
        """Write the list of all files of the job."""
        keys = [self.key(shard, kind) for shard in shards]
        write_json(folder / self.key("manifest", kind), {"files": keys})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCase:
    """A job to write: its shards by name and those its manifest lists, None for no manifest.

    The key of a shard is (type of CSV, `""` for JSON; number).
    """

    job: Job
    shards: dict[tuple[str, str], str]
    listed: dict[str, list[str]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the shards and then the manifests."""
        for (kind, shard), text in self.shards.items():
            write_text(folder / self.job.key(shard, kind), text)
        for kind, shards in self.listed.items():
            self.job.write_manifest(folder, shards, kind)


def job_cases(app_id: str, draw: random.Random) -> Iterator[JobCase]:
    """Yield the jobs of the hard cases; they share their folders with the daily jobs."""

    def job(day: int) -> Job:
        return Job(app_id, date_of(at(day)), new_uuid(draw))

    failed = [_session("failed-upload", number, at(5, "09:00") + number * HOUR) for number in range(3)]
    yield JobCase(job=job(6), shards={("", "0"): _lines(failed)})
    more = [_session("after-failed-upload", 9, at(6, "12:00"))]
    yield JobCase(
        job=job(7), shards={("", "0"): _lines(failed), ("", "1"): _lines(more)}, listed={"": ["0", "1"]}
    )
    twice = _session("delivered-twice", 0, at(8, "20:00"), sessionId=str(SESSION_DELIVERED_TWICE))
    plain = _session("unlisted-file", 0, at(8, "21:00"))
    unlisted = _session("unlisted-file", 1, at(8, "22:00"))
    yield JobCase(
        job=job(9),
        shards={("", "0"): _lines([twice, plain]), ("", "1"): _lines([unlisted])},
        listed={"": ["0"]},
    )
    again = {
        **twice,
        "duration": 420.0,
        "states": [*twice["states"], _state(77, at(8, "20:05"), "Checkout", 2)],
    }
    odd = [_stateless(at(9, "18:00")), *_messages(at(9, "18:30")), _negative(at(9, "19:00"))]
    yield JobCase(job=job(10), shards={("", "0"): _lines([again, *odd])}, listed={"": ["0"]})
    yield JobCase(job=job(11), shards={}, listed={"": []})
    yield JobCase(
        job=job(12),
        shards={(kind, "0"): text for kind, text in csv_files(at(11, "10:00")).items()},
        listed={kind: ["0"] for kind in CSV_COLUMNS},
    )
    going_on = _session("upload-goes-on", 0, at(27, "08:00"))
    yield JobCase(job=job(28), shards={("", "0"): _lines([going_on])}, listed={"": ["0", "1"]})


def _lines(sessions: list[dict[str, Any]]) -> str:
    return "".join(json_line(session) for session in sessions)


def _session(name: str, number: int, start: int, **values: object) -> dict[str, Any]:
    """Return a session of five minutes with one state and two events, `values` put over it."""
    salt = sum(map(ord, name)) * 1_000 + number
    return {
        "sessionId": str(4_611_686_018_427_000_000 + salt),
        "userId": f"user-{name}",
        "userBucket": salt % 1000,
        "firstRun": scientific_seconds(start),
        "time": scientific_seconds(start),
        "duration": 300.0,
        "country": "US",
        "client": "ios",
        "deviceId": f"device-{name}",
        "isSession": True,
        "states": [_state(salt, start, "Home", 2)],
        **values,
    }


def _state(salt: int, start: int, name: str | None, events: int) -> dict[str, Any]:
    state: dict[str, Any] = {
        "stateId": 6_917_529_027_641_081_857 + salt,
        "name": name,
        "time": scientific_seconds(start),
        "duration": 60.0,
        "events": [
            {
                "eventId": 8_457_531_699_855_000_000 + salt * 100 + number,
                "name": "View" if number == 0 else "Add to cart",
                "time": scientific_seconds(start + number * 20 * SECOND),
                "value": 0.0,
                "parameters": {"product": "P001"},
            }
            for number in range(events)
        ],
    }
    return {key: value for key, value in state.items() if value is not None}


def _stateless(start: int) -> dict[str, Any]:
    states = [_state(501, start, "Home", 1), _state(502, start + MINUTE, None, 1)]
    return _session("event-without-state", 0, start, states=states)


def _messages(start: int) -> list[dict[str, Any]]:
    """Return records that only carry what became of messages: `.m` and the message's id."""
    records = []
    for number, name in enumerate(
        (".m5203498723049472", ".m5203498723049472 View", ".m5203498723049472 Open")
    ):
        moment = start + number * MINUTE
        state = _state(600 + number, moment, None, 1)
        state["events"][0]["name"] = name
        values = {"isSession": False, "duration": 0.0, "states": [state]}
        records.append(_session("messages", number, moment, **values))
    return records


def _negative(start: int) -> dict[str, Any]:
    state = _state(0, start, "Home", 1)
    state["stateId"] = -2_977_495_587_907_092_018
    state["events"][0]["eventId"] = -9_223_372_036_854_775_807
    return _session("negative-ids", 0, start, sessionId=str(NEGATIVE_SESSION), states=[state])
