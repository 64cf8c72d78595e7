"""Lines that are proved sound in one pass, and those that are examined: the same rows either way."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders import lines, loading, objects
from loaders.exports import Options, Status
from loaders.fields import Field, Kind
from loaders.landing import open_landing
from loaders.ledger import Ledger
from loaders.load import Load, NotSoundError
from loaders.samples import FEWEST_EVENTS
from loaders.samples.generate import write_samples
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.mutations import mutated
from tests.loaders.rudderstack_delivery import call, row
from tests.loaders.snowplow_delivery import RUN, event, finisher, tsv, writer
from tests.loaders.soundness import Contents, loaded

MONETATE = "4711/raw_data/session_stream/2026/03/01"
MILLIS = 1493610300000
SESSION = {
    "session_id": "s1",
    "account_id": 4711,
    "start_time": MILLIS,
    "end_time": "2017-05-01T03:46:30.5Z",
    "is_closed": "t",
    "session_value": 19.9,
    "page_views": 3,
    "offers": {"910101": MILLIS},
    "custom_targets": {},
    "view_lines": [{"product_id": "P1", "time": "2017-05-01 03:45:06"}],
    "purchase_lines": {"p1": {"total": 75.8, "items": [{"sku": "a", "unit_price": 75.8}]}},
}
# Lines that one pass must not take for good ones, or must land as the examination does.
HARD_SESSIONS: tuple[str | bytes, ...] = (
    '{"session_id": "a", "start_time": 1493610300000, "session_id": "b"}',
    '{"session_id": "a", "start_time": 1493610300000, "view_lines": [{"a": 1, "a": 2}]}',
    '{"session_id": "a", "start_time": 1493610300000, "offers": {"1": {"a": 1, "a": 2}}}',
    '{"session_id": "a", "start_time": 1493610300000, "offers": {"1": 2, "1": 3}}',
    '{"session_id": "a", "start_time": 1493610300000, "purchase_lines": [{"items": [{"a": 1, "a": 2}]}]}',
    '{"session_id": "a", "start_time": 1493610300000, "purchase_lines": {"1": {"items": [{"a": 1,"a": 2}]}}}',
    '{"session_id": "a", "start_time": 1493610300000, "offers": "x"}',
    '{"session_id": "a", "start_time": 1493610300000, "offers": null, "novel": {"b": null, "a": [1.5, 1e3]}}',
    '{"session_id": "a", "start_time": 1493610300000} trailing',
    '{"session_id": "a", "start_time": 1493610300000,}',
    '{"session_id": "a", "start_time": NaN}',
    '{"session_id": "", "start_time": 1493610300000}',
    '{"session_id": "a", "start_time": "soon"}',
    ' \t{"session_id": 9007199254740993, "start_time": 1493610300, "account_id": "12.0"}\r',
    '{"session_id": "a", "start_time": 1493610300000, "account_id": 12.5}',
    '{"session_id": "a", "start_time": 1493610300000, "page_views": "1_000"}',
    '{"session_id": "a", "start_time": 1493610300000, "session_value": "12345678901234567890.123456789"}',
    "[1]", "{}", "null", '"text"', "12", '[{"session_id": "a", "start_time": 1493610300000}]', "{", "",
    '{"session_id": "\\u0000", "start_time": 1493610300000}',
    '{"session_id": "\\ud800", "start_time": 1493610300000}',
    '{"sess\\u0069on_id": "a", "start_time": 1493610300000, "\\u0062": 1, "b": 2}',
    '{"sess\\u0069on_id": "a", "start_time": 1493610300000, "session_id": "b"}',
    '{"session_id": "a", "start_time": 1493610300000, "offers": {"1": {"a": 1, "\\u0061": 2}}}',
    '{"session_id": "a", "start_time": 1493610300000, "view_lines": {"1": {"a": 1, "a": 2}}}',
    '{"session_id": "a", "start_time": 1493610300000, "view_lines": [[{"a": 1, "a": 2}], {"b": {"c": {}}}]}',
    '{"session_id": "a", "start_time": 1493610300000, "cart_lines": [], "offers": [{}], "purchases": ["{"]}',
    '{"session_id": "a", "start_time": 1493610300000, "purchase_lines": {"1": {"a": 1, "b": [{"c": 1}]}}}',
    '{"session_id": "a", "start_time": 1493610300000, "purchases": 12}',
    '{"session_id": "a", "start_time": 1493610300000, "purchases": ""}',
    '{"session_id": "a", "start_time": "1493610300000", "end_time": "0001493610300"}',
    '{"session_id": "a", "start_time": 999999999999, "end_time": 4102444799999}',
    '{"session_id": "a", "start_time": 4102444800000}',
    '{"session_id": "a", "start_time": 14936103000000000000000}',
    '{"session_id": "a", "start_time": 1493610300000, "account_id": 99999999999999999999}',
    '{"session_id": "a", "start_time": 1493610300000, "session_value": 1e400}',
    f'{{"session_id": "a", "start_time": 1493610300000, "offers": {"[" * 1000}{"]" * 1000}}}',
    f'{{"session_id": "a", "start_time": 1493610300000, "offers": {"[" * 999}{"]" * 999}}}',
    '\ufeff{"session_id": "a", "start_time": 1493610300000}',
    '{"session_id": "a\x00b", "start_time": 1493610300000}',
    '{"session_id": "a", "start_time": 1493610300000}\x00',
    '\x0c',
    '\v{"session_id": "a", "start_time": 1493610300000}',
    '\xa0{"session_id": "a", "start_time": 1493610300000}',
    b'{"session_id": "\xe9", "start_time": 1493610300000}',
    b'{"session_id": "\xed\xa0\x80", "start_time": 1493610300000}',
)  # fmt: skip


def both(vendor: str, folder: Path, database: Path) -> tuple[Contents, Contents]:
    """Load the folder as it is done, and with each export alone and each line examined."""
    usual = loaded(vendor, folder, database)
    proof = objects._proof
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "GROUP_EXPORTS", 1)
        patch.setattr(
            objects, "_proof", lambda *form: f"SELECT * REPLACE ('no' AS reason) FROM ({proof(*form)})"
        )
        return usual, loaded(vendor, folder, database)


@pytest.mark.parametrize("vendor", ["monetate", "rudderstack", "snowplow"])
def test_samples_give_the_same_rows_both_ways(vendor: str, tmp_path: Path) -> None:
    write_samples(tmp_path / "exports", FEWEST_EVENTS, 1)
    usual, examined = both(vendor, tmp_path / "exports" / vendor, tmp_path / "w.duckdb")
    assert usual == examined
    assert usual["raw.loads"]


def test_hard_lines_give_the_same_rows_both_ways(tmp_path: Path) -> None:
    folder = tmp_path / "exports" / MONETATE
    folder.mkdir(parents=True)
    for number, line in enumerate(HARD_SESSIONS):
        good = [json.dumps({**SESSION, "session_id": f"s{number}-{place}"}) for place in range(3)]
        write_session_file(folder, number, [good[0], line, *good[1:]])
    usual, examined = both("monetate", tmp_path / "exports", tmp_path / "w.duckdb")
    assert usual == examined
    assert len(usual["raw_monetate.sessions"]) > 3 * len(HARD_SESSIONS)
    assert len(usual["raw.rejected_lines"]) > len(HARD_SESSIONS) / 2


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


def write_session_file(folder: Path, number: int, content: Sequence[str | bytes]) -> None:
    texts = [line.encode() if isinstance(line, str) else line for line in content]
    path = folder / f"20260301T{number // 4:02d}{number % 4 * 15:02d}00.000Z_PT15M-{number}.json.gz"
    path.write_bytes(gzip.compress(b"\n".join(texts)))


def write_sessions(folder: Path, files: list[list[bytes]]) -> None:
    (folder / MONETATE).mkdir(parents=True)
    for number, content in enumerate(files):
        write_session_file(folder / MONETATE, number, content)


def write_calls(folder: Path, files: list[list[bytes]]) -> None:
    folder.mkdir(parents=True)
    for number, content in enumerate(files):
        (folder / f"{number}.json").write_bytes(b"\n".join(content))


def write_wide_rows(folder: Path, files: list[list[bytes]]) -> None:
    write = writer(folder)
    for number, content in enumerate(files):
        write(f"{RUN}/output=good/part-{number}", b"\n".join(content))
    finisher(write)()


def write_events(folder: Path, files: list[list[bytes]]) -> None:
    write = writer(folder)
    for number, content in enumerate(files):
        write(f"part-{number}.tsv", b"".join(content))


def documents(*kinds: Any) -> st.SearchStrategy[list[list[bytes]]]:
    line = st.one_of(*(mutated(kind) for kind in kinds))
    return st.lists(st.lists(line, min_size=1, max_size=6), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("vendor", "write", "files"),
    [
        ("monetate", write_sessions, documents(SESSION)),
        ("rudderstack", write_calls, documents(call(), call(type="identify"), call(type="page"))),
        ("rudderstack", write_calls, documents(row(), {name.upper(): text for name, text in row().items()})),
        (
            "snowplow",
            write_wide_rows,
            documents({**event(), "geo_city": "Leeds", "contexts_x_1": [{"a": 1}]}),
        ),
    ],
)
def test_changed_lines_give_the_same_rows_both_ways(
    vendor: str,
    write: Callable[[Path, list[list[bytes]]], None],
    files: st.SearchStrategy[list[list[bytes]]],
    scratch: Path,
) -> None:
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(files)
    def check(contents_of_files: list[list[bytes]]) -> None:
        shutil.rmtree(scratch / "exports", ignore_errors=True)
        write(scratch / "exports", contents_of_files)
        usual, examined = both(vendor, scratch / "exports", scratch / "w.duckdb")
        assert usual == examined

    check()


def test_a_batch_with_a_bad_line_lands_its_other_lines(
    tmp_path: Path, load_folder: LoadFolder, rows: Rows, landing_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "BATCH_BYTES", 1)
    folder = landing_folder / MONETATE
    folder.mkdir(parents=True)
    monkeypatch.setattr(lines, "CHUNK_BYTES", 4000)
    content = [json.dumps({**SESSION, "session_id": f"s{place}"}) for place in range(100)]
    write_session_file(folder, 0, [*content[:50], "no JSON", *content[50:]])
    (outcome,) = load_folder("monetate")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (100, 1)
    assert rows("SELECT line, reason, raw_text FROM raw.rejected_lines") == [
        (51, "not valid JSON", "no JSON")
    ]


@pytest.mark.parametrize("is_sound", ["true", "record.id <> 'x'"])
def test_lines_are_parsed_once_before_the_good_ones_are_chosen(
    connection: duckdb.DuckDBPyConnection, is_sound: str
) -> None:
    fields = (Field("id", "id", required=True), Field("at", "at", Kind.TIME), Field("n", "n", Kind.INTEGER))
    form = objects.ObjectForm(fields, insert=lambda load, query: None, is_sound=is_sound)
    connection.register("landing_batch", lines.LINES_SCHEMA.empty_table())
    proof = objects._proof(form, objects._Keys(are_faulty=False, have_others=False, plain=[]))
    plan = connection.execute(
        f"EXPLAIN (FORMAT json) SELECT file, record, parsed FROM ({proof}) WHERE reason IS NULL"
    ).fetchall()
    (node,) = json.loads(plan[0][1])
    names = [node["name"]]
    while node["children"]:
        (node,) = node["children"]
        names.append(node["name"])
    assert "ARROW_SCAN" in names[-1]
    assert names.count("FILTER") == 1
    # A condition that came down to the scan would parse each line anew, for each place it names.
    assert names.index("FILTER") < len(names) - 3


def test_keys_that_come_up_later_are_seen(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "BATCH_BYTES", 1)
    monkeypatch.setattr(lines, "CHUNK_BYTES", 4000)
    content = [json.dumps({**SESSION, "session_id": f"s{place}"}) for place in range(60)]
    content[30] = '{"session_id": "a", "session_id": "b", "start_time": 1493610300000}'
    content[40] = json.dumps({**SESSION, "novel": 1})
    content[50] = json.dumps({**SESSION, "session_value": None, "novel": 2})
    write_sessions(landing_folder, [[line.encode() for line in content]])
    load_folder("monetate")
    assert rows(
        "SELECT _line, extras::VARCHAR FROM raw_monetate.sessions WHERE extras IS NOT NULL ORDER BY 1"
    ) == [
        (41, '{"novel":1}'),
        (51, '{"novel":2}'),
    ]
    assert rows("SELECT line, reason FROM raw.rejected_lines") == [(31, "a key stands twice in the object")]
    assert rows("SELECT count(*) FROM raw_monetate.sessions") == [(59,)]


@pytest.fixture
def landings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many exports each transaction that was committed had."""
    sizes: list[int] = []
    write = Ledger.write

    def watched(self: Ledger, *entries: Any) -> None:
        write(self, *entries)
        sizes.append(len(entries))

    monkeypatch.setattr(Ledger, "write", watched)
    return sizes


