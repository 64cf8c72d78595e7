"""Exports in S3: what is listed and read, and that a bucket loads as a folder does."""

from __future__ import annotations

import gzip
import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from loaders.errors import UsageError
from loaders.exports import Options, Status
from loaders.landing import open_landing
from loaders.loading import load_landing
from loaders.samples.generate import write_samples
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect
from tests.loaders.conftest import LoadPlace, Rows
from tests.loaders.leanplum_delivery import JobFiles, lines, session
from tests.loaders.object_store import Bucket
from tests.loaders.pendo_delivery import Delivery, day_export
from tests.loaders.snowplow_delivery import RUN, event, finisher, writer

LEDGER = "vendor, export_id, status, files, rows, rejected_rows, reason, digest, load_id"
LOAD_FILES = "load_id, export_id, file, name, size, digest"


def call(message_id: str) -> bytes:
    told = {"messageId": message_id, "type": "track", "event": "Buy", "receivedAt": "2020-01-24T06:29:02Z"}
    return gzip.compress(json.dumps(told).encode(), mtime=0)


def listed(uri: str) -> list[str]:
    with closing(open_landing(uri)) as landing:
        return [file.path for file in landing.list_files()]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "exports"
    write_samples(folder, 100, 1)
    return folder


def test_more_than_a_thousand_keys_are_listed_page_by_page(bucket: Bucket) -> None:
    names = [f"exports/{number:04}.json" for number in range(1005)]
    for name in names:
        bucket.put(name, "{}")
    bucket.forget_requests()
    assert listed(f"{bucket.uri}/exports") == [name.removeprefix("exports/") for name in names]
    assert [(request.key, request.method) for request in bucket.store.requests] == [("", "GET")] * 2


def test_what_folders_leave_out_is_left_out_and_so_are_markers_of_folders(bucket: Bucket) -> None:
    for key in ("a.json", "b/c.json", ".hidden", "b/.git/x.json", "x_$folder$", "b/", "c.json.part"):
        bucket.put(f"exports/{key}", "{}")
    for key in ("exports/", "exports_$folder$", "exports-old/z.json", "exports/_SUCCESS", "other.json"):
        bucket.put(key, "{}")
    assert listed(f"{bucket.uri}/exports") == listed(f"{bucket.uri}/exports/") == ["a.json", "b/c.json"]
    assert listed(bucket.uri) == ["exports-old/z.json", "exports/a.json", "exports/b/c.json", "other.json"]


def test_one_object_is_a_place_and_its_version_is_its_etag(bucket: Bucket) -> None:
    bucket.put("exports/a.json", "one")
    bucket.put("exports/a.json.gz", "two")
    with closing(open_landing(f"{bucket.uri}/exports/a.json")) as landing:
        (file,) = landing.list_files()
        assert (file.path, file.size, file.version) == ("a.json", 3, "f97c5d29941bfb1b2fdab0874906ab82")
        assert landing.full_path(file) == "/exports/a.json"
        with landing.open(file) as stream:
            assert stream.read() == b"one"


