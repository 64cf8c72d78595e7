from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from loaders.errors import UsageError
from loaders.exports import Status
from loaders.loading import Outcome
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.pendo_delivery import (
    APPLICATION,
    FIRST_DAY,
    SECOND_DAY,
    SUBSCRIPTION,
    Delivery,
    day_export,
    event,
    period,
)

Verdicts = dict[str, tuple[Status, str]]


@pytest.fixture
def delivery(landing_folder: Path) -> Delivery:
    return Delivery(landing_folder)


def verdicts(outcomes: list[Outcome]) -> Verdicts:
    """Status and reason by the last part of the export id."""
    entries = [outcome.entry for outcome in outcomes]
    return {entry.export_id.rpartition("/")[2]: (entry.status, entry.reason) for entry in entries}


def statuses(outcomes: list[Outcome]) -> dict[str, str]:
    return {name: str(status) for name, (status, _) in verdicts(outcomes).items()}


def test_counters_load_in_ascending_order_whatever_the_manifest_says(
    delivery: Delivery, load_folder: LoadFolder
) -> None:
    for counter in (10, 9, 8):
        day_export(delivery, counter)
    outcomes = load_folder("pendo")
    assert [outcome.entry.export_id for outcome in outcomes] == [
        f"{SUBSCRIPTION}/{APPLICATION}/{counter}" for counter in (8, 9, 10)
    ]
    assert [outcome.entry.load_id for outcome in outcomes] == [1, 2, 3]