def test_small_exports_land_together_each_with_its_own_row_in_the_ledger(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, landings: list[int]
) -> None:
    write_sessions(landing_folder, [[json.dumps(SESSION).encode()] * count for count in (1, 3, 2)])
    load_folder("monetate")
    assert landings == [3]
    assert rows("SELECT load_id, rows, rejected_rows, files FROM raw.loads ORDER BY load_id") == [
        (1, 1, 0, 1),
        (2, 3, 0, 1),
        (3, 2, 0, 1),
    ]
    assert rows(
        "SELECT sessions._load_id, count(*), bool_and(_loaded_at = loaded_at), "
        "bool_and(_file = export_id), min(strftime(window_started_at, '%H:%M')) "
        "FROM raw_monetate.sessions AS sessions JOIN raw.loads ON sessions._load_id = loads.load_id "
        "GROUP BY ALL ORDER BY ALL"
    ) == [(1, 1, True, True, "00:00"), (2, 3, True, True, "00:15"), (3, 2, True, True, "00:30")]
    assert rows("SELECT count(DISTINCT loaded_at) FROM raw.loads") == [(3,)]
    assert rows("SELECT load_id, export_id = file, length(digest) FROM raw.load_files ORDER BY 1") == [
        (1, True, 64),
        (2, True, 64),
        (3, True, 64),
    ]