def test_keys_of_every_form_are_read(bucket: Bucket) -> None:
    keys = ["run=1/ü & ?#+%20.json", "c//d.json", 'e"\\f.json', "[i]*.json"]
    for key in keys:
        bucket.put(f"p/{key}", key)
    with closing(open_landing(f"{bucket.uri}/p")) as landing:
        files = landing.list_files()
        assert {file.path for file in files} == set(keys)
        for file in files:
            assert landing.local_path(file).read_text(encoding="utf-8") == file.path


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_a_bucket_loads_as_the_folder_does_and_a_second_run_only_lists_it(
    bucket: Bucket, samples: Path, load_place: LoadPlace, rows: Rows, vendor: str
) -> None:
    bucket.upload(samples / vendor, f"exports/{vendor}/")
    uri = f"{bucket.uri}/exports/{vendor}"
    from_folder = connect(Path(":memory:"))
    load_landing(from_folder, VENDORS[vendor](), open_landing(str(samples / vendor)), Options())
    bucket.forget_requests()

    first = load_place(vendor, uri)

    assert bucket.store.listings == 1
    # A file is read once; what tells of a run's end, once when it is found.
    assert len(bucket.store.read) == len(set(bucket.store.read))
    assert any(outcome.entry.rows for outcome in first)
    for query in (
        *(f"SELECT * EXCLUDE (_loaded_at) FROM {table}" for table in VENDORS[vendor]().tables),
        f"SELECT {LEDGER} FROM raw.loads",
        f"SELECT {LOAD_FILES} FROM raw.load_files",
        "SELECT * EXCLUDE (loaded_at) FROM raw.rejected_lines",
    ):
        assert rows(f"{query} ORDER BY ALL") == from_folder.execute(f"{query} ORDER BY ALL").fetchall(), query
    from_folder.close()
    assert not list(Path(os.environ["SESSIONHOUSE_CACHE"]).rglob("run-*"))

    bucket.forget_requests()
    second = load_place(vendor, uri)

    assert bucket.store.listings == 1
    incomplete = [each.entry.export_id for each in second if each.entry.status is Status.INCOMPLETE]
    manifests = [f"output-manifest of {each}" for each in incomplete] if vendor == "leanplum" else []
    assert len(bucket.store.read) == len(manifests), bucket.store.read
    told = [(each.entry.export_id, each.entry.status) for each in first]
    assert [(each.entry.export_id, each.entry.status) for each in second] == told
    assert not [each for each in second if each.is_new and each.entry.status is Status.LOADED]


def test_a_copy_elsewhere_is_known_by_its_content_and_read_for_that_once(
    bucket: Bucket, load_place: LoadPlace, rows: Rows
) -> None:
    bucket.put("old/a.json.gz", call("m1"))
    load_place("rudderstack", f"{bucket.uri}/old")
    bucket.client.put_object(Bucket=bucket.name, Key="new/x/a.json.gz", Body=call("m1"))
    bucket.put("new/b.json.gz", call("m2"))
    bucket.forget_requests()

    outcomes = load_place("rudderstack", f"{bucket.uri}/new")

    assert {outcome.entry.export_id: outcome.is_new for outcome in outcomes} == {
        "a.json.gz": False,
        "b.json.gz": True,
    }
    assert sorted(bucket.store.read) == ["new/b.json.gz", "new/x/a.json.gz"]
    bucket.forget_requests()
    assert not [each for each in load_place("rudderstack", f"{bucket.uri}/new") if each.is_new]
    assert bucket.store.read == []
    assert rows("SELECT count(*) FROM raw_rudderstack.tracks") == [(2,)]