def test_a_loaded_counter_is_known_by_its_id_even_when_the_manifest_changes(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    day_export(delivery, 1, "old")
    day_export(delivery, 2, "new")
    load_folder("pendo")
    delivery.entries[0]["timeDependent"] = []
    delivery.entries[0]["exportType"] = ["Test"]
    delivery.write_manifest()
    outcomes = load_folder("pendo")
    assert [(str(outcome.entry.status), outcome.is_new) for outcome in outcomes] == [("loaded", False)] * 2
    assert rows("SELECT event_id, _load_id FROM raw_pendo.allevents") == [("new", 2)]


def test_counter_zero_is_nothing_to_do(delivery: Delivery, load_folder: LoadFolder) -> None:
    delivery.export(0)
    day_export(delivery, 1)
    assert verdicts(load_folder("pendo"))["0"] == (Status.SKIPPED, "counter 0: nothing to do")


def test_a_gap_stops_the_first_export_behind_it_and_the_rest_waits(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    for counter in (1, 2, 5, 6, 7):
        day_export(delivery, counter, day=date(2024, 4, counter))
    found = verdicts(load_folder("pendo"))
    assert (found["1"][0], found["2"][0]) == (Status.LOADED, Status.LOADED)
    assert found["5"][0] is Status.REJECTED
    assert "counters 3 to 4 are missing between counter 2 and this one" in found["5"][1]
    assert "--allow-gap" in found["5"][1]
    assert found["6"] == found["7"] == (Status.INCOMPLETE, "waits for counter 5")
    assert rows("SELECT count(*) FROM raw_pendo.allevents") == [(2,)]


def test_a_gap_behind_an_earlier_run_is_noticed_too(delivery: Delivery, load_folder: LoadFolder) -> None:
    day_export(delivery, 3)
    load_folder("pendo")
    delivery.entries.clear()
    day_export(delivery, 5)
    status, reason = verdicts(load_folder("pendo"))["5"]
    assert status is Status.REJECTED
    assert reason.startswith("counter 4 is missing between counter 3 and this one")


def test_allow_gap_loads_on_and_says_what_is_missing(delivery: Delivery, load_folder: LoadFolder) -> None:
    for counter in (1, 3, 7):
        day_export(delivery, counter)
    outcomes = load_folder("pendo", allow_gap=True)
    assert statuses(outcomes) == {"1": "loaded", "3": "loaded", "7": "loaded"}
    assert outcomes[1].warnings == (
        "counter 2 is missing and passed over; the days they held need a one-time export from Pendo",
    )
    assert outcomes[2].entry.reason.startswith("counters 4 to 6 are missing and passed over")


def test_a_counter_that_was_passed_over_stays_out(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    day_export(delivery, 1, "a")
    day_export(delivery, 3, "c")
    load_folder("pendo", allow_gap=True)
    day_export(delivery, 2, "b")
    status, reason = verdicts(load_folder("pendo"))["2"]
    assert status is Status.SKIPPED
    assert reason.startswith("older than counter 3, which is loaded")
    assert "--allow-gap" in reason
    assert rows("SELECT event_id FROM raw_pendo.allevents") == [("c",)]


def test_the_gap_is_closed_when_the_missing_counter_comes_in_time(
    delivery: Delivery, load_folder: LoadFolder
) -> None:
    day_export(delivery, 1)
    day_export(delivery, 3)
    assert statuses(load_folder("pendo"))["3"] == "rejected"
    day_export(delivery, 2)
    assert statuses(load_folder("pendo")) == {"1": "loaded", "2": "loaded", "3": "loaded"}


def test_the_first_load_starts_anywhere_with_a_warning(delivery: Delivery, load_folder: LoadFolder) -> None:
    day_export(delivery, 41)
    (outcome,) = load_folder("pendo")
    assert outcome.entry.status is Status.LOADED
    assert outcome.warnings == (
        "counters 1 to 40 are not here; history before this export needs a one-time export from Pendo",
    )


def test_the_first_counter_of_all_needs_no_warning(delivery: Delivery, load_folder: LoadFolder) -> None:
    day_export(delivery, 1)
    assert load_folder("pendo")[0].warnings == ()


def test_a_huge_counter_costs_no_memory(delivery: Delivery, load_folder: LoadFolder) -> None:
    day_export(delivery, 1)
    day_export(delivery, 10**15)
    assert "counters 2 to 999999999999999 are" in verdicts(load_folder("pendo"))[str(10**15)][1]


def test_a_test_export_is_skipped_and_leaves_no_gap(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    day_export(delivery, 1)
    day_export(delivery, 2, "test")["exportType"] = ["Test"]
    day_export(delivery, 3, "third")
    found = verdicts(load_folder("pendo"))
    assert found["2"] == (Status.SKIPPED, "a test export; load it with --include-test")
    assert found["3"] == (Status.LOADED, "")
    delivery.entries.clear()
    day_export(delivery, 4, "fourth")
    assert statuses(load_folder("pendo")) == {"4": "loaded"}
    assert rows("SELECT event_id FROM raw_pendo.allevents") == [("fourth",)]


def test_a_test_export_that_left_the_manifest_leaves_no_gap_either(
    delivery: Delivery, load_folder: LoadFolder
) -> None:
    day_export(delivery, 1)
    day_export(delivery, 2)["exportType"] = ["Test"]
    delivery.write_manifest()
    load_folder("pendo")
    delivery.entries.clear()
    day_export(delivery, 3)
    assert statuses(load_folder("pendo")) == {"3": "loaded"}


def test_a_test_export_loads_on_request(delivery: Delivery, load_folder: LoadFolder, rows: Rows) -> None:
    day_export(delivery, 1, "test")["exportType"] = ["Test"]
    delivery.write_manifest()
    assert statuses(load_folder("pendo", include_test=True)) == {"1": "loaded"}
    assert rows("SELECT event_id FROM raw_pendo.allevents") == [("test",)]


def test_an_unknown_export_type_is_rejected_and_the_next_counter_waits(
    delivery: Delivery, load_folder: LoadFolder
) -> None:
    day_export(delivery, 1)["exportType"] = ["Monthly"]
    day_export(delivery, 2)
    found = verdicts(load_folder("pendo"))
    assert found["1"][0] is Status.REJECTED
    assert '"Monthly"' in found["1"][1]
    assert found["2"] == (Status.INCOMPLETE, "waits for counter 1")


def test_a_missing_file_makes_its_counter_and_all_later_ones_wait(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    for counter in (1, 2, 3):
        day_export(delivery, counter, day=date(2024, 4, counter))
    late = delivery.path(2, "allevents-1.avro")
    content = late.read_bytes()
    late.unlink()
    found = verdicts(load_folder("pendo"))
    assert found["1"][0] is Status.LOADED
    assert found["2"] == (
        Status.INCOMPLETE,
        "1 of 1 listed files are not in export-2/ yet: allevents-1.avro",
    )
    assert found["3"] == (Status.INCOMPLETE, "waits for counter 2")
    late.write_bytes(content)
    assert statuses(load_folder("pendo")) == {"1": "loaded", "2": "loaded", "3": "loaded"}
    assert rows("SELECT event_id FROM raw_pendo.allevents ORDER BY _load_id") == [("e1",), ("e2",), ("e3",)]


def test_an_export_whose_folder_is_not_there_is_incomplete(
    delivery: Delivery, load_folder: LoadFolder
) -> None:
    day_export(delivery, 1)["rootUrl"] = "s3://bucket/elsewhere/9f0c/"
    delivery.write_manifest()
    status, reason = verdicts(load_folder("pendo"))["1"]
    assert status is Status.INCOMPLETE
    assert "not in 9f0c/ yet" in reason


def test_a_counter_that_fails_its_checks_holds_up_the_later_ones_of_its_application_only(
    delivery: Delivery, landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    bad = day_export(delivery, 1, "a", "b")
    bad["timeDependent"][0]["allEvents"]["eventCount"] = 3
    for counter in (2, 3):
        day_export(delivery, counter)
    day_export(Delivery(landing_folder, application="77"), 5, "other")
    found = {outcome.entry.export_id.partition("/")[2]: outcome.entry for outcome in load_folder("pendo")}
    assert found[f"{APPLICATION}/1"].status is Status.REJECTED
    for counter in (2, 3):
        waiting = found[f"{APPLICATION}/{counter}"]
        assert (waiting.status, waiting.reason) == (Status.INCOMPLETE, "waits for counter 1")
    assert found["77/5"].status is Status.LOADED
    assert rows("SELECT application_id, event_id FROM raw_pendo.allevents") == [("77", "other")]


@pytest.mark.parametrize("key", ["application", "subscription"])
def test_an_export_of_another_application_than_its_folder_is_rejected(
    delivery: Delivery, load_folder: LoadFolder, key: str
) -> None:
    day_export(delivery, 1)[key] = {"id": "99"}
    delivery.write_manifest()
    (outcome,) = load_folder("pendo")
    assert outcome.entry.export_id == f"{SUBSCRIPTION}/{APPLICATION}/1"
    assert outcome.entry.status is Status.REJECTED
    assert "99" in outcome.entry.reason


def test_ids_come_from_the_folders_when_the_entry_names_none(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    entry = day_export(delivery, 1)
    del entry["application"], entry["subscription"]
    delivery.write_manifest()
    load_folder("pendo")
    assert rows("SELECT subscription_id, application_id FROM raw_pendo.allevents") == [
        (SUBSCRIPTION, APPLICATION)
    ]


def test_ids_come_from_the_path_when_the_application_folder_itself_is_loaded(
    delivery: Delivery, load_folder: LoadFolder
) -> None:
    day_export(delivery, 1)
    (outcome,) = load_folder("pendo", delivery.folder)
    assert (outcome.entry.export_id, outcome.entry.status) == (
        f"{SUBSCRIPTION}/{APPLICATION}/1",
        Status.LOADED,
    )


def test_several_subscriptions_under_one_root_count_on_their_own(
    delivery: Delivery, landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    other = Delivery(landing_folder, subscription="9007199254740993")
    day_export(delivery, 1, "first")
    day_export(other, 8, "second")
    found = {outcome.entry.export_id: outcome.entry.status for outcome in load_folder("pendo")}
    assert found == {
        f"{SUBSCRIPTION}/{APPLICATION}/1": Status.LOADED,
        f"9007199254740993/{APPLICATION}/8": Status.LOADED,
    }
    day_export(other, 9, "third")
    load_folder("pendo")
    assert rows("SELECT subscription_id, event_id FROM raw_pendo.allevents ORDER BY ALL") == [
        (SUBSCRIPTION, "first"),
        ("9007199254740993", "third"),
    ]


def test_the_older_layout_may_hold_several_applications(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    for application in (APPLICATION, "6001"):
        delivery = Delivery(landing_folder, application=application)
        delivery.folder = landing_folder / "datasync" / application
        day_export(delivery, 1, f"of {application}")
    load_folder("pendo")
    assert rows("SELECT subscription_id, application_id, event_id FROM raw_pendo.allevents ORDER BY ALL") == [
        (SUBSCRIPTION, APPLICATION, f"of {APPLICATION}"),
        (SUBSCRIPTION, "6001", "of 6001"),
    ]


def test_a_delivery_without_subscription_folders_takes_the_id_from_the_entry(
    landing_folder: Path, load_folder: LoadFolder
) -> None:
    delivery = Delivery(landing_folder)
    delivery.folder = landing_folder / "datasync" / APPLICATION
    day_export(delivery, 1)
    (outcome,) = load_folder("pendo")
    assert (outcome.entry.export_id, outcome.entry.status) == (
        f"{SUBSCRIPTION}/{APPLICATION}/1",
        Status.LOADED,
    )


def test_the_same_counter_twice_with_other_content_is_rejected(
    delivery: Delivery, load_folder: LoadFolder
) -> None:
    day_export(delivery, 1)
    day_export(delivery, 1, "x", "y")
    day_export(delivery, 2)
    found = verdicts(load_folder("pendo"))
    assert found["1"][0] is Status.REJECTED
    assert "counter 1 is listed twice with different content" in found["1"][1]
    assert found["2"] == (Status.INCOMPLETE, "waits for counter 1")


def test_the_same_entry_twice_is_one_export(delivery: Delivery, load_folder: LoadFolder) -> None:
    delivery.entries.append(day_export(delivery, 1))
    delivery.write_manifest()
    assert statuses(load_folder("pendo")) == {"1": "loaded"}


@pytest.mark.parametrize(
    "name", ["../allevents.avro", "a/../../b.avro", "/etc/events.avro", "gs://other/all.avro", "..\\a.avro"]
)
def test_a_name_outside_the_export_folder_is_refused(
    delivery: Delivery, load_folder: LoadFolder, name: str
) -> None:
    day_export(delivery, 1)["timeDependent"][0]["allEvents"]["files"] = [name]
    delivery.write_manifest()
    status, reason = verdicts(load_folder("pendo"))["1"]
    assert status is Status.REJECTED
    assert "outside the export's own folder" in reason
    assert json.dumps(name) in reason


def test_a_name_of_other_case_is_found_with_a_warning(delivery: Delivery, load_folder: LoadFolder) -> None:
    entry = day_export(delivery, 1)
    entry["timeDependent"][0]["allEvents"]["files"] = ["allEvents-0.avro"]
    delivery.write_manifest()
    (outcome,) = load_folder("pendo")
    assert outcome.entry.status is Status.LOADED
    assert outcome.warnings == (
        f"allEvents-0.avro was found as datasync/{SUBSCRIPTION}/{APPLICATION}/export-1/allevents-0.avro",
    )


@pytest.mark.parametrize(("number", "is_told"), [(1, False), (2, False), (65, True)])
def test_another_number_of_files_is_only_a_warning(
    delivery: Delivery, load_folder: LoadFolder, number: int, is_told: bool
) -> None:
    day_export(delivery, 1)["numberOfFiles"] = number
    delivery.write_manifest()
    (outcome,) = load_folder("pendo")
    assert outcome.entry.status is Status.LOADED
    told = ("numberOfFiles is 65, but 1 files are listed",) if is_told else ()
    assert outcome.warnings == told


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "no valid JSON"),
        ("[]", "no list of exports"),
        ('{"exports": [{"timeDependent": []}]}', "the counter of its export number 1 is null"),
        ('{"exports": [{"counter": 1, "counter": 2}]}', "a key stands twice"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_rejected_and_forgotten_once_it_can(
    delivery: Delivery, load_folder: LoadFolder, content: str, reason: str
) -> None:
    delivery.write_manifest()
    (delivery.folder / "exportmanifest.json").write_text(content, encoding="utf-8")
    status, told = verdicts(load_folder("pendo"))[APPLICATION]
    assert status is Status.REJECTED
    assert reason in told
    day_export(delivery, 1)
    assert verdicts(load_folder("pendo")) == {
        APPLICATION: (Status.SKIPPED, "its manifest can be read now"),
        "1": (Status.LOADED, ""),
    }
    assert statuses(load_folder("pendo")) == {"1": "loaded"}


def test_export_folders_without_a_manifest_are_orphans_until_it_comes(
    delivery: Delivery, load_folder: LoadFolder
) -> None:
    entry = day_export(delivery, 1)
    delivery.path(1, "billofmaterials.json").write_text(json.dumps(entry), encoding="utf-8")
    (delivery.folder / "exportmanifest.json").unlink()
    status, reason = verdicts(load_folder("pendo"))[APPLICATION]
    assert status is Status.ORPHAN
    assert "no exportmanifest.json" in reason
    delivery.write_manifest()
    assert statuses(load_folder("pendo")) == {APPLICATION: "skipped", "1": "loaded"}


def test_an_empty_manifest_is_nothing_to_do(delivery: Delivery, load_folder: LoadFolder) -> None:
    delivery.write_manifest()
    assert statuses(load_folder("pendo")) == {APPLICATION: "skipped"}


def test_a_folder_without_anything_of_pendo_is_a_usage_error(load_folder: LoadFolder) -> None:
    with pytest.raises(UsageError, match="No pendo export found"):
        load_folder("pendo")


def test_two_applications_count_on_their_own(
    delivery: Delivery, landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    other = Delivery(landing_folder, application="6001")
    day_export(delivery, 4, "default")
    day_export(other, 9, "other")
    load_folder("pendo")
    day_export(delivery, 5, "default again")
    assert statuses(load_folder("pendo")) == {"4": "loaded", "5": "loaded", "9": "loaded"}
    assert rows("SELECT application_id, event_id FROM raw_pendo.allevents ORDER BY ALL") == [
        (APPLICATION, "default again"),
        ("6001", "other"),
    ]


def test_a_delete_only_export_needs_no_folder(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    day_export(delivery, 1, "a")
    load_folder("pendo")
    nothing: dict[str, Any] = {"eventCount": 0, "files": []}
    delivery.export(2, period(FIRST_DAY, all_events=nothing))
    assert statuses(load_folder("pendo"))["2"] == "loaded"
    assert rows("SELECT count(*) FROM raw_pendo.allevents") == [(0,)]


def test_several_days_of_one_export_are_all_loaded(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    first = delivery.files(1, ("one.avro", [event("a", FIRST_DAY)]))
    second = delivery.files(1, ("two.avro", [event("b", SECOND_DAY)]))
    delivery.export(1, period(FIRST_DAY, all_events=first), period(SECOND_DAY, all_events=second))
    load_folder("pendo")
    assert rows("SELECT period_id, event_id FROM raw_pendo.allevents ORDER BY ALL") == [
        (FIRST_DAY, "a"),
        (SECOND_DAY, "b"),
    ]