def test_a_bad_export_among_others_is_rejected_alone(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, landings: list[int]
) -> None:
    files = [[json.dumps(SESSION).encode()] for _ in range(8)]
    files[5] = [b"no JSON"] * 11
    write_sessions(landing_folder, files)
    outcomes = load_folder("monetate")
    assert [outcome.entry.status is Status.REJECTED for outcome in outcomes] == [
        number == 5 for number in range(8)
    ]
    assert landings == [4, 1, 1, 2]
    assert rows("SELECT count(*), count(DISTINCT _load_id) FROM raw_monetate.sessions") == [(7, 7)]
    assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]


def test_a_truncated_file_among_others_is_rejected_alone(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write_sessions(landing_folder, [[json.dumps(SESSION).encode()] for _ in range(4)])
    cut = sorted((landing_folder / MONETATE).iterdir())[2]
    cut.write_bytes(cut.read_bytes()[:-5])
    outcomes = load_folder("monetate")
    assert [outcome.entry.status.value for outcome in outcomes] == ["loaded", "loaded", "rejected", "loaded"]
    assert rows("SELECT count(*) FROM raw_monetate.sessions") == [(3,)]


def test_what_lands_together_is_bounded(
    landing_folder: Path, load_folder: LoadFolder, landings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "GROUP_EXPORTS", 3)
    write_events(landing_folder, [[tsv(event(f"e{number}")).encode()] for number in range(7)])
    load_folder("snowplow")
    assert landings == [3, 3, 1]
    monkeypatch.setattr(loading, "GROUP_BYTES", 1000)
    write_calls(landing_folder / "calls", [[json.dumps(call(f"m{number}")).encode()] for number in range(5)])
    load_folder("rudderstack")
    assert landings[3:] == [2, 2, 1]


def test_a_copy_waits_for_what_it_is_a_copy_of(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    for folder in ("a", "b", "c"):
        write_calls(landing_folder / folder, [[json.dumps(call()).encode()]])
    outcomes = load_folder("rudderstack")
    assert [outcome.is_new for outcome in outcomes] == [True, False, False]
    assert rows("SELECT count(*) FROM raw_rudderstack.tracks") == [(1,)]


def test_exports_that_land_together_quarantine_nothing(landing_folder: Path, tmp_path: Path) -> None:
    write_events(landing_folder, [[b"no event\n"], [b"no event\n"]])
    landing = open_landing(str(landing_folder))
    connection = connect(tmp_path / "w.duckdb")
    vendor = VENDORS["snowplow"]()
    exports = vendor.discover(landing, Ledger(connection), Options())
    load = Load(connection, landing, exports, *Ledger(connection).next_load())
    with pytest.raises(NotSoundError):
        vendor.land(load)
    connection.close()
