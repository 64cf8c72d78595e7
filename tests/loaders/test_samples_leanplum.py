from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from loaders.samples.generate import write_samples
from tests.loaders.sample_files import csv_rows

NAME = re.compile(
    r"(?P<job>export-\d+-[0-9a-f-]{36})-output(?P<kind>[a-z]*)-(?P<shard>\d+|manifest)", re.ASCII
)
Jobs = dict[str, dict[tuple[str, str], Path]]
TYPES = {"sessions", "experiments", "states", "events", "eventparameters", "userattributes"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = tmp_path_factory.mktemp("samples") / "exports"
    write_samples(samples, 100, 1)
    return samples / "leanplum"


@pytest.fixture(scope="module")
def jobs(folder: Path) -> Jobs:
    """The files of each job by type and shard."""
    found: Jobs = defaultdict(dict)
    for path in sorted(folder.rglob("export-*")):
        match = NAME.fullmatch(path.name)
        assert match, path
        assert re.fullmatch(r"2026\d{4}", path.parent.name)
        found[match["job"]][match["kind"], match["shard"]] = path
    return found


def listed(manifest: Path) -> set[str]:
    return {key.rpartition("/")[2] for key in json.loads(manifest.read_text())["files"]}


def sessions(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def delivered(jobs: Jobs, user: str) -> list[dict[str, Any]]:
    files = [
        path
        for job in jobs.values()
        for (kind, shard), path in job.items()
        if shard != "manifest" and not kind
    ]
    lines = [line for path in sorted(files) for line in sessions(path)]
    return [line for line in lines if line["userId"] == user]


def test_one_job_has_no_manifest_and_the_next_one_its_sessions(
    jobs: Jobs,
) -> None:
    (orphan,) = [job for job in jobs.values() if not any(shard == "manifest" for _, shard in job)]
    (path,) = orphan.values()
    later = [
        job
        for job in jobs.values()
        if job is not orphan and ("", "1") in job and sessions(job["", "0"]) == sessions(path)
    ]
    assert len(sessions(path)) == 3
    assert len(later) == 1
    assert later[0]["", "0"].parent.name > path.parent.name


def test_one_job_lists_a_shard_that_is_missing(jobs: Jobs) -> None:
    missing = [
        listed(path) - {other.name for other in job.values()}
        for job in jobs.values()
        for (_, shard), path in job.items()
        if shard == "manifest"
    ]
    (names,) = [names for names in missing if names]
    assert [name.rpartition("-")[2] for name in names] == ["1"]


def test_one_job_has_a_file_that_is_not_listed(jobs: Jobs) -> None:
    unlisted = [
        path.name
        for job in jobs.values()
        for (kind, shard), path in job.items()
        if shard != "manifest"
        and (kind, "manifest") in job
        and path.name not in listed(job[kind, "manifest"])
    ]
    assert len(unlisted) == 1


def test_one_job_has_no_session(jobs: Jobs) -> None:
    empty = [job for job in jobs.values() if list(job) == [("", "manifest")]]
    assert [listed(job["", "manifest"]) for job in empty] == [set()]


def test_one_job_is_in_csv_form_with_a_manifest_for_each_type(
    jobs: Jobs,
) -> None:
    (job,) = [job for job in jobs.values() if ("sessions", "0") in job]
    assert {kind for kind, shard in job if shard == "manifest"} == TYPES
    assert {kind for kind, shard in job if shard == "0"} == TYPES
    assert len(csv_rows(job["sessions", "0"])[0]) == 36
    states = {row["stateId"] for row in csv_rows(job["states", "0"])}
    stateless = [row["stateId"] for row in csv_rows(job["events", "0"]) if row["stateId"] not in states]
    assert len(stateless) == 3
    assert "\n" in csv_rows(job["eventparameters", "0"])[0]["value"]


def test_an_event_lies_in_a_state_without_name(jobs: Jobs) -> None:
    (session,) = delivered(jobs, "user-event-without-state")
    assert ["name" in state for state in session["states"]] == [True, False]


def test_message_events_come_in_records_that_are_no_sessions(
    jobs: Jobs,
) -> None:
    records = delivered(jobs, "user-messages")
    assert [(record["isSession"], record["duration"]) for record in records] == [(False, 0.0)] * 3
    names = [record["states"][0]["events"][0]["name"] for record in records]
    assert [name.partition(" ")[2] for name in names] == ["", "View", "Open"]
    assert all(re.match(r"\.m\d+", name) for name in names)


def test_a_session_is_delivered_again_with_more_events(
    jobs: Jobs,
) -> None:
    first, again = delivered(jobs, "user-delivered-twice")
    assert first["sessionId"] == again["sessionId"]
    events = [sum(len(state["events"]) for state in session["states"]) for session in (first, again)]
    assert events == [2, 4]


def test_ids_are_negative_and_beyond_the_precision_of_doubles(
    jobs: Jobs,
) -> None:
    (session,) = delivered(jobs, "user-negative-ids")
    ids = [int(session["sessionId"]), session["states"][0]["stateId"]]
    ids.append(session["states"][0]["events"][0]["eventId"])
    assert all(number < 0 and int(float(number)) != number for number in ids)
