from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from loaders.errors import ManifestError
from loaders.vendors.pendo.manifest import Entry, EventFiles, ExportType, Matchable, read_manifest
from loaders.vendors.pendo.values import read_period

DAY = date(2023, 2, 22)
URL = "gs://pendo/datasync/1/-2/0f39bdf6"


def entry(**keys: Any) -> Entry:
    content = {"counter": 1, "rootUrl": URL, **keys}
    (read,) = read_manifest(json.dumps({"exports": [content]}).encode())
    return read


def day(**keys: Any) -> dict[str, Any]:
    return {"periodId": "2023-02-22T00:00:00Z", **keys}


def test_an_entry_is_read_whole() -> None:
    read = entry(
        timestamp="2023-02-16T20:21:11Z",
        numberOfFiles=65,
        application={"displayName": "Acme CRM", "id": "-323232"},
        subscription={"displayName": "Acme", "id": "6591622502678528"},
        pageDefinitionsFile=["allpages.avro"],
        guideDefinitionsFile=["allguides-000.avro", "allguides-001.avro"],
        timeDependent=[
            day(
                allEvents={"eventCount": 9515, "files": ["allevents.avro"]},
                matchedEvents=[
                    {
                        "eventCount": 4,
                        "files": ["matchedEvents/Page/O-a_b.avro"],
                        "id": "Page/O-a_b",
                        "type": "Page",
                    }
                ],
            )
        ],
        exportType=None,
    )
    assert (read.subscription, read.application, read.folder) == ("6591622502678528", "-323232", "0f39bdf6")
    assert (read.type, read.fault, read.number_of_files) == (ExportType.REGULAR, "", 65)
    assert read.events == (
        EventFiles(DAY, None, 9515, ("allevents.avro",)),
        EventFiles(DAY, Matchable("Page", "O-a_b"), 4, ("matchedEvents/Page/O-a_b.avro",)),
    )
    assert read.names == (
        "allpages.avro",
        "allguides-000.avro",
        "allguides-001.avro",
        "allevents.avro",
        "matchedEvents/Page/O-a_b.avro",
    )


def test_absent_null_and_single_values_are_tolerated() -> None:
    read = entry(
        exportType="Retroactive",
        pageDefinitionsFile="allpages.avro",
        guideDefinitionsFile=None,
        application={"id": -5},
        subscription=None,
        timeDependent=day(
            allEvents=None,
            matchedEvents={"files": "a.avro", "id": "page/x", "type": "page", "eventCount": "3"},
        ),
    )
    assert (read.type, read.application, read.subscription) == (ExportType.RETROACTIVE, "-5", None)
    assert read.names == ("allpages.avro", "a.avro")
    assert read.events == (EventFiles(DAY, Matchable("Page", "x"), 3, ("a.avro",)),)


def test_an_entry_may_hold_nothing_but_its_counter_and_place() -> None:
    assert entry() == Entry(counter=1, folder="0f39bdf6")


def test_an_empty_list_of_files_deletes_only() -> None:
    read = entry(timeDependent=[day(matchedEvents=[{"files": [], "id": "Feature/f", "type": "Feature"}])])
    assert read.events == (EventFiles(DAY, Matchable("Feature", "f"), 0, ()),)


def test_a_bare_matchable_id_takes_its_type_from_the_entry() -> None:
    read = entry(timeDependent=[day(matchedEvents=[{"files": [], "id": "f", "type": "TrackType"}])])
    assert read.events[0].matchable == Matchable("TrackType", "f")


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"rootUrl": None}, "rootUrl is null"),
        ({"rootUrl": "gs://bucket/.."}, "names no export folder"),
        ({"exportType": ["Retroactive", "Test"]}, "exportType is"),
        ({"pageDefinitionsFile": [7]}, "pageDefinitionsFile holds 7"),
        ({"application": {"id": 1.5}}, "the id of its application is 1.5"),
        ({"timeDependent": [{"periodId": "soon"}]}, 'periodId is "soon"'),
        ({"timeDependent": ["2023-02-22"]}, "where a period is expected"),
        ({"timeDependent": [day(allEvents={})]}, "neither files nor eventCount"),
        ({"timeDependent": [day(allEvents={"files": ["a.avro"]})]}, "eventCount is null"),
        ({"timeDependent": [day(allEvents={"files": ["a.avro"], "eventCount": -1})]}, "eventCount is -1"),
        (
            {"timeDependent": [day(matchedEvents=[{"files": [], "id": "Page/x", "type": "Feature"}])]},
            "fit its type",
        ),
        ({"timeDependent": [day(matchedEvents=[{"files": [], "type": "Page"}])]}, "names no page"),
        ({"timeDependent": [day(matchedEvents=[{"files": [], "id": "x"}])]}, "fit its type"),
    ],
)
def test_what_cannot_be_understood_is_the_entrys_fault(keys: dict[str, Any], fault: str) -> None:
    read = entry(**keys)
    assert read.counter == 1
    assert fault in read.fault


@pytest.mark.parametrize(
    "scheme", ["gs://", "s3://", "https://", "azure://", "abfss://", "file:///", "", "/"]
)
def test_the_folder_is_the_last_part_of_a_root_url_of_any_scheme(scheme: str) -> None:
    for end in ("", "/"):
        assert entry(rootUrl=f"{scheme}pendo.example/datasync/1/-2/0f39bdf6{end}").folder == "0f39bdf6"


@pytest.mark.parametrize(
    "finished",
    [
        "2023-03-03T14:10:15.311651Z",
        "2023-03-03T14:20:12.9489274",
        "2023-03-05T04:17:59.853205005Z",
        None,
        "soon",
    ],
)
def test_nothing_depends_on_when_a_counted_export_was_finished(finished: Any) -> None:
    assert entry(finishTime=finished, timestamp=finished, storageSize="?") == entry()


def test_an_event_export_holds_no_accounts() -> None:
    assert "belong into a folder account" in entry(accounts={"files": ["accounts.avro"]}).fault


def test_counter_zero_is_never_faulty() -> None:
    assert entry(counter=0, rootUrl=None, exportType="odd") == Entry(counter=0)


@pytest.mark.parametrize("counter", [None, -1, 1.5, True, "one", [1]])
def test_without_a_counter_the_whole_manifest_is_refused(counter: Any) -> None:
    with pytest.raises(ManifestError, match="the counter of its export number 1 is"):
        entry(counter=counter)


def test_a_byte_order_mark_is_no_part_of_the_json() -> None:
    assert read_manifest(b'\xef\xbb\xbf{"exports": []}') == ()


@pytest.mark.parametrize(
    "value",
    [
        "2023-02-22T00:00:00Z",
        "2023-02-22",
        "2023-02-22T05:30:00.000000000+05:30",
        20230222,
        "20230222",
        19410,
        "19410",
    ],
)
def test_a_period_may_be_written_in_many_ways(value: Any) -> None:
    assert read_period(value) == DAY


@pytest.mark.parametrize("value", [None, "", "2023-13-01", 20231301, 1677024000000, True, 1.5, -1, {}])
def test_other_values_are_no_period(value: Any) -> None:
    assert read_period(value) is None
