from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from loaders.samples.generate import write_samples
from loaders.samples.pendo_cases import FINALISED_DAY, ONE_TIME_DAYS
from loaders.samples.pendo_events import CHECKOUT, LEGACY, MAIN_APP, SEARCH, SECOND_APP
from loaders.samples.pendo_exports import SUBSCRIPTION
from tests.loaders.sample_files import avro_records

Export = dict[str, Any]
CASE = "00000000-0000-4000-8000-"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = tmp_path_factory.mktemp("samples") / "exports"
    write_samples(samples, 1000, 1)
    return samples / "pendo" / "datasync" / SUBSCRIPTION


@pytest.fixture(scope="module")
def exports(folder: Path) -> dict[int, Export]:
    """The main application's exports by counter."""
    listed = json.loads((folder / MAIN_APP / "exportmanifest.json").read_text())["exports"]
    return {export["counter"]: export for export in listed}


def home(folder: Path, export: Export) -> Path:
    return folder / str(export["application"]["id"]) / str(export["rootUrl"]).rpartition("/")[2]


def all_events(folder: Path, export: Export, period: Export) -> list[Any]:
    names = period["allEvents"]["files"]
    return [record for name in names for record in avro_records(home(folder, export) / name)]


def matched(folder: Path, export: Export, period: Export, matchable: str) -> list[Any]:
    (entry,) = [entry for entry in period["matchedEvents"] if entry["id"] == matchable]
    return [record for name in entry["files"] for record in avro_records(home(folder, export) / name)]


def case_ids(records: list[Any]) -> set[int]:
    return {int(record["eventId"][-3:]) for record in records if record["eventId"].startswith(CASE)}


def test_every_listed_file_holds_its_events_of_its_day(folder: Path, exports: dict[int, Export]) -> None:
    for export in exports.values():
        for period in export["timeDependent"]:
            day = date.fromisoformat(period["periodId"][:10])
            for part in (period.get("allEvents", {"eventCount": 0, "files": []}), *period["matchedEvents"]):
                records = [r for name in part["files"] for r in avro_records(home(folder, export) / name)]
                assert len(records) == part["eventCount"]
                assert {record["periodId"] for record in records} <= {day}
                assert {record["browserTimestamp"].date() for record in records} <= {day}


def test_the_bill_of_an_export_is_its_entry_in_the_manifest(folder: Path, exports: dict[int, Export]) -> None:
    for export in exports.values():
        bill = json.loads((home(folder, export) / "billofmaterials.json").read_text())
        assert {key: export[key] for key in bill} == bill
        assert export["numberOfFiles"] == len(list(home(folder, export).rglob("*.avro")))


def test_every_event_of_the_sample_is_in_one_application_once(folder: Path) -> None:
    seen: Counter[str] = Counter()
    for app_id in (MAIN_APP, SECOND_APP):
        manifest = json.loads((folder / app_id / "exportmanifest.json").read_text())
        latest: dict[str, list[Any]] = {}
        for export in sorted(manifest["exports"], key=lambda export: int(export["counter"])):
            if export["exportType"] is None:
                periods = export["timeDependent"]
                latest |= {period["periodId"]: all_events(folder, export, period) for period in periods}
        seen.update(record["eventId"] for records in latest.values() for record in records)
    assert sum(not event.startswith(CASE) for event in seen) == 150
    assert set(seen.values()) == {1}


def test_counters_are_whole_and_the_manifest_is_not_in_order(exports: dict[int, Export]) -> None:
    assert sorted(exports) == list(range(len(exports)))
    assert list(exports) != sorted(exports)
    assert exports[0]["timeDependent"] == []
    assert len(exports[1]["timeDependent"]) == ONE_TIME_DAYS
    assert {export["finishTime"].endswith("Z") for export in exports.values()} == {True, False}


def test_a_finalised_day_drops_events_adds_one_and_matches_another(
    folder: Path, exports: dict[int, Export]
) -> None:
    before, after = exports[1]["timeDependent"][FINALISED_DAY], exports[3]["timeDependent"][0]
    assert before["periodId"] == after["periodId"]
    first, final = all_events(folder, exports[1], before), all_events(folder, exports[3], after)
    assert (case_ids(first), case_ids(final)) == ({1, 2, 3, 4}, {1, 4, 5})
    assert len(first) == len(final) + 1
    assert case_ids(matched(folder, exports[1], before, LEGACY)) == {3}
    (emptied,) = [entry for entry in after["matchedEvents"] if entry["id"] == LEGACY]
    assert (emptied["eventCount"], emptied["files"]) == (0, [])
    assert 4 in case_ids(matched(folder, exports[3], after, SEARCH))


