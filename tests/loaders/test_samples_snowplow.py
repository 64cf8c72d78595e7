from __future__ import annotations

import gzip
import json
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from loaders.samples.generate import write_samples
from loaders.samples.snowplow_cases import FINISHED_RUN, UNFINISHED_RUN
from tests.loaders.sample_files import enriched_rows

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = tmp_path_factory.mktemp("samples") / "exports"
    write_samples(samples, 100, 1)
    return samples / "snowplow"


@pytest.fixture(scope="module")
def rows(folder: Path) -> Rows:
    return list(enriched_rows(folder))


def of_user(rows: Rows, name: str) -> Rows:
    return [row for row in rows if row["network_userid"] == f"network-user-{name}"]


def test_fields_stand_in_the_order_of_the_format(folder: Path) -> None:
    path = min((folder / "enriched").rglob("*.gz"))
    fields = gzip.decompress(path.read_bytes()).decode().splitlines()[0].split("\t")
    assert len(fields) == 131
    assert (fields[0], fields[1], fields[105], fields[127]) == ("web-shop", "web", "UTF-8", "jsonschema")
    assert datetime.fromisoformat(fields[3]) > datetime.fromisoformat(fields[4])


def test_contexts_hold_quotes_and_braces(rows: Rows) -> None:
    for row in rows:
        entities = json.loads(row["contexts"])["data"]
        assert entities[1]["data"]["note"] == 'the "best"'


def test_an_event_id_comes_again_with_and_without_its_fingerprint(rows: Rows) -> None:
    copies: dict[str, Rows] = defaultdict(list)
    for row in rows:
        copies[row["event_id"]].append(row)
    repeated = [found for found in copies.values() if len(found) > 1]
    assert sorted((len(found), len({row["event_fingerprint"] for row in found})) for found in repeated) == [
        (2, 2),
        (3, 1),
    ]
    assert all(len({row["collector_tstamp"] for row in found}) == len(found) for found in repeated)


def test_events_lack_the_time_of_the_device_or_the_session(rows: Rows) -> None:
    assert [row["dvce_created_tstamp"] == "" for row in of_user(rows, "no-device-time")] == [
        False,
        True,
        True,
    ]
    assert [row["domain_sessionid"] for row in of_user(rows, "no-session")] == [""] * 3


def test_a_session_lasts_more_than_three_days(rows: Rows) -> None:
    endless = of_user(rows, "endless-bot")
    times = [datetime.fromisoformat(row["derived_tstamp"]) for row in endless]
    assert {row["domain_sessionid"] for row in endless} == {"session-endless-bot"}
    assert max(times) - min(times) > timedelta(days=3)


def test_events_are_late_by_more_than_and_by_exactly_three_days(rows: Rows) -> None:
    waits = sorted(
        datetime.fromisoformat(row["dvce_sent_tstamp"]) - datetime.fromisoformat(row["dvce_created_tstamp"])
        for row in of_user(rows, "late")
    )
    days = timedelta(days=1)
    assert waits[1:] == [3 * days, 3 * days + timedelta(milliseconds=1), 5 * days]


def test_one_run_is_finished_and_counts_its_events(folder: Path) -> None:
    run = folder / "transformed" / FINISHED_RUN
    completion = json.loads((run / "shredding_complete.json").read_text())
    lines = [
        json.loads(line)
        for path in sorted((run / "output=good").iterdir())
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    assert completion["data"]["count"]["good"] == len(lines) == 12
    collected = sorted(line["collector_tstamp"] for line in lines)
    times = completion["data"]["timestamps"]
    assert (times["min"], times["max"]) == (collected[0], collected[-1])
    assert lines[0]["contexts_com_example_shop_product_1"] == [{"sku": "P001", "note": 'the "best"'}]
    assert lines[0]["br_cookies"] is True


def test_one_run_has_no_completion_file(folder: Path) -> None:
    run = folder / "transformed" / UNFINISHED_RUN
    assert {path.name for path in run.rglob("*") if path.is_file()} == {"part-00000.gz", "part-00001.gz"}