def test_files_are_read_in_their_turn_and_not_all_before_the_first_load(
    bucket: Bucket, load_place: LoadPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        bucket.put(f"x/{number:02}.json.gz", call(f"m{number}"))
    vendor = VENDORS["rudderstack"]
    read_before: list[int] = []
    land = vendor.land  # type: ignore[attr-defined]

    def counted(self: Any, load: Any) -> None:
        read_before.append(len(set(bucket.store.read)))
        land(self, load)

    monkeypatch.setattr(vendor, "land", counted)
    bucket.forget_requests()
    size = len(call("m10"))
    assert len(load_place("rudderstack", f"{bucket.uri}/x", limit=4 * size)) == 20
    assert read_before[0] <= 4
    assert len(bucket.store.read) == 20


def test_a_changed_leanplum_manifest_is_noticed(
    bucket: Bucket, landing_folder: Path, load_place: LoadPlace, rows: Rows
) -> None:
    job = JobFiles(landing_folder)
    job.write_json(lines(session("1")))
    bucket.upload(landing_folder)
    load_place("leanplum", bucket.uri)
    job.write_json(lines(session("1")), lines(session("2")))
    bucket.upload(landing_folder)

    (outcome,) = load_place("leanplum", bucket.uri)

    assert (outcome.is_new, outcome.entry.rows) == (True, 2)
    assert rows("SELECT session_id FROM raw_leanplum.sessions ORDER BY 1") == [("1",), ("2",)]
    assert rows("SELECT count(*) FROM raw.known_files") == [(1,)]


def test_a_pendo_manifest_is_read_until_all_it_lists_is_settled(
    bucket: Bucket, landing_folder: Path, load_place: LoadPlace
) -> None:
    delivery = Delivery(landing_folder)
    day_export(delivery, 1)
    day_export(delivery, 2)
    late = next(delivery.path(2, "").glob("*.avro"))
    content = late.read_bytes()
    late.unlink()
    bucket.upload(landing_folder, "p/")
    statuses = []
    for _ in range(2):
        bucket.forget_requests()
        statuses.append([str(each.entry.status) for each in load_place("pendo", f"{bucket.uri}/p")])
        assert "p/datasync/6591622502678528/-323232/exportmanifest.json" in bucket.store.read
    assert statuses == [["loaded", "incomplete"]] * 2

    bucket.put(f"p/{late.relative_to(landing_folder).as_posix()}", content)
    assert [each.is_new for each in load_place("pendo", f"{bucket.uri}/p")] == [False, True]
    bucket.forget_requests()
    assert [each.is_new for each in load_place("pendo", f"{bucket.uri}/p")] == [False, False]
    assert (bucket.store.listings, bucket.store.read) == (1, [])

    day_export(delivery, 3)
    bucket.upload(landing_folder, "p/")
    assert [each.is_new for each in load_place("pendo", f"{bucket.uri}/p")] == [False, False, True]


def test_a_skipped_pendo_export_is_judged_again_when_the_choice_changes(
    bucket: Bucket, landing_folder: Path, load_place: LoadPlace
) -> None:
    delivery = Delivery(landing_folder)
    day_export(delivery, 1)
    delivery.entries[0]["exportType"] = "Test"
    delivery.write_manifest()
    bucket.upload(landing_folder)
    for _ in range(2):
        (outcome,) = load_place("pendo", bucket.uri)
        assert (outcome.entry.status, outcome.is_new, outcome.entry.files) == (Status.SKIPPED, True, 1)
    (outcome,) = load_place("pendo", bucket.uri, include_test=True)
    assert outcome.entry.status is Status.LOADED


def test_only_files_below_the_pendo_manifest_are_read_whatever_root_it_names(
    bucket: Bucket, landing_folder: Path, load_place: LoadPlace, rows: Rows
) -> None:
    delivery = Delivery(landing_folder)
    for counter in (1, 2):
        day_export(delivery, counter)
    delivery.entries[0]["rootUrl"] = f"s3://{bucket.name}-other/elsewhere/export-1/"
    delivery.entries[1]["rootUrl"] = "https://host.example/x/export-2?X-Goog-Signature=abc/export-1"
    delivery.write_manifest()
    bucket.upload(landing_folder, "mirror/")
    bucket.put("elsewhere/export-1/allevents-0.avro", "another file")
    bucket.forget_requests()

    outcomes = load_place("pendo", f"{bucket.uri}/mirror")

    assert [outcome.entry.status for outcome in outcomes] == [Status.LOADED] * 2
    assert all(key.startswith("mirror/datasync/") for key in bucket.store.read)
    assert rows("SELECT event_id FROM raw_pendo.allevents ORDER BY 1") == [("e2",)]


def test_a_changed_completion_file_is_noticed(
    bucket: Bucket, landing_folder: Path, load_place: LoadPlace
) -> None:
    write = writer(landing_folder)
    finish = finisher(write)
    write(f"{RUN}/output=good/part-1.txt", json.dumps(event()))
    finish(good=1)
    bucket.upload(landing_folder)
    (first,) = load_place("snowplow", bucket.uri)
    finish(good=2)
    bucket.upload(landing_folder)

    outcomes = load_place("snowplow", bucket.uri)

    assert first.entry.status is Status.LOADED
    assert [each.entry.status for each in outcomes] == [Status.REJECTED]
    assert "counts 2 good events" in outcomes[0].entry.reason
    bucket.forget_requests()
    load_place("snowplow", bucket.uri)
    assert f"{RUN}/shredding_complete.json" in bucket.store.read


def test_a_manifest_of_ours_is_read_until_all_it_speaks_of_is_loaded(
    bucket: Bucket, load_place: LoadPlace
) -> None:
    manifest = "x/sessionhouse-manifest.json"
    bucket.put(manifest, json.dumps({"entries": [{"url": "a.json.gz"}, {"url": "b.json.gz"}]}))
    bucket.put("x/a.json.gz", call("m1"))

    def run() -> dict[str, str]:
        bucket.forget_requests()
        outcomes = load_place("rudderstack", f"{bucket.uri}/x")
        return {each.entry.export_id: str(each.entry.status) for each in outcomes}

    for _ in range(3):
        assert run() == {"a.json.gz": "loaded", "b.json.gz": "incomplete"}
        assert manifest in bucket.store.read
    bucket.put("x/b.json.gz", call("m2"))
    for _ in range(2):
        assert run() == {"a.json.gz": "loaded", "b.json.gz": "loaded"}
    assert run() == {"a.json.gz": "loaded", "b.json.gz": "loaded"}
    assert (bucket.store.listings, bucket.store.read) == (1, [])
    bucket.put("x/c.json.gz", call("m3"))
    assert run()["c.json.gz"] == "orphan"
    bucket.client.delete_object(Bucket=bucket.name, Key="x/c.json.gz")
    bucket.put(manifest, json.dumps({"entries": [{"url": f"{name}.json.gz"} for name in "abd"]}))
    assert run()["d.json.gz"] == "incomplete"


def test_a_list_of_columns_leaves_no_trace_in_the_cache(bucket: Bucket, load_place: LoadPlace) -> None:
    folder = "rudder-warehouse-load-objects/tracks/src/2020"
    names = ["event", "id", "received_at"]
    bucket.put("rudder-warehouse-load-objects/tracks/tracks.columns.json", json.dumps(names))
    bucket.put(f"{folder}/1.csv.gz", gzip.compress(b"buy,m1,2020-01-24T06:29:02Z\n"))
    (outcome,) = load_place("rudderstack", bucket.uri)
    assert outcome.entry.rows == 1
    assert not list(Path(os.environ["SESSIONHOUSE_CACHE"]).rglob("run-*"))


def test_known_manifests_of_a_folder_are_not_read_either(
    landing_folder: Path, load_place: LoadPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    JobFiles(landing_folder).write_json(lines(session("1")))
    load_place("leanplum", str(landing_folder))

    def no_reading(*_: object) -> bytes:
        raise AssertionError("the manifest is known by its size and version")

    monkeypatch.setattr("loaders.vendors.leanplum.loader.read_document", no_reading)
    (outcome,) = load_place("leanplum", str(landing_folder))
    assert not outcome.is_new


def test_a_prefix_without_objects_is_wrong_usage(bucket: Bucket, load_place: LoadPlace) -> None:
    bucket.put("exports-old/a.json", "{}")
    with pytest.raises(UsageError, match=rf"No pendo export found under {bucket.uri}/exports\."):
        load_place("pendo", f"{bucket.uri}/exports")


@pytest.mark.parametrize(
    "uri", ["s3://", "s3:///x", "s3://KEY:SECRET@bucket/x", "s3://b/x?X-Amz-Signature=SECRET", "gs://_/x"]
)
def test_a_place_that_cannot_be_is_wrong_usage_and_not_repeated(uri: str) -> None:
    with pytest.raises(UsageError) as told:
        open_landing(uri)
    assert "SECRET" not in str(told.value)
    assert "bucket/prefix" in str(told.value)
