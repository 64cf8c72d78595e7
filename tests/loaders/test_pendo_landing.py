from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from loaders.avro import read_batches
from loaders.avro_blocks import SYNC_BYTES, read_header, walk
from loaders.exports import DataFile, Status
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.pendo_delivery import (
    APPLICATION,
    DATE,
    EVENT_TYPES,
    FIRST_DAY,
    MILLIS,
    SECOND_DAY,
    SUBSCRIPTION,
    Delivery,
    day_export,
    event,
    period,
    write_avro,
)

EVENT_IDS = "SELECT event_id FROM raw_pendo.allevents ORDER BY ALL"
MATCHES = "SELECT matchable_type, matchable_id, event_id FROM raw_pendo.matched_events ORDER BY ALL"


@pytest.fixture
def delivery(landing_folder: Path) -> Delivery:
    return Delivery(landing_folder)


def cut_behind_a_block(path: Path, blocks: int) -> None:
    """Cut the file exactly where its first `blocks` blocks end."""
    with path.open("rb") as stream:
        file = DataFile(path.name, path.stat().st_size, "")
        header = read_header(stream, file)
        kept = list(walk(stream, header, file))[blocks - 1]
    path.write_bytes(path.read_bytes()[: kept.start + kept.size + SYNC_BYTES])


def test_an_event_lands_typed_and_whole(delivery: Delivery, load_folder: LoadFolder, rows: Rows) -> None:
    day_export(delivery, 1, "a")
    (outcome,) = load_folder("pendo")
    assert outcome.entry.rows == 1
    (row,) = rows("SELECT * EXCLUDE (record, _loaded_at) FROM raw_pendo.allevents")
    assert row == (
        SUBSCRIPTION,
        APPLICATION,
        FIRST_DAY,
        "a",
        "ada@example.com",
        "acme",
        datetime(2024, 4, 14, 9, 30, 15, 250_000),
        datetime(2024, 4, 14, 9, 31, 15, 250_000),
        "ui",
        "https://app.example.com/orders",
        1,
        f"datasync/{SUBSCRIPTION}/{APPLICATION}/export-1/allevents-0.avro",
        1,
    )
    (record,) = rows("SELECT record FROM raw_pendo.allevents")
    assert json.loads(record[0]) == {
        "eventId": "a",
        "periodId": "2024-04-14",
        "visitorId": "ada@example.com",
        "accountId": "acme",
        "browserTimestamp": "2024-04-14T09:30:15.250000Z",
        "receivedTimestamp": "2024-04-14T09:31:15.250000Z",
        "type": "ui",
        "url": "https://app.example.com/orders",
        "appId": -323232,
    }


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ({"type": "long", "logicalType": "timestamp-millis"}, datetime(2024, 4, 14, 9, tzinfo=UTC)),
        ({"type": "long", "logicalType": "timestamp-micros"}, datetime(2024, 4, 14, 9, tzinfo=UTC)),
        ({"type": "long", "logicalType": "local-timestamp-millis"}, datetime(2024, 4, 14, 9)),
        ("long", 1_713_085_200_000),
        ("long", 1_713_085_200_000_000),
        ("string", "2024-04-14T14:30:00+05:30"),
        ("string", "2024-04-14T09:00:00.000Z"),
    ],
)
def test_a_time_may_come_in_any_type(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows, kind: Any, value: Any
) -> None:
    types = {**EVENT_TYPES, "browserTimestamp": kind}
    all_events = delivery.all_events(1, event("a", browserTimestamp=value), types=types)
    delivery.export(1, period(FIRST_DAY, all_events=all_events))
    load_folder("pendo")
    assert rows("SELECT browser_timestamp FROM raw_pendo.allevents") == [(datetime(2024, 4, 14, 9),)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DATE, FIRST_DAY),
        ("int", (FIRST_DAY - date(1970, 1, 1)).days),
        ("int", 20240414),
        ("string", "2024-04-14"),
        ("string", "20240414"),
        ("string", "2024-04-14T00:00:00Z"),
        ("string", str((FIRST_DAY - date(1970, 1, 1)).days)),
        (MILLIS, datetime(2024, 4, 14, tzinfo=UTC)),
        (["null", DATE], FIRST_DAY),
    ],
)
def test_a_period_id_may_come_in_any_type(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows, kind: Any, value: Any
) -> None:
    types = {**EVENT_TYPES, "periodId": kind}
    all_events = delivery.all_events(1, event("a", periodId=value), types=types)
    delivery.export(1, period(FIRST_DAY, all_events=all_events))
    load_folder("pendo")
    assert rows("SELECT period_id FROM raw_pendo.allevents") == [(FIRST_DAY,)]


