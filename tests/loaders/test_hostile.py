"""Exports made to harm: nothing of them is loaded, in bounded time and room, and the reason is told."""

from __future__ import annotations

import gzip
import json
import os
import socket
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from loaders import limits, lines
from loaders.cli import main
from loaders.errors import LandingError, UsageError
from loaders.exports import Status
from loaders.limits import EXPANSION, NESTING
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.leanplum_delivery import APP, DAY, OTHER_UUID, UUID, JobFiles, session
from tests.loaders.leanplum_delivery import lines as session_lines
from tests.loaders.pendo_delivery import Delivery, day_export
from tests.loaders.snowplow_delivery import RUN, finisher, ndjson, tsv, writer
from tests.loaders.snowplow_delivery import event as snowplow_event
from tests.loaders.soundness import check_sound

NAME = f"export-{APP}-{UUID}-output-0"
CALL = {"messageId": "m1", "type": "track", "receivedAt": "2020-01-24T06:29:02Z"}
Refused = Callable[..., str]


@pytest.fixture
def refused(load_folder: LoadFolder, rows: Rows, connection: duckdb.DuckDBPyConnection) -> Refused:
    """Load, see that the one export is not loaded and left no row, and return the reason."""

    def run(vendor: str, status: Status = Status.REJECTED) -> str:
        (outcome,) = load_folder(vendor)
        assert outcome.entry.status is status, outcome.entry
        assert rows("SELECT count(*) FROM raw.loads WHERE status = 'loaded'") == [(0,)]
        assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]
        check_sound(connection)
        return outcome.entry.reason

    return run


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (["../../../etc/passwd"], "a path that leaves its folder"),
        ([f"{DAY}/../{DAY}/{NAME}"], "a path that leaves its folder"),
        ([f"{DAY}/%2e%2e/{NAME}"], "a path that leaves its folder"),
        ([f"..\\{NAME}"], "no file of its own job"),
        ([f"/etc/{DAY}/{NAME}"], "a path of some machine"),
        ([f"file:///srv/{DAY}/{NAME}"], "a path of some machine"),
        (
            [f"gs://ours/{DAY}/{NAME}", f"gs://theirs/{DAY}/{NAME}"],
            "of several places, gs://ours and gs://theirs",
        ),
        ([f"20190101/{NAME}"], "a file of another folder"),
        ([NAME.replace(UUID, OTHER_UUID)], "no file of its own job"),
        ([NAME.replace(APP, "1")], "no file of its own job"),
        (["/dev/zero"], "a path of some machine"),
        ([NAME, {"name": NAME, "rows": 2**63}], "which is no count"),
        ([{"name": NAME, "size": -1}], "which is no count"),
        ([{"name": NAME, "rows": 1.5}], "which is no count"),
    ],
)
def test_leanplum_manifests_name_files_of_their_own_job_only(
    landing_folder: Path, refused: Refused, listed: list[Any], told: str
) -> None:
    job = JobFiles(landing_folder)
    job.write("output-0", session_lines(session("1")))
    job.manifest(listed)
    assert told in refused("leanplum")


