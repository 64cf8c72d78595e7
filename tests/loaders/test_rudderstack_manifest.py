"""The optional manifest of ours beside RudderStack files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from loaders.exports import DataFile, Status
from loaders.landing import open_landing
from loaders.loading import Outcome
from loaders.vendors.rudderstack.manifest import manifest_files, read_manifests
from loaders.vendors.rudderstack.paths import MANIFEST_NAME
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.rudderstack_delivery import call, counts, row, write

DAY = "rudder-logs/src1/2020-01-24"


def vouch(folder: Path, *entries: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"entries": list(entries)})
    (folder / MANIFEST_NAME).write_text(text, encoding="utf-8")


def entry(url: str, size: int | None = None, records: int | None = None) -> dict[str, Any]:
    meta = {"content_length": size, "record_count": records}
    return {"url": url, "meta": {key: value for key, value in meta.items() if value is not None}}


def verdicts(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.entry.export_id.rpartition("/")[2]: str(outcome.entry.status) for outcome in outcomes}


def test_listed_files_of_the_listed_size_and_count_are_loaded(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    one = write(landing_folder / DAY / "1.json.gz", call("m1"), call("m2"))
    write(landing_folder / DAY / "2.json.gz", call("m3"))
    vouch(landing_folder / DAY, entry("1.json.gz", one.stat().st_size, 2), entry("2.json.gz"))
    outcomes = load_folder("rudderstack")
    assert verdicts(outcomes) == {"1.json.gz": "loaded", "2.json.gz": "loaded"}
    assert counts(rows) == {"tracks": 3}
    assert not any(outcome.is_new for outcome in load_folder("rudderstack"))


def test_a_listed_file_that_is_missing_is_incomplete_until_it_is_there(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / DAY / "1.json.gz", call("m1"))
    vouch(landing_folder / DAY, entry("1.json.gz"), entry("2.json.gz", records=1))
    outcomes = load_folder("rudderstack")
    assert verdicts(outcomes) == {"1.json.gz": "loaded", "2.json.gz": "incomplete"}
    (missing,) = [each.entry for each in outcomes if each.entry.status is Status.INCOMPLETE]
    assert missing.reason == f"listed in {DAY}/{MANIFEST_NAME} and not there. Loaded when it is."
    write(landing_folder / DAY / "2.json.gz", call("m2"))
    outcomes = load_folder("rudderstack")
    assert verdicts(outcomes) == {"1.json.gz": "loaded", "2.json.gz": "loaded"}
    assert rows("SELECT DISTINCT status FROM raw.loads") == [("loaded",)]


def test_another_size_rejects_the_file_and_the_others_load(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    size = write(landing_folder / DAY / "1.json.gz", call("m1")).stat().st_size
    write(landing_folder / DAY / "2.json.gz", call("m2"))
    vouch(landing_folder / DAY, entry("1.json.gz", size + 1), entry("2.json.gz", 1 << 40), entry("3.json"))
    write(landing_folder / DAY / "3.json", call("m3"))
    outcomes = load_folder("rudderstack")
    assert verdicts(outcomes) == {"1.json.gz": "rejected", "2.json.gz": "rejected", "3.json": "loaded"}
    assert f"1.json.gz has {size} bytes, {DAY}/{MANIFEST_NAME} lists {size + 1}" in outcomes[0].entry.reason
    assert rows("SELECT id FROM raw_rudderstack.tracks") == [("m3",)]


@pytest.mark.parametrize("records", [0, 1, 3])
def test_another_count_rejects_the_file_and_leaves_no_row(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, records: int
) -> None:
    write(landing_folder / DAY / "1.json.gz", call("m1"), "not json")
    vouch(landing_folder / DAY, entry("1.json.gz", records=records))
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.status is Status.REJECTED
    assert f"1.json.gz holds 2 records, its manifest lists {records}" in outcome.entry.reason
    assert counts(rows) == {}
    assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]
    vouch(landing_folder / DAY, entry("1.json.gz", records=2))
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.status, outcome.entry.rows, outcome.entry.rejected_rows) == (Status.LOADED, 1, 1)


def test_rows_of_csv_files_are_counted_without_the_header(
    landing_folder: Path, load_folder: LoadFolder
) -> None:
    (landing_folder / "tracks.csv").write_text("id,received_at\nm1,2020-01-24\nm2,x\n", encoding="utf-8")
    vouch(landing_folder, entry("tracks.csv", records=2))
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.status, outcome.entry.rows, outcome.entry.rejected_rows) == (Status.LOADED, 1, 1)


def test_unlisted_files_are_told_of_and_not_loaded(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    write(landing_folder / DAY / "1.json.gz", call("m1"))
    write(landing_folder / DAY / "late" / "2.json.gz", call("m2"))
    write(landing_folder / "rudder-logs/src1/2020-01-25/3.json.gz", call("m3"))
    vouch(landing_folder / DAY, entry("1.json.gz"))
    outcomes = load_folder("rudderstack")
    assert verdicts(outcomes) == {"1.json.gz": "loaded", "2.json.gz": "orphan", "3.json.gz": "loaded"}
    (orphan,) = [each.entry for each in outcomes if each.entry.status is Status.ORPHAN]
    assert orphan.reason.startswith(f"not listed in {DAY}/{MANIFEST_NAME}")
    assert rows("SELECT id FROM raw_rudderstack.tracks ORDER BY id") == [("m1",), ("m3",)]
    vouch(landing_folder / DAY, entry("1.json.gz"), entry("late/2.json.gz"))
    assert verdicts(load_folder("rudderstack"))["2.json.gz"] == "loaded"


def test_a_file_that_was_loaded_before_its_manifest_came_stays_loaded(
    landing_folder: Path, load_folder: LoadFolder
) -> None:
    write(landing_folder / DAY / "1.json.gz", call("m1"))
    load_folder("rudderstack")
    vouch(landing_folder / DAY)
    (outcome,) = load_folder("rudderstack")
    assert (outcome.is_new, outcome.entry.status) == (False, Status.LOADED)


def test_of_two_manifests_the_nearer_one_counts(landing_folder: Path, load_folder: LoadFolder) -> None:
    write(landing_folder / "1.json", row("m1"))
    write(landing_folder / "a" / "2.json", row("m2"))
    write(landing_folder / "b" / "3.json", row("m3"))
    vouch(landing_folder, entry("1.json"), entry("b/3.json"))
    vouch(landing_folder / "a", entry("2.json"))
    assert verdicts(load_folder("rudderstack")) == {
        "1.json": "loaded",
        "2.json": "loaded",
        "3.json": "loaded",
    }


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/prefix/rudder-logs/src1/2020-01-24/1.json.gz",
        "s3://bucket/rudder-logs/src1/2020-01-24/1.json.gz",
        "gs://bucket/2020-01-24/1.json.gz",
        "https://bucket.example/rudder-logs/src1/2020-01-24/1.json.gz?signature=a/b",
        "https://bucket.example/rudder%2Dlogs/src1/2020-01-24/1.json.gz",
    ],
)
def test_a_url_leads_through_the_folder_of_the_manifest(
    landing_folder: Path, load_folder: LoadFolder, url: str
) -> None:
    write(landing_folder / DAY / "1.json.gz", call("m1"))
    vouch(landing_folder / DAY, entry(url, records=1))
    assert verdicts(load_folder("rudderstack")) == {"1.json.gz": "loaded"}


@pytest.mark.parametrize(
    "url",
    [
        "../2020-01-25/1.json.gz",
        "/etc/1.json.gz",
        "a/../../1.json.gz",
        "./1.json.gz",
        "a//1.json.gz",
        "..\\1.json.gz",
        "",
        "s3://bucket/1.json.gz",
        "s3://bucket/rudder-logs/src1/2020-01-25/1.json.gz",
        "s3://bucket/rudder-logs/src1/2020-01-24/../2020-01-25/1.json.gz",
        "https://bucket.example/2020-01-24/%2e%2e/1.json.gz",
    ],
)
def test_an_entry_that_points_outside_of_the_folder_is_refused(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, url: str
) -> None:
    write(landing_folder / DAY / "1.json.gz", call("m1"))
    vouch(landing_folder / DAY, entry("1.json.gz"), entry(url))
    (outcome,) = load_folder("rudderstack")
    assert outcome.entry.status is Status.REJECTED
    assert "which does not lie in the manifest's own folder" in outcome.entry.reason
    assert url in outcome.entry.reason
    assert counts(rows) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not valid JSON"),
        ('{"entries": [], "entries": []}', "a key stands twice"),
        ("[]", 'is no object with a list of "entries"'),
        ('{"entries": {}}', 'is no object with a list of "entries"'),
        ('{"entries": ["1.json"]}', 'has an entry without a "url": "1.json"'),
        ('{"entries": [{"url": 1}]}', 'has an entry without a "url"'),
        ('{"entries": [{"url": "1.json", "meta": [1]}]}', "has a meta that is no object"),
        ('{"entries": [{"url": "1.json", "size": 1}]}', "has the unknown key size"),
        ('{"entries": [{"url": "1.json", "meta": {"records": 1}}]}', "has the unknown key records"),
        ('{"entries": [{"url": "1.json", "mandatory": false}]}', "has an entry that is not mandatory"),
        (
            '{"entries": [{"url": "1.json", "meta": {"record_count": -1}}]}',
            "the record_count -1, which is no",
        ),
        ('{"entries": [{"url": "1.json", "meta": {"record_count": true}}]}', "which is no count"),
        ('{"entries": [{"url": "1.json", "meta": {"content_length": "9"}}]}', 'the content_length "9"'),
        ('{"entries": [{"url": "1.json"}, {"url": "1.json"}]}', "lists 1.json twice"),
        ('{"entries": [{"url": "notes.txt"}]}', "by its name is no JSON, CSV or Parquet file"),
        (f'{{"entries": [{{"url": "{MANIFEST_NAME}"}}]}}', "by its name is no JSON, CSV or Parquet file"),
        ('{"entries": [{"url": "a/2.json"}]}', f"lists a/2.json, which lies beside another {MANIFEST_NAME}"),
    ],
)
def test_a_manifest_that_cannot_be_understood_keeps_out_what_it_could_speak_of(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows, text: str, reason: str
) -> None:
    write(landing_folder / "1.json", row("m1"))
    write(landing_folder / "a" / "2.json", row("m2"))
    vouch(landing_folder / "a", entry("2.json"))
    (landing_folder / MANIFEST_NAME).write_text(text, encoding="utf-8")
    faulty, other = load_folder("rudderstack")
    assert (faulty.entry.export_id, faulty.entry.status) == ("1.json", Status.REJECTED)
    assert reason in faulty.entry.reason
    assert faulty.entry.reason.startswith(MANIFEST_NAME)
    assert other.entry.status is Status.LOADED


def test_a_faulty_manifest_alone_in_its_folder_is_told_of(
    landing_folder: Path, load_folder: LoadFolder
) -> None:
    (landing_folder / MANIFEST_NAME).write_bytes(b"\x1f\x8b\x08")
    (outcome,) = load_folder("rudderstack")
    assert (outcome.entry.export_id, outcome.entry.status) == (MANIFEST_NAME, Status.REJECTED)
    assert "is cut" in outcome.entry.reason


def test_an_empty_manifest_with_mandatory_entries_and_a_byte_order_mark_is_read(
    landing_folder: Path,
) -> None:
    text = '{"entries": [{"url": "1.json", "mandatory": true, "meta": null}]}'
    (landing_folder / MANIFEST_NAME).write_text(text, encoding="utf-8-sig")
    landing = open_landing(str(landing_folder))
    manifests = read_manifests(landing, manifest_files(landing.list_files()))
    assert [*manifests[""].listed] == ["1.json"]
    assert manifests[""].fault == ""


class Bucket:
    """A place whose paths begin at its top, as keys of object storage do."""

    uri = "s3://bucket"
    room = 0

    def __init__(self, manifest: bytes) -> None:
        self._manifest = manifest

    def list_files(self) -> list[DataFile]:
        return [DataFile(MANIFEST_NAME, len(self._manifest), "1")]

    def open(self, file: DataFile) -> BinaryIO:
        return BytesIO(self._manifest)

    def local_path(self, file: DataFile) -> Path:
        return Path(file.path)

    def full_path(self, file: DataFile) -> str:
        return file.path

    def expect(self, files: Iterable[DataFile]) -> None:
        pass

    def release(self, files: Iterable[DataFile]) -> None:
        pass

    def close(self) -> None:
        pass


def test_at_the_top_of_its_place_a_manifest_may_speak_of_every_key() -> None:
    bucket = Bucket(b'{"entries": [{"url": "s3://bucket/a/1.json"}, {"url": "s3://bucket/2.json"}]}')
    manifests = read_manifests(bucket, manifest_files(bucket.list_files()))
    assert [*manifests[""].listed] == ["a/1.json", "2.json"]