@pytest.mark.parametrize("period_id", ["2024-04-14T00:00:00Z", "2024-04-14", 20240414, 19827, "19827"])
def test_the_manifests_period_id_may_come_in_any_type_as_well(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows, period_id: Any
) -> None:
    delivery.export(1, {"periodId": period_id, "allEvents": delivery.all_events(1, event("a"))})
    load_folder("pendo")
    assert rows("SELECT period_id FROM raw_pendo.allevents") == [(FIRST_DAY,)]


@pytest.mark.parametrize("matchable_id", ["Page/p-_1", "p-_1", None])
def test_the_matchable_is_the_manifests_however_the_records_name_it(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows, matchable_id: str | None
) -> None:
    types = {"matchableId": ["null", "string"], **EVENT_TYPES}
    files = ("m.avro", [{"matchableId": matchable_id, **event("a")}])
    matched = {**delivery.files(1, files, types=types), "id": "Page/p-_1", "type": "Page"}
    delivery.export(1, period(FIRST_DAY, matched), exportType=["Retroactive"])
    load_folder("pendo")
    assert rows(MATCHES.replace("event_id", "event_id, record ->> '$.matchableId'")) == [
        ("Page", "p-_1", "a", matchable_id)
    ]


def test_guide_events_are_events_like_others(delivery: Delivery, load_folder: LoadFolder, rows: Rows) -> None:
    kinds = ("guideSeen", "guideAdvanced", "guideDismissed", "guideActivity", "pollResponse")
    types = {**EVENT_TYPES, "guideId": "string"}
    records = [{**event(kind, type=kind), "guideId": "g"} for kind in kinds]
    delivery.export(1, period(FIRST_DAY, all_events=delivery.all_events(1, *records, types=types)))
    load_folder("pendo")
    assert rows("SELECT event_type, record ->> '$.guideId' FROM raw_pendo.allevents ORDER BY _line") == [
        (kind, "g") for kind in kinds
    ]