@pytest.mark.parametrize(
    "count", ["NaN", "1e400", "-1", str(2**63), "9" * 5000, '"\\ud800"', "[" * 200 + "]" * 200]
)
def test_absurd_counts_are_refused_by_every_manifest(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, count: str
) -> None:
    job = JobFiles(landing_folder / "leanplum")
    job.write("output-0", session_lines(session("1")))
    job.write("output-manifest", f'{{"files": ["{NAME}"], "numSessions": {count}}}'.encode())
    write = writer(landing_folder / "snowplow")
    write(f"{RUN}/output=good/part-0.json", ndjson(snowplow_event()))
    finisher(write)(good=4711)
    completion = landing_folder / "snowplow" / RUN / "shredding_complete.json"
    completion.write_text(completion.read_text().replace("4711", count))
    delivery = Delivery(landing_folder / "pendo")
    entry = day_export(delivery, 1)
    entry["timeDependent"][0]["allEvents"]["eventCount"] = 4711
    delivery.write_manifest()
    manifest = delivery.folder / "exportmanifest.json"
    manifest.write_text(manifest.read_text().replace("4711", count))
    for vendor in ("leanplum", "snowplow", "pendo"):
        (outcome,) = load_folder(vendor, landing_folder / vendor)
        assert outcome.entry.status is Status.REJECTED
        assert outcome.entry.reason
    assert rows("SELECT count(*) FROM raw.loads WHERE load_id IS NOT NULL") == [(0,)]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"rootUrl": "gs://bucket/.."}, "names no export folder"),
        ({"rootUrl": "/"}, "names no export folder"),
        ({"files": ["../export-1/allevents-0.avro"]}, "outside the export's own folder"),
        ({"files": ["/etc/passwd"]}, "outside the export's own folder"),
        ({"files": ["gs://other/a.avro"]}, "outside the export's own folder"),
        ({"files": ["C:\\a.avro"]}, "outside the export's own folder"),
    ],
)
def test_pendo_manifests_name_files_of_their_own_folder_only(
    landing_folder: Path, refused: Refused, keys: dict[str, Any], told: str
) -> None:
    delivery = Delivery(landing_folder)
    entry = day_export(delivery, 1)
    if "files" in keys:
        entry["timeDependent"][0]["allEvents"]["files"] = keys["files"]
    else:
        entry.update(keys)
    delivery.write_manifest()
    assert told in refused("pendo")


@pytest.mark.parametrize(
    "day", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "99999999", 10**400, -1, [], "NaN"]
)
def test_days_that_no_calendar_has_are_refused(landing_folder: Path, refused: Refused, day: Any) -> None:
    delivery = Delivery(landing_folder)
    entry = day_export(delivery, 1)
    entry["timeDependent"][0]["periodId"] = day
    delivery.write_manifest()
    assert "periodId is" in refused("pendo")


def test_two_counters_of_pendo_cannot_share_a_folder(landing_folder: Path, load_folder: LoadFolder) -> None:
    delivery = Delivery(landing_folder)
    first = day_export(delivery, 1)
    delivery.export(2, *first["timeDependent"], rootUrl=first["rootUrl"])
    one, two = load_folder("pendo")
    assert (one.entry.status, two.entry.status) == (Status.LOADED, Status.REJECTED)
    assert "its rootUrl is that of counter 1" in two.entry.reason


def test_a_completion_file_of_another_run_vouches_for_nothing(landing_folder: Path, refused: Refused) -> None:
    write = writer(landing_folder)
    write(f"{RUN}/output=good/part-0.json", ndjson(snowplow_event()))
    finisher(write)(base="s3://acme/run=2023-01-01-00-00-00/")
    assert "is that of run=2023-01-01-00-00-00" in refused("snowplow")


def make_link_out(place: Path) -> None:
    place.symlink_to("/etc/hostname")


def make_folder_link_out(place: Path) -> None:
    place.symlink_to("/etc", target_is_directory=True)


def make_device_link(place: Path) -> None:
    place.symlink_to("/dev/zero")


def make_pipe(place: Path) -> None:
    os.mkfifo(place)


def make_socket(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        # The path of a socket may not be long, so it is bound from its own folder.
        before = Path.cwd()
        os.chdir(place.parent)
        try:
            end.bind(place.name)
        finally:
            os.chdir(before)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (make_link_out, "is a link that leads out of the landing folder"),
        (make_folder_link_out, "is a link that leads out of the landing folder"),
        (make_device_link, "is a link that leads out of the landing folder"),
        (make_pipe, "is a named pipe, not a file"),
        (make_socket, "is a socket, not a file"),
    ],
)
def test_what_is_no_file_of_the_folder_stops_the_run(
    landing_folder: Path,
    load_folder: LoadFolder,
    rows: Rows,
    make: Callable[[Path], None],
    told: str,
) -> None:
    job = JobFiles(landing_folder)
    job.write_json(session_lines(session("1")))
    (landing_folder / "a.json").write_text(json.dumps(CALL))
    make(job.write("output-1", b"").with_name("x.json"))
    for vendor in ("leanplum", "rudderstack"):
        with pytest.raises(LandingError, match=told):
            load_folder(vendor)
    assert rows("SELECT count(*) FROM raw.loads") == [(0,)]


