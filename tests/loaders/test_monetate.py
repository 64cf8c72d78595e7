from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from loaders import lines
from loaders.exports import DataFile, Status
from loaders.landing.folder import FolderLanding
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.loading import Outcome
from loaders.vendors.monetate.windows import Window, window_of
from tests.loaders.conftest import LoadFolder, Rows

NAME = "20170501T034500.000Z_PT15M-1477542463784.json.gz"
DAY_FOLDER = "4711/raw_data/session_stream/2017/05/01"
IDENTITY = f"{DAY_FOLDER}/{NAME}"
START_MS = 1493610300000

WriteStream = Callable[..., Path]


def session(**values: object) -> dict[str, Any]:
    return {"session_id": "s1", "start_time": START_MS, **values}


@pytest.fixture
def write_stream(landing_folder: Path) -> WriteStream:
    """Write one gzip file of JSON lines (or of ready bytes) at a path below the landing folder."""

    def write(*lines: dict[str, Any] | str, path: str = IDENTITY, root: Path | None = None) -> Path:
        target = (root or landing_folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        target.write_bytes(gzip.compress("".join(f"{text}\n" for text in texts).encode(), mtime=0))
        return target

    return write


def statuses(outcomes: list[Outcome]) -> list[Status]:
    return [outcome.entry.status for outcome in outcomes]


def test_every_documented_scalar_lands_typed(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(
        session(
            account_id=4711,
            browser="Firefox",
            city="Zürich",
            customer_id=None,
            end_time=START_MS + 90_500,
            guid="g-1",
            has_cart="t",
            is_closed="f",
            page_views=3,
            screen_height="1080",
            purchase_value_ss=19.9,
            session_value="1234567890123456.123456789",
            time_on_site=90,
        )
    )

    load_folder("monetate")

    assert rows(
        "SELECT session_id, account_id, browser, city, customer_id, start_time, end_time, guid, has_cart, "
        "is_closed, has_purchase, page_views, screen_height, purchase_value_ss, session_value, time_on_site, "
        "extras FROM raw_monetate.sessions"
    ) == [
        (
            "s1",
            4711,
            "Firefox",
            "Zürich",
            None,
            datetime(2017, 5, 1, 3, 45),
            datetime(2017, 5, 1, 3, 46, 30, 500000),
            "g-1",
            True,
            False,
            None,
            3,
            1080,
            Decimal("19.900000000"),
            Decimal("1234567890123456.123456789"),
            90,
            None,
        )
    ]


def test_every_column_of_the_raw_table_is_filled_by_its_own_key(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    names = [
        (name, kind)
        for name, kind in rows(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'raw_monetate' AND table_name = 'sessions'"
        )
        if not name.startswith(("_", "window_")) and name != "extras"
    ]
    samples: dict[str, Callable[[int], object]] = {
        "VARCHAR": lambda number: f"text {number}",
        "BIGINT": lambda number: number,
        "DECIMAL(38,9)": lambda number: number + 0.5,
        "BOOLEAN": lambda number: "t",
        "TIMESTAMP": lambda number: START_MS + 1000 * number,
        "JSON": lambda number: {"id": number},
    }
    write_stream({name: samples[kind](number) for number, (name, kind) in enumerate(names)})

    load_folder("monetate")

    told = ", ".join(f'"{name}"::VARCHAR' for name, _ in names)
    (row,) = rows(f"SELECT {told} FROM raw_monetate.sessions")
    texts: dict[str, Callable[[int], str]] = {
        "VARCHAR": lambda number: f"text {number}",
        "BIGINT": str,
        "DECIMAL(38,9)": lambda number: f"{number}.500000000",
        "BOOLEAN": lambda number: "true",
        "TIMESTAMP": lambda number: f"2017-05-01 03:45:{number:02}",
        "JSON": lambda number: f'{{"id":{number}}}',
    }
    assert list(row) == [texts[kind](number) for number, (_, kind) in enumerate(names)]


def test_a_flag_is_read_in_each_of_its_spellings(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    spellings = [
        ("t", True),
        ("f", False),
        (True, True),
        (False, False),
        (1, True),
        ("0", False),
        (None, None),
    ]
    write_stream(*[session(is_bounce=written) for written, _ in spellings])

    load_folder("monetate")

    assert rows("SELECT is_bounce FROM raw_monetate.sessions ORDER BY _line") == [
        (expected,) for _, expected in spellings
    ]


def test_a_time_is_read_in_each_of_its_spellings(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    spellings = [
        START_MS,
        START_MS // 1000,
        str(START_MS),
        "2017-05-01 03:45:00",
        "2017-05-01T05:45:00+02:00",
    ]
    write_stream(*[session(start_time=written) for written in spellings])

    load_folder("monetate")

    assert rows("SELECT start_time FROM raw_monetate.sessions ORDER BY _line") == [
        (datetime(2017, 5, 1, 3, 45),)
    ] * len(spellings)


def test_nested_values_land_as_delivered_in_every_shape(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(
        session(
            custom_targets={"7": 'a "quoted" {value}'},
            offers=[],
            page_event_ids={"12": [1493610300000, "1493610301000"]},
            purchases=None,
            cart_lines=[{"product_id": "p1", "sku": None, "quantity": 2, "time": START_MS}],
            purchase_lines={"o1": {"total": 10.5, "items": [{"sku": "x"}]}},
        )
    )

    load_folder("monetate")

    ((targets, offers, events, purchases, cart, views, lines),) = rows(
        "SELECT custom_targets, offers, page_event_ids, purchases, cart_lines, view_lines, purchase_lines "
        "FROM raw_monetate.sessions"
    )
    assert json.loads(targets) == {"7": 'a "quoted" {value}'}
    assert json.loads(offers) == []
    assert json.loads(events) == {"12": [1493610300000, "1493610301000"]}
    assert (purchases, views) == (None, None)
    assert json.loads(cart) == [{"product_id": "p1", "sku": None, "quantity": 2, "time": START_MS}]
    assert json.loads(lines) == {"o1": {"total": 10.5, "items": [{"sku": "x"}]}}


def test_unknown_keys_are_kept_in_extras(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(session(has_recommendation_click="t", brands_viewed=["a", "b"]))

    load_folder("monetate")

    ((extras,),) = rows("SELECT extras FROM raw_monetate.sessions")
    assert json.loads(extras) == {"has_recommendation_click": "t", "brands_viewed": ["a", "b"]}


def test_the_window_comes_from_the_name_and_the_line_from_the_file(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(session(), "", session(session_id="s2"))

    load_folder("monetate")

    assert rows(
        "SELECT session_id, window_started_at, window_ended_at, window_sequence, _file, _line, _load_id "
        "FROM raw_monetate.sessions ORDER BY _line"
    ) == [
        (id_, datetime(2017, 5, 1, 3, 45), datetime(2017, 5, 1, 4, 0), 1477542463784, IDENTITY, line, 1)
        for id_, line in (("s1", 1), ("s2", 3))
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NAME, Window(datetime(2017, 5, 1, 3, 45), datetime(2017, 5, 1, 4, 0), 1477542463784)),
        (
            "20170501T034500.5Z_PT1H-2.json.gz",
            Window(datetime(2017, 5, 1, 3, 45, 0, 500000), datetime(2017, 5, 1, 4, 45, 0, 500000), 2),
        ),
        (
            "20170501T234500Z_PT15M-0.json.gz",
            Window(datetime(2017, 5, 1, 23, 45), datetime(2017, 5, 2), 0),
        ),
        ("20170231T034500.000Z_PT15M-1.json.gz", None),
        ("20170501T250000.000Z_PT15M-1.json.gz", None),
        ("99991231T235959.000Z_PT15M-1.json.gz", None),
        ("20170501T034500.000Z_PT15M-1.json", None),
        ("20170501T034500.000Z_PT15M-x.json.gz", None),
        ("copy of 20170501T034500.000Z_PT15M-1.json.gz", None),
    ],
)
def test_a_name_tells_its_window_or_is_foreign(name: str, expected: Window | None) -> None:
    assert window_of(name) == expected


BAD_LINES: list[tuple[dict[str, Any] | str, str]] = [
    (session(session_id=None), "session_id is missing"),
    (session(session_id=""), "session_id is missing"),
    ({"session_id": "s9"}, "start_time is missing"),
    (session(start_time="yesterday"), "start_time: yesterday is not a time between 1970 and 2100"),
    (session(end_time="-2006-10-15 01:00:00"), "end_time: -2006-10-15 01:00:00 is not a time"),
    (session(has_cart="maybe"), "has_cart: maybe is not true or false"),
    (session(page_views=1.5), "page_views: 1.5 is not an integer"),
    (session(session_value="ten"), "session_value: ten is not a decimal number"),
    (session(offers="none"), 'offers: "none" is neither an object nor an array'),
    (session(cart_lines=0), "cart_lines: 0 is neither an object nor an array"),
    (session(purchases=False), "purchases: false is neither an object nor an array"),
    ("[1, 2]", "not a JSON object"),
    ('{"session_id": "s9", "start_ti', "not valid JSON"),
    ('{"session_id":"a","session_id":"b","start_time":1}', "a key stands twice"),
]
NESTED_REPEATS = {
    "cart_lines": '[{"sku": "a"}, {"sku": "b", "sku": "c"}]',
    "view_lines": '[{"product_id": "a", "product_id": "b"}]',
    "offers": '[{"offer_id": 1, "timestamp": 1, "timestamp": 2}]',
    "page_event_ids": '{"1": {"time": 1, "time": 2}}',
    "purchase_lines": '{"o1": {"total": 1, "total": 2}}',
}


@pytest.mark.parametrize("cases", [BAD_LINES[:7], BAD_LINES[7:]])
def test_bad_lines_are_quarantined_and_the_good_ones_load(
    load_folder: LoadFolder,
    write_stream: WriteStream,
    rows: Rows,
    cases: list[tuple[dict[str, Any] | str, str]],
) -> None:
    write_stream(session(), *[line for line, _ in cases], session(session_id="s3"))

    (outcome,) = load_folder("monetate")

    counts = (outcome.entry.status, outcome.entry.rows, outcome.entry.rejected_rows)
    assert counts == (Status.LOADED, 2, len(cases))
    assert rows("SELECT session_id FROM raw_monetate.sessions ORDER BY 1") == [("s1",), ("s3",)]
    quarantined = rows("SELECT file, line, raw_text FROM raw.rejected_lines ORDER BY line")
    assert quarantined == [
        (IDENTITY, number, line if isinstance(line, str) else json.dumps(line))
        for number, (line, _) in enumerate(cases, start=2)
    ]
    reasons = [reason for (reason,) in rows("SELECT reason FROM raw.rejected_lines ORDER BY line")]
    assert [told.startswith(expected) for told, (_, expected) in zip(reasons, cases, strict=True)] == [
        True
    ] * len(cases), reasons


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *NESTED_REPEATS.items(),
        ("purchase_lines", '{"o1": {"items": [{"sku": "a"}, {"sku": "a", "sku": "b"}]}}'),
        ("purchase_lines", '[{"purchase_id": "o1", "items": [{"sku": "a", "sku": "b"}]}]'),
        ("purchase_lines", '[{"purchase_id": "o1", "purchase_id": "o2"}]'),
    ],
)
def test_a_key_that_stands_twice_within_a_line_would_lose_a_value(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows, key: str, text: str
) -> None:
    line = f'{{"session_id": "s9", "start_time": {START_MS}, "{key}": {text}}}'
    write_stream(session(**{key: []}), line, session(session_id="s3"))
    load_folder("monetate")
    assert rows("SELECT session_id FROM raw_monetate.sessions ORDER BY 1") == [("s1",), ("s3",)]
    assert rows("SELECT line, reason, raw_text FROM raw.rejected_lines") == [
        (2, f"a key stands twice in {key}", line)
    ]


def test_an_id_that_stands_twice_keeps_both_its_values(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(f'{{"session_id": "s1", "start_time": {START_MS}, "offers": {{"12": 1, "12": 2}}}}')
    load_folder("monetate")
    assert rows(
        "SELECT json_keys(offers), json_extract(offers, '$.*')::VARCHAR[] FROM raw_monetate.sessions"
    ) == [(["12", "12"], ["1", "2"])]


def test_odd_lines_lose_nothing(load_folder: LoadFolder, write_stream: WriteStream, rows: Rows) -> None:
    long = "x" * (20 << 20)
    path = write_stream()
    good = [
        session(
            session_id="9007199254740993",
            account_id=9223372036854775807,
            custom_targets={"8457531699855530674": long, "-9007199254740993": 9007199254740993},
        ),
        session(session_id=9007199254740993),
    ]
    lines = [*(json.dumps(line).encode() for line in good), b'{"session_id": "\xff"}']
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + b"\r\n".join(lines), compresslevel=1))

    (outcome,) = load_folder("monetate")

    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (2, 1)
    assert rows(
        "SELECT session_id, account_id, json_keys(custom_targets), "
        "length(custom_targets ->> '8457531699855530674'), custom_targets ->> '-9007199254740993' "
        "FROM raw_monetate.sessions ORDER BY _line"
    ) == [
        (
            "9007199254740993",
            9223372036854775807,
            ["8457531699855530674", "-9007199254740993"],
            len(long),
            "9007199254740993",
        ),
        ("9007199254740993", None, None, None, None),
    ]
    assert rows("SELECT line, reason, raw_text FROM raw.rejected_lines") == [
        (3, "invalid UTF-8 at byte 17", '{"session_id": "\\xff"}')
    ]


def test_a_session_of_several_files_is_kept_from_each(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    for minute, closed in (("45", "f"), ("50", "t")):
        write_stream(
            session(is_closed=closed, purchases={"o1": 5}),
            session(session_id="s2", purchases={"o1": 5}),
            path=f"{DAY_FOLDER}/20170501T03{minute}00.000Z_PT5M-1.json.gz",
        )
    load_folder("monetate")
    assert rows("SELECT session_id, is_closed, purchases FROM raw_monetate.sessions ORDER BY ALL") == [
        ("s1", False, '{"o1":5}'),
        ("s1", True, '{"o1":5}'),
        ("s2", None, '{"o1":5}'),
        ("s2", None, '{"o1":5}'),
    ]


@pytest.mark.parametrize("name", [f"{NAME}.part", f"{NAME}.filepart", f"{NAME}.tmp", f".{NAME}"])
def test_a_temporary_name_is_no_file_yet(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows, name: str
) -> None:
    write_stream(session())
    write_stream(session(session_id="s2"), path=f"{DAY_FOLDER}/{name}")
    assert statuses(load_folder("monetate")) == [Status.LOADED]
    assert rows("SELECT session_id FROM raw_monetate.sessions") == [("s1",)]


def test_too_many_bad_lines_reject_the_file(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(*[session()] * 20, *["{broken"] * 11)

    (outcome,) = load_folder("monetate")

    assert outcome.entry.status is Status.REJECTED
    assert "11 of 31 lines are bad" in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_monetate.sessions") == [(0,)]
    assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]


def test_a_cut_file_is_rejected_and_loads_once_it_is_whole(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    path = write_stream(*[session(session_id=f"s{number}") for number in range(500)])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    (cut,) = load_folder("monetate")

    assert cut.entry.status is Status.REJECTED
    assert "is cut" in cut.entry.reason
    assert rows("SELECT count(*) FROM raw_monetate.sessions") == [(0,)]

    path.write_bytes(whole)
    (loaded,) = load_folder("monetate")

    assert (loaded.entry.export_id, loaded.entry.status, loaded.entry.rows) == (
        IDENTITY,
        Status.LOADED,
        500,
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b'{"session_id": "s1", "start_time": 1}\n', "is not gzip"),
        (gzip.compress(b'{"session_id": "s1"}\n')[:-8] + b"\0" * 8, "is damaged"),
    ],
)
def test_a_file_that_no_checksum_vouches_for_is_rejected(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows, content: bytes, reason: str
) -> None:
    write_stream().write_bytes(content)

    (outcome,) = load_folder("monetate")

    assert outcome.entry.status is Status.REJECTED
    assert reason in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_monetate.sessions") == [(0,)]


def test_files_that_load_together_are_read_one_after_the_other(
    load_folder: LoadFolder, write_stream: WriteStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"20170501T03{minute}00.000Z_PT15M-0.json.gz" for minute in ("00", "15", "30", "45")]
    for number, name in enumerate(names):
        write_stream(session(session_id=f"s{number}"), path=f"{DAY_FOLDER}/{name}")
    done: list[str] = []
    read, insert = FolderLanding.open, Load.insert

    def noted_read(landing: FolderLanding, file: DataFile) -> BinaryIO:
        done.append(file.name)
        return read(landing, file)

    def noted_insert(load: Load, *arguments: Any, **values: Any) -> int:
        done.append("insert")
        return insert(load, *arguments, **values)

    monkeypatch.setattr(FolderLanding, "open", noted_read)
    monkeypatch.setattr(Load, "insert", noted_insert)
    monkeypatch.setattr(lines, "BATCH_BYTES", 1)

    assert statuses(load_folder("monetate")) == [Status.LOADED] * 4

    # What is read while the first file is landed is the next one; those behind may still be on their way.
    landed = done[len(names) :]
    assert done[: len(names)] == names, "each is read for its digest first"
    assert landed.index("insert") < landed.index(names[2])
    assert [name for name in landed if name != "insert"] == names


def test_a_window_without_sessions_loads_with_no_rows(
    load_folder: LoadFolder, write_stream: WriteStream
) -> None:
    write_stream()

    (outcome,) = load_folder("monetate")

    assert (outcome.entry.status, outcome.entry.rows) == (Status.LOADED, 0)


def test_a_file_of_another_name_is_skipped_and_says_which_name_is_expected(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(session(), path=f"{DAY_FOLDER}/offers.json.gz")
    write_stream(session(session_id="s2"))
    write_stream(session(), path=f"{DAY_FOLDER}/.{NAME}")
    write_stream(session(), path=f"{DAY_FOLDER}/{NAME}.filepart")

    loaded, skipped = load_folder("monetate")

    assert loaded.entry.status is Status.LOADED
    assert (skipped.entry.export_id, skipped.entry.status) == (
        f"{DAY_FOLDER}/offers.json.gz",
        Status.SKIPPED,
    )
    assert "<YYYYMMDDThhmmss.sssZ>_PT15M-<number>.json.gz" in skipped.entry.reason
    assert rows("SELECT session_id FROM raw_monetate.sessions") == [("s2",)]


def test_a_folder_of_another_day_is_loaded_with_a_warning(
    load_folder: LoadFolder, write_stream: WriteStream
) -> None:
    write_stream(session(), path=f"4711/raw_data/session_stream/2017/05/02/{NAME}")

    (outcome,) = load_folder("monetate")

    assert outcome.entry.status is Status.LOADED
    assert outcome.warnings == ("lies in the folder of 2017-05-02, but its window began on 2017-05-01",)
    assert outcome.entry.reason == outcome.warnings[0]


def test_the_folder_of_the_right_day_gives_no_warning(
    load_folder: LoadFolder, write_stream: WriteStream
) -> None:
    write_stream(session())

    assert load_folder("monetate")[0].warnings == ()


def test_files_load_by_window_then_by_number(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    names = [
        "20170501T040000.000Z_PT15M-3.json.gz",
        "20170501T034500.000Z_PT15M-20.json.gz",
        "20170501T034500.000Z_PT15M-9.json.gz",
    ]
    for number, name in enumerate(names):
        write_stream(session(session_id=f"s{number}"), path=f"{DAY_FOLDER}/{name}")

    outcomes = load_folder("monetate")

    assert [outcome.entry.export_id.rpartition("/")[2] for outcome in outcomes] == names[::-1]
    assert rows("SELECT session_id FROM raw_monetate.sessions ORDER BY _load_id") == [
        ("s2",),
        ("s1",),
        ("s0",),
    ]


def test_the_same_file_again_is_a_no_op(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(session())
    load_folder("monetate")

    (again,) = load_folder("monetate")

    assert not again.is_new
    assert rows("SELECT count(*), max(_load_id) FROM raw_monetate.sessions") == [(1, 1)]


def test_other_content_under_the_same_name_replaces_the_rows(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(session(), session(session_id="s2"), "{broken")
    load_folder("monetate")
    write_stream(session(is_closed="t"))

    (replaced,) = load_folder("monetate")

    assert (replaced.is_new, replaced.entry.export_id) == (True, IDENTITY)
    assert rows("SELECT session_id, is_closed, _load_id FROM raw_monetate.sessions") == [("s1", True, 2)]
    assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]
    assert rows("SELECT count(*) FROM raw.loads") == [(1,)]


def test_damaged_new_content_leaves_the_loaded_rows_in_place(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    path = write_stream(session())
    load_folder("monetate")
    path.write_bytes(gzip.compress(json.dumps(session(session_id="s2")).encode())[:-5])

    (outcome,) = load_folder("monetate")

    assert outcome.entry.status is Status.REJECTED
    assert rows("SELECT session_id FROM raw_monetate.sessions") == [("s1",)]


def test_the_identity_does_not_depend_on_the_folder_given(
    load_folder: LoadFolder, landing_folder: Path, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(session())
    load_folder("monetate")

    for given in ("4711", "4711/raw_data", DAY_FOLDER, IDENTITY):
        (again,) = load_folder("monetate", landing_folder / given)
        assert (again.entry.export_id, again.is_new) == (IDENTITY, False)

    assert rows("SELECT count(*) FROM raw_monetate.sessions") == [(1,)]


def test_a_moved_landing_folder_does_not_load_again(
    load_folder: LoadFolder, landing_folder: Path, write_stream: WriteStream, rows: Rows, tmp_path: Path
) -> None:
    write_stream(session())
    load_folder("monetate")
    moved = tmp_path / "elsewhere" / "archive"
    shutil.copytree(landing_folder, moved)

    (again,) = load_folder("monetate", moved)

    assert (again.entry.export_id, again.is_new) == (IDENTITY, False)
    assert rows("SELECT count(*) FROM raw_monetate.sessions") == [(1,)]


def test_a_stream_without_account_folders_begins_at_the_stream(
    load_folder: LoadFolder, write_stream: WriteStream
) -> None:
    write_stream(session(), path=f"download/session_stream/2017/05/01/{NAME}")

    assert load_folder("monetate")[0].entry.export_id == f"session_stream/2017/05/01/{NAME}"


def test_two_accounts_with_a_file_of_one_name_stay_apart(
    load_folder: LoadFolder, write_stream: WriteStream, rows: Rows
) -> None:
    write_stream(session(account_id=1), path=f"1/raw_data/session_stream/2017/05/01/{NAME}")
    write_stream(session(account_id=2), path=f"2/raw_data/session_stream/2017/05/01/{NAME}")

    assert statuses(load_folder("monetate")) == [Status.LOADED, Status.LOADED]
    assert rows("SELECT account_id FROM raw_monetate.sessions ORDER BY 1") == [(1,), (2,)]


def test_the_ledger_keeps_the_file_under_its_identity(
    load_folder: LoadFolder, landing_folder: Path, write_stream: WriteStream, connection: Any
) -> None:
    path = write_stream(session())
    load_folder("monetate", landing_folder / "4711")

    (record,) = Ledger(connection).files("monetate")

    assert (record.file, record.name, record.size) == (IDENTITY, NAME, path.stat().st_size)


def test_spans_without_a_file_are_told_once_with_the_last_new_file(
    load_folder: LoadFolder, write_stream: WriteStream
) -> None:
    def write(*starts: str) -> None:
        for start in starts:
            day = f"{start[:4]}/{start[4:6]}/{start[6:8]}"
            path = f"4711/raw_data/session_stream/{day}/{start}00.000Z_PT15M-1.json.gz"
            write_stream(session(session_id=start), path=path)

    write("20170501T0345", "20170501T0400", "20170501T0430", "20170502T0000")
    told = [outcome.warnings for outcome in load_folder("monetate")]
    assert told == [
        (),
        (),
        (),
        (
            "no file covers 2017-05-01 04:15 to 04:30, 2017-05-01 04:45 to 2017-05-02 00:00 (UTC): nobody "
            "was seen then, or files were not fetched",
        ),
    ]
    write("20170502T0015")
    assert load_folder("monetate")[-1].warnings == ()
    write("20170502T0100")
    assert load_folder("monetate")[-1].warnings == (
        "no file covers 2017-05-02 00:30 to 01:00 (UTC): nobody was seen then, or files were not fetched",
    )
    write("20170502T0030", "20170502T0045")
    assert {outcome.warnings for outcome in load_folder("monetate")} == {()}


def test_many_spans_are_told_in_part_and_accounts_are_apart(
    load_folder: LoadFolder, write_stream: WriteStream
) -> None:
    for hour in range(6):
        name = f"20170501T{hour:02}0000.000Z_PT15M-1.json.gz"
        write_stream(session(), path=f"1/raw_data/session_stream/2017/05/01/{name}")
    write_stream(session(), path="2/raw_data/session_stream/2017/05/01/20170501T080000.000Z_PT15M-1.json.gz")
    *_, last = load_folder("monetate")
    assert last.warnings == (
        "no file covers 2017-05-01 00:15 to 01:00, 2017-05-01 01:15 to 02:00, 2017-05-01 02:15 to 03:00 and "
        "2 more spans (UTC): nobody was seen then, or files were not fetched",
    )