def test_anonymous_and_nameless_visitors_land_as_they_are(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    visitors = ("_PENDO_T_1a2b", "", None)
    records = [event(f"e{number}", visitorId=each, accountId="") for number, each in enumerate(visitors)]
    delivery.export(1, period(FIRST_DAY, all_events=delivery.all_events(1, *records)))
    load_folder("pendo")
    assert rows("SELECT visitor_id, account_id FROM raw_pendo.allevents ORDER BY _line") == [
        ("_PENDO_T_1a2b", ""),
        ("", ""),
        (None, ""),
    ]


def test_nested_values_are_kept_whole(delivery: Delivery, load_folder: LoadFolder, rows: Rows) -> None:
    types = {
        **EVENT_TYPES,
        "properties": {"type": "map", "values": ["null", "string", "long"]},
        "uiElementActions": "string",
        "latitude": ["null", "double"],
    }
    values = {"properties": {"__utm__": "x", "n": 2**60, "none": None}, "uiElementActions": '[{"a":1}]'}
    records = [{**event("a"), **values, "latitude": -33.86785}]
    delivery.export(1, period(FIRST_DAY, all_events=delivery.all_events(1, *records, types=types)))
    load_folder("pendo")
    ((record,),) = rows("SELECT record FROM raw_pendo.allevents")
    assert {key: json.loads(record)[key] for key in (*values, "latitude")} == {
        **values,
        "latitude": -33.86785,
    }


def test_an_export_lands_the_same_whether_it_is_decoded_in_bulk_or_one_by_one(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    types = {**EVENT_TYPES, "properties": {"type": "map", "values": ["null", "string", "long"]}}
    moment = datetime(2024, 4, 14, 0, 0, 0, 1000, tzinfo=UTC)
    records = [
        {
            **event(f"e{number}", appId=-(2**60) - number, browserTimestamp=moment),
            "properties": {"a": number, "ä": '"', "none": None},
        }
        for number in range(300)
    ]
    landed = []
    for counter, size in ((1, 1 << 40), (2, 0)):
        monkeypatch.setattr("loaders.avro.BULK_BYTES", size)
        files = delivery.files(counter, ("all.avro", records), types=types, codec="deflate")
        matched = delivery.matched(counter, "Page/p", *records[:7])
        delivery.export(counter, period(FIRST_DAY, matched, all_events=files))
        assert load_folder("pendo")[-1].entry.rows == 307
        landed.append(
            [
                rows(f"SELECT * EXCLUDE (_file, _load_id, _loaded_at) FROM raw_pendo.{table} ORDER BY _line")
                for table in ("allevents", "matched_events")
            ]
        )
    assert landed[0] == landed[1]


def test_records_of_another_day_reject_the_export(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    records = [event("a"), event("b", SECOND_DAY), event("c", SECOND_DAY)]
    delivery.export(1, period(FIRST_DAY, all_events=delivery.all_events(1, *records)))
    (outcome,) = load_folder("pendo")
    assert outcome.entry.status is Status.REJECTED
    assert "2 of 3 records of" in outcome.entry.reason
    assert "(for one, 2024-04-15) than the 2024-04-14" in outcome.entry.reason
    assert rows(EVENT_IDS) == []


def test_records_without_a_period_id_reject_the_export(delivery: Delivery, load_folder: LoadFolder) -> None:
    types = {name: kind for name, kind in EVENT_TYPES.items() if name != "periodId"}
    delivery.export(1, period(FIRST_DAY, all_events=delivery.all_events(1, event("a"), types=types)))
    (outcome,) = load_folder("pendo")
    assert outcome.entry.status is Status.REJECTED
    assert "1 of 1 records" in outcome.entry.reason
    assert "(for one, none)" in outcome.entry.reason


def test_other_spellings_of_keys_are_read(delivery: Delivery, load_folder: LoadFolder, rows: Rows) -> None:
    types = {
        "eventId": "string",
        "periodId": DATE,
        "accountIds": {"type": "array", "items": "string"},
        "browserTime": MILLIS,
        "receivedTime": MILLIS,
        "eventType": "string",
    }
    moment = datetime(2024, 4, 14, 1, tzinfo=UTC)
    record = {
        "eventId": "a",
        "periodId": FIRST_DAY,
        "accountIds": ["first", "second"],
        "browserTime": moment,
        "receivedTime": moment,
        "eventType": "guideSeen",
    }
    delivery.export(1, period(FIRST_DAY, all_events=delivery.all_events(1, record, types=types)))
    load_folder("pendo")
    assert rows(
        "SELECT account_id, visitor_id, browser_timestamp, received_timestamp, event_type "
        "FROM raw_pendo.allevents"
    ) == [("first", None, datetime(2024, 4, 14, 1), datetime(2024, 4, 14, 1), "guideSeen")]


def test_a_finalised_day_replaces_the_day_in_all_tables(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    first = [event("a"), event("b"), event("c")]
    delivery.export(
        1,
        period(
            FIRST_DAY,
            delivery.matched(1, "Page/p", event("a"), event("b")),
            delivery.matched(1, "Feature/gone", event("c")),
            all_events=delivery.all_events(1, *first),
        ),
    )
    day_export(delivery, 2, "other day", day=SECOND_DAY)
    load_folder("pendo")
    finalised = [event("a"), event("b"), event("late")]
    delivery.export(
        3,
        period(
            FIRST_DAY,
            delivery.matched(3, "Page/p", event("a"), event("late")),
            all_events=delivery.all_events(3, *finalised),
        ),
    )
    load_folder("pendo")
    assert rows(EVENT_IDS) == [("a",), ("b",), ("late",), ("other day",)]
    assert rows(MATCHES) == [("Page", "p", "a"), ("Page", "p", "late")]


def test_a_retroactive_export_replaces_the_listed_matchables_only(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    delivery.export(
        1,
        period(
            FIRST_DAY,
            delivery.matched(1, "Page/p", event("a")),
            delivery.matched(1, "Feature/p", event("b")),
            delivery.matched(1, "Feature/f", event("b")),
            all_events=delivery.all_events(1, event("a"), event("b")),
        ),
        period(SECOND_DAY, delivery.matched(1, "Page/p", event("z", SECOND_DAY))),
    )
    delivery.export(
        2,
        period(
            FIRST_DAY,
            delivery.matched(2, "Page/p", event("b")),
            delivery.matched(2, "Feature/f"),
            delivery.matched(2, "TrackType/t", event("a")),
        ),
        exportType=["Retroactive"],
    )
    load_folder("pendo")
    assert rows(EVENT_IDS) == [("a",), ("b",)]
    assert rows(MATCHES.replace("event_id", "event_id, period_id")) == [
        ("Feature", "p", "b", FIRST_DAY),
        ("Page", "p", "b", FIRST_DAY),
        ("Page", "p", "z", SECOND_DAY),
        ("TrackType", "t", "a", FIRST_DAY),
    ]


def test_one_event_may_match_several_pages(delivery: Delivery, load_folder: LoadFolder, rows: Rows) -> None:
    matched = [delivery.matched(1, full_id, event("a")) for full_id in ("Page/p", "Page/q", "Feature/p")]
    delivery.export(1, period(FIRST_DAY, *matched, all_events=delivery.all_events(1, event("a"))))
    (outcome,) = load_folder("pendo")
    assert outcome.entry.rows == 4
    assert rows(MATCHES) == [("Feature", "p", "a"), ("Page", "p", "a"), ("Page", "q", "a")]


def test_files_of_a_split_day_are_all_kept(delivery: Delivery, load_folder: LoadFolder, rows: Rows) -> None:
    day_export(delivery, 1, "old")
    split = delivery.files(
        2,
        ("allevents-000.avro", [event("a"), event("b")]),
        ("allevents-001.avro", [event("c")]),
    )
    delivery.export(2, period(FIRST_DAY, all_events=split))
    load_folder("pendo")
    assert rows("SELECT event_id, _line FROM raw_pendo.allevents ORDER BY ALL") == [
        ("a", 1),
        ("b", 2),
        ("c", 1),
    ]


def test_a_day_listed_twice_in_one_export_is_deleted_once(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    day_export(delivery, 1, "old")
    first = delivery.files(2, ("one.avro", [event("a")]))
    second = delivery.files(2, ("two.avro", [event("b")]))
    delivery.export(
        2,
        period(FIRST_DAY, delivery.matched(2, "Page/p", event("a")), all_events=first),
        period(FIRST_DAY, delivery.matched(2, "Page/q", event("b")), all_events=second),
    )
    load_folder("pendo")
    assert rows(EVENT_IDS) == [("a",), ("b",)]
    assert rows(MATCHES) == [("Page", "p", "a"), ("Page", "q", "b")]


def test_a_file_listed_twice_lands_once(delivery: Delivery, load_folder: LoadFolder, rows: Rows) -> None:
    day = period(FIRST_DAY, all_events=delivery.all_events(1, event("a"), event("b")))
    delivery.export(1, day, day)
    load_folder("pendo")
    assert rows(EVENT_IDS) == [("a",), ("b",)]


def test_one_application_never_touches_another(
    delivery: Delivery, landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    other = Delivery(landing_folder, application="323232")
    for each in (delivery, other):
        each.export(
            1,
            period(
                FIRST_DAY,
                each.matched(1, "Page/p", event("a")),
                all_events=each.all_events(1, event("a"), event("b")),
            ),
            **each.definitions(1, "pageId", ("p", each.application)),
        )
    load_folder("pendo")
    delivery.export(
        2,
        period(FIRST_DAY, all_events=delivery.all_events(2, event("c"))),
        **delivery.definitions(2, "pageId", ("p2", "new")),
    )
    load_folder("pendo")
    assert rows("SELECT application_id, event_id FROM raw_pendo.allevents ORDER BY ALL") == [
        ("-323232", "c"),
        ("323232", "a"),
        ("323232", "b"),
    ]
    assert rows("SELECT application_id, event_id FROM raw_pendo.matched_events") == [("323232", "a")]
    assert rows("SELECT application_id, page_id, name FROM raw_pendo.allpages ORDER BY ALL") == [
        ("-323232", "p2", "new"),
        ("323232", "p", "323232"),
    ]


def test_loading_again_changes_nothing(delivery: Delivery, load_folder: LoadFolder, rows: Rows) -> None:
    day_export(delivery, 1, "a")
    load_folder("pendo")
    before = rows("SELECT * FROM raw.loads"), rows("SELECT * FROM raw_pendo.allevents")
    (again,) = load_folder("pendo")
    assert not again.is_new
    assert (rows("SELECT * FROM raw.loads"), rows("SELECT * FROM raw_pendo.allevents")) == before


def test_another_event_count_rejects_the_export(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    day_export(delivery, 1, "a")
    matched = delivery.matched(2, "Page/p", event("b"))
    matched["eventCount"] = 5
    delivery.export(2, period(FIRST_DAY, matched, all_events=delivery.all_events(2, event("b"))))
    outcome = load_folder("pendo")[1]
    assert outcome.entry.status is Status.REJECTED
    assert outcome.entry.reason.startswith(
        "matchedEvents Page/p of 2024-04-14 must hold 5 events by its eventCount, but its 1 files hold 1"
    )
    assert rows(EVENT_IDS) == [("a",)]


def test_a_file_cut_at_the_end_of_a_block_rejects_the_export_and_leaves_the_day_as_it_was(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    day_export(delivery, 1, "kept")
    records = [event(f"e{number}") for number in range(100)]
    all_events = delivery.all_events(2, *records, sync_interval=1000)
    delivery.export(
        2,
        period(FIRST_DAY, all_events=all_events),
        **delivery.definitions(2, "pageId", ("p", "Orders")),
    )
    cut_behind_a_block(delivery.path(2, "allevents-1.avro"), blocks=3)
    outcome = load_folder("pendo")[1]
    assert outcome.entry.status is Status.REJECTED
    assert "allEvents of 2024-04-14 must hold 100 events by its eventCount" in outcome.entry.reason
    assert rows(EVENT_IDS) == [("kept",)]
    assert rows("SELECT count(*) FROM raw_pendo.allpages") == [(0,)]
    assert rows("SELECT count(*) FROM raw.load_files WHERE load_id <> 1") == [(0,)]


def test_a_file_cut_inside_a_block_is_named(delivery: Delivery, load_folder: LoadFolder) -> None:
    day_export(delivery, 1)
    path = delivery.path(1, "allevents-0.avro")
    path.write_bytes(path.read_bytes()[:-7])
    (outcome,) = load_folder("pendo")
    assert outcome.entry.status is Status.REJECTED
    assert "export-1/allevents-0.avro is damaged: it is cut" in outcome.entry.reason


def test_bad_records_are_quarantined_and_the_others_land(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    types = {**EVENT_TYPES, "browserTimestamp": ["null", "string"]}
    moment = "2024-04-14T09:00:00Z"
    records = [
        event("a", browserTimestamp=moment),
        event("", browserTimestamp=moment),
        event("b", browserTimestamp="yesterday"),
        event("c", browserTimestamp=None),
    ]
    delivery.export(1, period(FIRST_DAY, all_events=delivery.all_events(1, *records, types=types)))
    (outcome,) = load_folder("pendo")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (2, 2)
    assert rows(EVENT_IDS) == [("a",), ("c",)]
    found = rows("SELECT file, line, reason, raw_text FROM raw.rejected_lines ORDER BY line")
    file = f"datasync/{SUBSCRIPTION}/{APPLICATION}/export-1/allevents-0.avro"
    assert [row[:3] for row in found] == [
        (file, 2, "eventId is missing"),
        (file, 3, "browserTimestamp: yesterday is not a time between 1970 and 2100"),
    ]
    assert json.loads(found[1][3])["eventId"] == "b"


def test_a_time_no_calendar_knows_costs_its_own_record_only(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    undecorated = {**EVENT_TYPES, "browserTimestamp": "long"}
    records = [event(name, browserTimestamp=value) for name, value in (("a", 10**12), ("b", 2**62))]
    path = write_avro(delivery.path(1, "all.avro"), records, undecorated)
    decorated = {**EVENT_TYPES, "browserTimestamp": MILLIS}
    write_avro(delivery.path(1, "schema.avro"), [], decorated)
    # The same bytes under a schema that calls the number a time: nothing else can write such a time.
    with path.open("rb") as stream:
        body = path.read_bytes()[read_header(stream, DataFile("all.avro", 0, "")).end :]
    head = delivery.path(1, "schema.avro").read_bytes()
    path.write_bytes(head + body.replace(body[-SYNC_BYTES:], head[-SYNC_BYTES:]))
    delivery.export(1, period(FIRST_DAY, all_events={"eventCount": 2, "files": ["all.avro"]}))
    load_folder("pendo")
    assert rows(EVENT_IDS) == [("a",)]
    ((line, reason, raw_text),) = rows("SELECT line, reason, raw_text FROM raw.rejected_lines")
    assert line == 2
    assert reason.startswith("a value cannot be read")
    assert json.loads(raw_text)["browserTimestamp"] == 2**62


def test_too_many_bad_records_reject_the_export(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    day_export(delivery, 1, "kept")
    day_export(delivery, 2, *[""] * 11)
    assert load_folder("pendo")[1].entry.status is Status.REJECTED
    assert rows(EVENT_IDS) == [("kept",)]


def test_definitions_are_replaced_by_an_ordinary_export(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    for counter, named in ((1, [("p", "Orders"), ("q", "Carts")]), (2, [("q", "Baskets")])):
        keys: dict[str, Any] = {}
        for id_key in ("pageId", "featureId", "trackTypeId", "guideId"):
            keys |= delivery.definitions(counter, id_key, *named)
        delivery.export(counter, **keys)
    load_folder("pendo")
    for table, id_column in (
        ("allpages", "page_id"),
        ("allfeatures", "feature_id"),
        ("alltracktypes", "track_type_id"),
        ("allguides", "guide_id"),
    ):
        assert rows(f"SELECT {id_column}, name, _load_id FROM raw_pendo.{table}") == [("q", "Baskets", 2)]
    (record,) = rows("SELECT record FROM raw_pendo.allpages")
    assert json.loads(record[0]) == {"pageId": "q", "name": "Baskets", "createdAt": "2023-01-01T00:00:00Z"}


def test_definitions_are_merged_by_a_retroactive_export(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    delivery.export(1, **delivery.definitions(1, "pageId", ("p", "Orders"), ("q", "Carts")))
    changed = delivery.definitions(2, "pageId", ("q", "Baskets"), ("r", "Bills"))
    delivery.export(2, exportType=["Retroactive"], **changed)
    load_folder("pendo")
    assert rows("SELECT page_id, name FROM raw_pendo.allpages ORDER BY ALL") == [
        ("p", "Orders"),
        ("q", "Baskets"),
        ("r", "Bills"),
    ]


def test_definitions_may_come_in_several_files(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    delivery.export(1, **delivery.definitions(1, "pageId", ("old", "Old")))
    names = [f"allpages-{number:03}.avro" for number in range(2)]
    for name in names:
        write_avro(delivery.path(2, name), [{"pageId": name}], {"pageId": "string"})
    delivery.export(2, pageDefinitionsFile=names)
    load_folder("pendo")
    assert rows("SELECT page_id FROM raw_pendo.allpages ORDER BY ALL") == [(name,) for name in names]


def test_definitions_that_are_not_listed_stay(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    delivery.export(1, **delivery.definitions(1, "pageId", ("p", "Orders")))
    delivery.export(2, pageDefinitionsFile=[])
    delivery.export(3, pageDefinitionsFile=None)
    delivery.export(4)
    outcomes = load_folder("pendo")
    assert [outcome.warnings for outcome in outcomes] == [
        (),
        ("pageDefinitionsFile is empty; the definitions loaded before stay",),
        (),
        (),
    ]
    assert rows("SELECT page_id, name FROM raw_pendo.allpages") == [("p", "Orders")]


def test_definitions_may_be_keyed_by_id_and_named_by_display_name(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    types = {"id": "string", "displayName": "string", "pageId": "string"}
    records = [
        {"id": "f", "displayName": "Button", "pageId": "p"},
        {"id": "", "displayName": "No id", "pageId": "p"},
    ]
    write_avro(delivery.path(1, "allfeatures.avro"), records, types)
    delivery.export(1, featureDefinitionsFile="allfeatures.avro")
    load_folder("pendo")
    assert rows("SELECT feature_id, name FROM raw_pendo.allfeatures") == [("f", "Button")]
    assert rows("SELECT line, reason FROM raw.rejected_lines") == [(2, "featureId is missing")]


def test_more_records_than_one_batch_holds_all_land(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.avro.BATCH_ROWS", 7)
    monkeypatch.setattr("loaders.vendors.pendo.batches.BATCH_ROWS", 10)
    start = datetime(2024, 4, 14, tzinfo=UTC)
    records = [
        event(f"e{number:02}", browserTimestamp=start + timedelta(minutes=number)) for number in range(50)
    ]
    matched = [delivery.matched(1, f"Page/p{number}", records[number]) for number in range(9)]
    delivery.export(1, period(FIRST_DAY, *matched, all_events=delivery.all_events(1, *records)))
    load_folder("pendo")
    assert rows("SELECT count(*), count(DISTINCT _line), max(_line) FROM raw_pendo.allevents") == [
        (50, 50, 50)
    ]
    assert rows(
        "SELECT count(*) FROM raw_pendo.allevents WHERE event_id <> 'e' || lpad((_line - 1)::VARCHAR, 2, '0')"
    ) == [(0,)]
    assert rows(MATCHES) == [("Page", f"p{number}", f"e{number:02}") for number in range(9)]


def test_a_file_listed_for_two_matchables_lands_for_both(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    page = delivery.matched(1, "Page/p", event("a"), event("b"))
    feature = {**page, "id": "Feature/f", "type": "Feature"}
    other = delivery.matched(1, "Page/q", event("c"))
    whole = delivery.all_events(1, event("a"), event("b"), event("c"))
    delivery.export(1, period(FIRST_DAY, page, other, feature, all_events=whole))
    (outcome,) = load_folder("pendo")
    assert outcome.entry.rows == 8
    assert rows(EVENT_IDS) == [("a",), ("b",), ("c",)]
    assert rows(MATCHES) == [
        ("Feature", "f", "a"),
        ("Feature", "f", "b"),
        ("Page", "p", "a"),
        ("Page", "p", "b"),
        ("Page", "q", "c"),
    ]


def test_a_file_listed_for_two_days_tells_the_one_its_records_are_not_of(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    whole = delivery.all_events(1, event("a"), event("b"))
    delivery.export(1, period(FIRST_DAY, all_events=whole), period(SECOND_DAY, all_events=whole))
    (outcome,) = load_folder("pendo")
    assert outcome.entry.status is Status.REJECTED
    assert f"(for one, {FIRST_DAY}) than the {SECOND_DAY} they are listed for" in outcome.entry.reason
    assert rows(EVENT_IDS) == []


def test_large_files_parsed_beside_land_as_small_ones_do(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = datetime(2150, 1, 1, tzinfo=UTC)
    records = [event(f"e{number:02}") for number in range(30)]
    records[7] |= {"browserTimestamp": late}
    records[20] |= {"eventId": ""}
    forgotten: list[object] = []

    def landed() -> list[list[tuple[Any, ...]]]:
        tables = ("raw_pendo.allevents", "raw_pendo.matched_events", "raw.rejected_lines")
        return [
            rows(
                f"SELECT COLUMNS(c -> c NOT IN ('_loaded_at', '_load_id', 'load_id', 'loaded_at', "
                f"'export_id', '_file', 'file')) FROM {table} ORDER BY rowid"
            )
            for table in tables
        ]

    def deliver(counter: int) -> list[list[tuple[Any, ...]]]:
        matched = delivery.matched(counter, "Page/p", *records[:5])
        delivery.export(
            counter, period(FIRST_DAY, matched, all_events=delivery.all_events(counter, *records))
        )
        (outcome,) = [each for each in load_folder("pendo") if each.is_new]
        assert (outcome.entry.rows, outcome.entry.rejected_rows) == (33, 2)
        return landed()

    small = deliver(1)
    monkeypatch.setattr("loaders.vendors.pendo.batches.BULK_BYTES", 0)
    monkeypatch.setattr("loaders.avro.BULK_BYTES", 0)
    monkeypatch.setattr("loaders.avro.BATCH_ROWS", 7)
    monkeypatch.setattr("loaders.vendors.pendo.batches.BATCH_ROWS", 10)
    monkeypatch.setattr("loaders.vendors.pendo.batches.FORGOTTEN_BYTES", 1)
    monkeypatch.setattr("loaders.vendors.pendo.batches.forget_written", forgotten.append)
    large = deliver(2)
    assert large[:2] == small[:2]
    assert large[2] == small[2] * 2
    assert len(forgotten) == 3


def test_records_are_compressed_as_texts_of_many_equal_parts(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    records = [event(f"e{number}") for number in range(300)]
    matched = delivery.matched(1, "Page/p", *records)
    delivery.export(1, period(FIRST_DAY, matched, all_events=delivery.all_events(1, *records)))
    load_folder("pendo")
    rows("CHECKPOINT")
    for table in ("allevents", "matched_events"):
        assert rows(
            f"SELECT DISTINCT compression FROM pragma_storage_info('raw_pendo.{table}') "
            "WHERE column_name = 'record' AND segment_type = 'JSON'"
        ) == [("ZSTD",)]


@pytest.mark.parametrize("much", [False, True])
def test_fewer_records_than_the_blocks_announce_reject_the_export(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows, monkeypatch: pytest.MonkeyPatch, much: bool
) -> None:
    if much:
        monkeypatch.setattr("loaders.vendors.pendo.batches.BULK_BYTES", 0)
    day_export(delivery, 1, "a", "b", "c")
    monkeypatch.setattr(
        "loaders.vendors.pendo.batches.read_batches",
        lambda landing, file: (batch.slice(0, 2) for batch in read_batches(landing, file)),
    )
    (outcome,) = load_folder("pendo")
    assert outcome.entry.status is Status.REJECTED
    assert "its blocks announce 3 records, 2 can be decoded" in outcome.entry.reason
    assert rows(EVENT_IDS) == []


def test_ids_beyond_the_exact_range_of_a_double_stay_exact(
    delivery: Delivery, load_folder: LoadFolder, rows: Rows
) -> None:
    delivery.export(
        1, period(FIRST_DAY, all_events=delivery.all_events(1, event("a", appId=-9_007_199_254_740_993)))
    )
    load_folder("pendo")
    assert rows("SELECT record ->> '$.appId' FROM raw_pendo.allevents") == [("-9007199254740993",)]