def test_a_link_to_a_file_of_the_folder_is_that_file(landing_folder: Path, load_folder: LoadFolder) -> None:
    (landing_folder / "store").mkdir()
    (landing_folder / "store" / "a.json").write_text(json.dumps(CALL))
    (landing_folder / "tracks.json").symlink_to(landing_folder / "store" / "a.json")
    assert [outcome.entry.status for outcome in load_folder("rudderstack")] == [Status.LOADED] * 2


def bomb(size: int) -> bytes:
    """Return a gzip file of so many zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


def test_a_gzip_bomb_is_not_read_to_its_end(
    landing_folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bomb(64 << 20)
    (landing_folder / "a.json.gz").write_bytes(content)
    monkeypatch.setattr(lines, "HARMLESS_BYTES", 1 << 20)
    reason = refused("rudderstack")
    assert f"a.json.gz has {len(content):,} bytes and grows to more than 200 times as many" in reason
    assert "raise the limit with SESSIONHOUSE_MAX_EXPANSION" in reason
    # With the limit raised its content is looked at, and refused for what it is.
    monkeypatch.setenv(EXPANSION.variable, "2000")
    assert "holds no RudderStack lines" in refused("rudderstack")


def test_many_members_of_a_gzip_file_count_together(
    landing_folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "HARMLESS_BYTES", 1 << 20)
    (landing_folder / "a.json.gz").write_bytes(gzip.compress(b"\n" * (1 << 20)) * 40)
    assert "grows to more than 200 times" in refused("rudderstack")


def test_a_gzip_file_in_a_gzip_file_is_not_unpacked_twice(landing_folder: Path, refused: Refused) -> None:
    inner = gzip.compress(json.dumps(CALL).encode())
    (landing_folder / "a.json.gz").write_bytes(gzip.compress(inner))
    assert "holds no RudderStack lines" in refused("rudderstack")


@pytest.mark.parametrize("vendor", ["leanplum", "pendo", "snowplow"])
def test_a_manifest_that_grows_without_end_is_refused(
    landing_folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    monkeypatch.setenv(limits.MANIFEST_BYTES.variable, str(4 << 20))
    content = bomb(64 << 20)
    if vendor == "leanplum":
        job = JobFiles(landing_folder)
        job.write("output-0", session_lines(session("1")))
        job.write("output-manifest", content)
    elif vendor == "pendo":
        delivery = Delivery(landing_folder)
        day_export(delivery, 1)
        (delivery.folder / "exportmanifest.json").write_bytes(content)
    else:
        write = writer(landing_folder)
        write(f"{RUN}/output=good/part-0.json", ndjson(snowplow_event()))
        write(f"{RUN}/shredding_complete.json", content)
    reason = refused(vendor)
    assert "is longer than 4,194,304 bytes, which no manifest is" in reason
    assert limits.MANIFEST_BYTES.variable in reason


def test_millions_of_entries_end_in_good_time(landing_folder: Path, refused: Refused) -> None:
    job = JobFiles(landing_folder)
    job.write("output-0", session_lines(session("1")))
    job.write("output-manifest", b"[" + b'"a",' * 2_000_000 + f'"{NAME}"]'.encode())
    begun = time.monotonic()
    assert "lists a, which is no file of its own job" in refused("leanplum")
    assert time.monotonic() - begun < 30


def test_more_exports_than_pendo_lists_are_refused(landing_folder: Path, refused: Refused) -> None:
    delivery = Delivery(landing_folder)
    delivery.entries = [{"counter": counter, "exportType": "Test"} for counter in range(1, 200_001)]
    delivery.write_manifest()
    assert "it lists 200,000 exports, more than 5,000" in refused("pendo")


DEEP = '{"a":' * 200_000 + "1" + "}" * 200_000
WIDE = "[" * 200_000 + "]" * 200_000


@pytest.mark.parametrize("deep", [DEEP, WIDE], ids=["objects", "arrays"])
@pytest.mark.parametrize("vendor", ["leanplum", "monetate", "rudderstack", "snowplow"])
def test_a_line_that_is_nested_too_deep_is_quarantined_whole(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, vendor: str, deep: str
) -> None:
    documents: dict[str, dict[str, Any]] = {
        "leanplum": session("1"),
        "monetate": {"session_id": "1", "start_time": "2020-01-24T06:29:02Z"},
        "rudderstack": CALL,
        "snowplow": snowplow_event(),
    }
    good = json.dumps(documents[vendor])
    bad = f'{good[:-1]},"zz":{deep}}}'
    text = f"{good}\n{bad}\n"
    write = writer(landing_folder)
    if vendor == "leanplum":
        JobFiles(landing_folder).write_json(text.encode())
    elif vendor == "snowplow":
        write(f"{RUN}/output=good/part-0.json", text)
        finisher(write)()
    else:
        write({"monetate": "20200124T060000.000Z_PT15M-0.json.gz", "rudderstack": "a.json"}[vendor], text)
    (outcome,) = load_folder(vendor)
    assert (outcome.entry.status, outcome.entry.rejected_rows) == (Status.LOADED, 1)
    assert rows("SELECT reason, raw_text FROM raw.rejected_lines") == [
        ("JSON is nested more than 1,000 levels deep", bad)
    ]


def test_brackets_in_texts_do_not_count_as_depth(landing_folder: Path, load_folder: LoadFolder) -> None:
    call = {**CALL, "properties": {"a": "[{" * 5000 + '\\"' + "[" * 5000, "b": [{}] * 5000}}
    (landing_folder / "a.json").write_text(json.dumps(call))
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (1, 0)


def test_the_limit_of_depth_is_exact_and_can_be_set(
    landing_folder: Path, load_folder: LoadFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NESTING.variable, "50")
    calls = [json.dumps({**CALL, "messageId": f"m{n}"})[:-1] + f',"p":{"[" * n}{"]" * n}}}' for n in (49, 50)]
    (landing_folder / "a.json").write_text("\n".join(calls))
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (1, 1)


@pytest.mark.parametrize("value", ["0", "-1", "many", "1e3", "٣", "9" * 30])
def test_a_limit_that_is_no_number_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NESTING.variable, value)
    with pytest.raises(UsageError, match=r"SESSIONHOUSE_MAX_NESTING is .*; give a whole number from 1"):
        assert NESTING.value


HOSTILE_NAME = "a\x1b[2J\x07\u202eb\nrudderstack: loaded c.json"


@pytest.mark.parametrize("command", ["load", "status", "rejects"])
def test_no_terminal_obeys_what_an_export_is_named(
    landing_folder: Path, tmp_path: Path, command: str
) -> None:
    (landing_folder / f"{HOSTILE_NAME}.json").write_text(f"{json.dumps(CALL)}\n\x1b]0;title\x07 bad line")
    database = ("--database", str(tmp_path / "w.duckdb"))
    result = CliRunner().invoke(main, ["load", "rudderstack", str(landing_folder), "--verbose", *database])
    assert result.exit_code == 0, result.output
    if command != "load":
        result = CliRunner().invoke(main, [command, *database])
    assert not set(result.output) & {"\x1b", "\x07", "\u202e", "\r"}
    assert r"a\x1b[2J\x07\u202eb" in result.output
    assert not any(line.startswith("rudderstack: loaded c.json") for line in result.output.splitlines())
    assert command != "rejects" or r"\x1b]0;title\x07 bad line" in result.output


def test_a_hostile_name_in_an_error_is_shown_escaped(landing_folder: Path, tmp_path: Path) -> None:
    os.mkfifo(landing_folder / "\x1b[31m.json")
    arguments = ["load", "rudderstack", str(landing_folder), "--database", str(tmp_path / "w.duckdb")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 3
    assert r"\x1b[31m.json is a named pipe" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_deep_document_in_a_field_of_tsv_is_noticed(landing_folder: Path, load_folder: LoadFolder) -> None:
    good, bad = tsv(snowplow_event("e1")), tsv(snowplow_event("e2", contexts=WIDE))
    writer(landing_folder)("part-0.tsv", good + bad)
    (outcome,) = load_folder("snowplow")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (1, 1)
