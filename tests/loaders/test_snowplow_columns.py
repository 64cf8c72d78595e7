from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from loaders.exports import Status
from loaders.vendors.snowplow.columns import ATOMIC_COLUMNS
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.snowplow_delivery import MOMENT, Write, writer


@pytest.fixture
def write(landing_folder: Path) -> Write:
    return writer(landing_folder)


def test_csv_columns_are_found_by_name_and_the_rest_kept_in_extras(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    write(
        "export/events.csv",
        "contexts_com_acme_page_1,EVENT_ID, Collector_Tstamp,page_title,load_tstamp,own_flag,"
        "unstruct_event_x_1\n"
        '"[{""id"":""p1"",""big"":12345678901234567890}]",e1,2024-05-01 10:00:00,'
        '"a ""b"", c",2024-05-01,{1,\n'
        '12,e2,2024-05-01 10:00:01,,,,"{not json"\n',
    )

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.export_id, outcome.entry.rows) == ("export/events.csv", 2)
    assert rows(
        "SELECT event_id, collector_tstamp, page_title, load_tstamp, user_id, extras, _file, _line "
        "FROM raw_snowplow.events ORDER BY 1"
    ) == [
        (
            "e1",
            "2024-05-01 10:00:00",
            'a "b", c',
            "2024-05-01",
            None,
            '{"contexts_com_acme_page_1":[{"id":"p1","big":12345678901234567890}],"own_flag":"{1"}',
            "export/events.csv",
            1,
        ),
        (
            "e2",
            "2024-05-01 10:00:01",
            None,
            None,
            None,
            '{"contexts_com_acme_page_1":"12","unstruct_event_x_1":"{not json"}',
            "export/events.csv",
            2,
        ),
    ]


def test_no_extra_column_gives_no_extras(load_folder: LoadFolder, write: Write, rows: Rows) -> None:
    write("events.csv.gz", f"event_id,collector_tstamp,refr_device_tstamp\ne1,{MOMENT},{MOMENT}\n")

    load_folder("snowplow")

    assert rows("SELECT refr_dvce_tstamp, extras FROM raw_snowplow.events") == [(MOMENT, None)]


def test_parquet_values_land_as_text_and_nested_ones_as_json(
    load_folder: LoadFolder, landing_folder: Path, rows: Rows
) -> None:
    moment = datetime(2024, 5, 1, 10, 0, 0, 123000, tzinfo=UTC)
    table = pa.table(
        {
            "event_id": ["e1", "e2", None],
            "collector_tstamp": pa.array([moment] * 3, pa.timestamp("us", "UTC")),
            "load_tstamp": pa.array([moment.replace(tzinfo=None)] * 3, pa.timestamp("us")),
            "txn_id": pa.array([2**60, None, 1], pa.int64()),
            "br_cookies": [True, False, None],
            "contexts_com_acme_page_1": [[{"id": "p1", "n": None}], [], None],
        }
    )
    pq.write_table(table, landing_folder / "events.parquet")

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (2, 1)
    assert rows(
        "SELECT event_id, collector_tstamp, load_tstamp, txn_id, br_cookies, extras "
        "FROM raw_snowplow.events ORDER BY 1"
    ) == [
        (
            "e1",
            "2024-05-01 10:00:00.123+00",
            "2024-05-01 10:00:00.123",
            str(2**60),
            "true",
            '{"contexts_com_acme_page_1":[{"id":"p1","n":null}]}',
        ),
        (
            "e2",
            "2024-05-01 10:00:00.123+00",
            "2024-05-01 10:00:00.123",
            None,
            "false",
            '{"contexts_com_acme_page_1":[]}',
        ),
    ]
    ((line, reason, text),) = rows("SELECT line, reason, raw_text FROM raw.rejected_lines")
    assert (line, reason) == (3, "event_id is missing")
    assert json.loads(text) == {
        "collector_tstamp": "2024-05-01 10:00:00.123+00",
        "load_tstamp": "2024-05-01 10:00:00.123",
        "txn_id": "1",
    }


def test_a_bad_row_is_quarantined(load_folder: LoadFolder, write: Write, rows: Rows) -> None:
    write(
        "events.csv",
        f"event_id,collector_tstamp,contexts_a_1\ne1,{MOMENT},\n,{MOMENT},\ne3,1066-10-14,[1]\ne4,{MOMENT},x\n",
    )

    load_folder("snowplow")

    assert rows("SELECT event_id FROM raw_snowplow.events ORDER BY 1") == [("e1",), ("e4",)]
    assert rows("SELECT line, reason, raw_text FROM raw.rejected_lines ORDER BY line") == [
        (2, "event_id is missing", f'{{"collector_tstamp":"{MOMENT}"}}'),
        (
            3,
            "collector_tstamp: 1066-10-14 is not a time between 1970 and 2100",
            '{"event_id":"e3","collector_tstamp":"1066-10-14","contexts_a_1":[1]}',
        ),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("event_id,app_id\ne1,a\n", "events.csv has no column collector_tstamp"),
        ("a,b\n1,2\n", "has no column event_id and no column collector_tstamp"),
        (
            f"event_id,collector_tstamp,Event_Id\ne1,{MOMENT},e2\n",
            "events.csv has the column event_id twice",
        ),
    ],
)
def test_a_header_that_cannot_be_used_rejects_the_file(
    load_folder: LoadFolder, write: Write, rows: Rows, content: str, reason: str
) -> None:
    write("events.csv", content)

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.status is Status.REJECTED
    assert reason in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]