def test_a_retroactive_export_brings_one_page_and_nothing_else(
    folder: Path, exports: dict[int, Export]
) -> None:
    (export,) = [export for export in exports.values() if export["exportType"] == ["Retroactive"]]
    assert all("allEvents" not in period for period in export["timeDependent"])
    listed = [entry for period in export["timeDependent"] for entry in period["matchedEvents"]]
    assert {entry["id"] for entry in listed} == {CHECKOUT}
    assert 21 in case_ids(matched(folder, export, export["timeDependent"][2], CHECKOUT))
    assert [key for key in export if key.endswith("DefinitionsFile")] == ["pageDefinitionsFile"]
    (page,) = avro_records(home(folder, export) / "allpages.avro")
    assert f"Page/{page['pageId']}" == CHECKOUT


def test_one_day_comes_in_two_files(exports: dict[int, Export]) -> None:
    files = [
        period["allEvents"]["files"]
        for export in exports.values()
        for period in export["timeDependent"]
        if "allEvents" in period
    ]
    assert [names for names in files if len(names) > 1] == [["allevents.avro", "allevents-001.avro"]]


def test_strangers_identify_themselves(folder: Path, exports: dict[int, Export]) -> None:
    records = all_events(folder, exports[1], exports[1]["timeDependent"][1])
    case = [record for record in records if record["eventId"].startswith(CASE)]
    assert [record["visitorId"] for record in case] == ["_PENDO_T_login-case"] * 2 + ["visitor-login-case"]
    assert case[2]["oldVisitorId"] == "_PENDO_T_login-case"
    assert case[0]["accountId"] is None


def test_the_second_application_begins_with_a_test_export(folder: Path) -> None:
    listed = json.loads((folder / SECOND_APP / "exportmanifest.json").read_text())["exports"]
    assert [(export["counter"], export["exportType"]) for export in listed] == [(2, None), (1, ["Test"])]


@pytest.mark.parametrize(
    ("name", "key", "count"),
    [
        ("allpages", "pageId", 3),
        ("allfeatures", "featureId", 3),
        ("alltracktypes", "trackTypeId", 2),
        ("allguides", "guideId", 1),
    ],
)
def test_every_kind_of_definition_is_there(
    folder: Path, exports: dict[int, Export], name: str, key: str, count: int
) -> None:
    records = avro_records(home(folder, exports[2]) / f"{name}.avro")
    assert len({record[key] for record in records}) == count


@pytest.mark.parametrize("kind", ["account", "visitor"])
def test_of_accounts_and_visitors_one_comes_again_with_another_value(folder: Path, kind: str) -> None:
    listed = json.loads((folder / kind / "exportmanifest.json").read_text())["exports"]
    newer, older = (
        {
            record["id"]: record
            for name in export[f"{kind}s"]["files"]
            for record in avro_records(folder / kind / export["rootUrl"].rpartition("/")[2] / name)
        }
        for export in listed
    )
    ((changed, record),) = newer.items()
    assert [export["counter"] for export in listed] == [2, 1]
    assert len(older) > 1
    assert older[changed] != record


def test_events_name_visitors_and_accounts_that_are_exported(
    folder: Path, exports: dict[int, Export]
) -> None:
    exported: dict[str, set[str]] = {}
    for kind in ("account", "visitor"):
        (listed,) = json.loads((folder / kind / "exportmanifest.json").read_text())["exports"][1:]
        place = folder / kind / listed["rootUrl"].rpartition("/")[2]
        exported[kind] = {r["id"] for name in listed[f"{kind}s"]["files"] for r in avro_records(place / name)}
        assert len(listed[f"{kind}s"]["files"]) == (2 if kind == "visitor" else 1)
    for period in exports[1]["timeDependent"]:
        for record in all_events(folder, exports[1], period):
            if record["visitorId"].removeprefix("visitor-").isdigit():
                assert record["visitorId"] in exported["visitor"]
                assert record["accountId"] in exported["account"]