def test_a_cut_parquet_or_csv_file_is_rejected(
    load_folder: LoadFolder, write: Write, landing_folder: Path, rows: Rows
) -> None:
    table = pa.table({"event_id": ["e1"] * 100, "collector_tstamp": [MOMENT] * 100})
    pq.write_table(table, landing_folder / "events.parquet")
    ids = "".join(f"e{number},{MOMENT}\n" for number in range(500))
    write("events.csv.gz", f"event_id,collector_tstamp\n{ids}")
    for name in ("events.parquet", "events.csv.gz"):
        path = landing_folder / name
        path.write_bytes(path.read_bytes()[:-20])

    outcomes = load_folder("snowplow")

    assert [outcome.entry.status for outcome in outcomes] == [Status.REJECTED] * 2
    assert rows("SELECT count(*) FROM raw_snowplow.events") == [(0,)]


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("width", [101, 128, 129, 140])
def test_tables_of_any_width_and_case_are_read_by_name(
    load_folder: LoadFolder, landing_folder: Path, rows: Rows, form: str, width: int
) -> None:
    required = ("event_id", "collector_tstamp")
    others = [name for name in (*ATOMIC_COLUMNS, "load_tstamp") if name not in required]
    entities = [f"contexts_com_acme_entity_{number}_1_0_0" for number in range(11)]
    names = [*required, *others, *entities][:width][::-1]
    values = {name: "[]" if name in entities else f"{name} value" for name in names}
    values |= {"event_id": "e1", "collector_tstamp": MOMENT}
    # Snowflake spells names in capitals.
    spelled = {name.upper() if width % 2 == 0 else name: [value] for name, value in values.items()}
    if form == "csv":
        content = pa.BufferOutputStream()
        pa_csv.write_csv(pa.table(spelled), content)
        (landing_folder / "events.csv").write_bytes(content.getvalue().to_pybytes())
    else:
        pq.write_table(pa.table(spelled), landing_folder / "events.parquet")

    (outcome,) = load_folder("snowplow")

    assert (outcome.entry.rows, outcome.entry.rejected_rows, len(names)) == (1, 0, width)
    known = [name for name in names if name not in entities]
    (found,) = rows(f"SELECT {', '.join(known)} FROM raw_snowplow.events")
    assert found == tuple(values[name] for name in known)
    ((extras,),) = rows("SELECT extras FROM raw_snowplow.events")
    kept = [name for name in names if name in entities]
    assert (json.loads(extras) if extras else {}) == {name: [] for name in kept}


def test_an_entity_is_kept_under_the_name_of_its_version(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    write(
        "events.csv",
        "event_id,collector_tstamp,contexts_com_acme_page_1,contexts_com_acme_page_1_0_0,"
        "CONTEXTS_COM_ACME_PAGE_1_0_1\n"
        f'e1,{MOMENT},"[{{""v"":1}}]","[{{""v"":2}}]","[{{""v"":3}}]"\n',
    )

    load_folder("snowplow")

    ((extras,),) = rows("SELECT extras FROM raw_snowplow.events")
    assert json.loads(extras) == {
        "contexts_com_acme_page_1": [{"v": 1}],
        "contexts_com_acme_page_1_0_0": [{"v": 2}],
        "contexts_com_acme_page_1_0_1": [{"v": 3}],
    }


def test_a_byte_order_mark_and_windows_line_ends_are_no_content(
    load_folder: LoadFolder, write: Write, rows: Rows
) -> None:
    text = f"event_id,collector_tstamp,user_id\r\ne1,{MOMENT},u\r\n\r\ne2,{MOMENT},v\r\n"
    write("events.csv", text.encode("utf-8-sig"))

    (outcome,) = load_folder("snowplow")

    assert outcome.entry.rejected_rows == 0
    assert rows("SELECT event_id, user_id, extras FROM raw_snowplow.events ORDER BY 1") == [
        ("e1", "u", None),
        ("e2", "v", None),
    ]


def test_nanoseconds_and_decimals_of_parquet_keep_their_digits(
    load_folder: LoadFolder, landing_folder: Path, rows: Rows
) -> None:
    table = pa.table(
        {
            "event_id": ["e1"],
            "collector_tstamp": pa.array([1634288741458800585], pa.timestamp("ns")),
            "tr_total": pa.array([Decimal("12345678901234.10")], pa.decimal128(18, 2)),
        }
    )
    pq.write_table(table, landing_folder / "events.parquet")

    load_folder("snowplow")

    assert rows("SELECT collector_tstamp, tr_total FROM raw_snowplow.events") == [
        ("2021-10-15 09:05:41.458800585", "12345678901234.10")
    ]
