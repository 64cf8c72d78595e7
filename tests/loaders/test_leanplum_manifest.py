from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from loaders.errors import ManifestError
from loaders.landing import open_landing
from loaders.vendors.leanplum.jobs import find_jobs
from loaders.vendors.leanplum.manifest import Listed, Manifest, parse_manifest
from tests.loaders.leanplum_delivery import APP, DAY, OTHER_UUID, UUID, JobFiles

FIRST = f"export-{APP}-{UUID}-output-0"


@pytest.fixture
def job(landing_folder: Path) -> JobFiles:
    return JobFiles(landing_folder)


def parse(files: JobFiles, document: Any, kind: str = "") -> Manifest:
    return parse_text(files, json.dumps(document).encode(), kind)


def parse_text(files: JobFiles, text: bytes, kind: str = "") -> Manifest:
    files.write(f"output{kind}-manifest", text)
    (found,) = find_jobs(open_landing(str(files.root)))
    (manifest,) = found.manifests
    return parse_manifest(found, manifest, text)


@pytest.mark.parametrize(
    "document",
    [
        [FIRST],
        [f"{DAY}/{FIRST}"],
        [f"exports/leanplum/{DAY}/{FIRST}"],
        [{"url": f"s3://bucket/prefix/{DAY}/{FIRST}"}],
        [f"https://bucket.s3.amazonaws.com/{DAY}%2F{FIRST}?X-Amz-Expires=60&versionId=a/b"],
        [f"https://leanplum_export.storage.googleapis.com/{FIRST}"],
        {"files": [FIRST]},
        {"files": None, "entries": [{"key": FIRST, "size": 4096}]},
        {"uploadedFiles": [{"name": FIRST, "numSessions": 1}]},
        {"success": [{"destFile": f"{DAY}/{FIRST}", "sourceFile": "elsewhere"}]},
        {"success": True, "files": [{"path": FIRST, "rows": "1"}]},
        {"response": [{"success": True, "files": [FIRST], "numSessions": 1, "state": "FINISHED"}]},
        {"files": [{"file": FIRST}, FIRST]},
        [FIRST, f"./{FIRST}"],
        {"files": [FIRST, f"export-{APP}-{UUID}-output-manifest"]},
    ],
)
def test_every_known_shape_of_a_manifest_is_read(document: Any, job: JobFiles) -> None:
    assert [one.name for one in parse(job, document).listed] == [FIRST]


@pytest.mark.parametrize("document", [[], {"files": []}, {"response": [{"files": []}]}])
def test_an_empty_list_is_legal(document: Any, job: JobFiles) -> None:
    assert parse(job, document).listed == ()


@pytest.mark.parametrize("key", ["content_length", "size", "numBytes", "bytes"])
def test_a_size_is_read_from_the_item_or_its_meta(key: str, job: JobFiles) -> None:
    assert parse(job, [{"name": FIRST, key: 12}]).listed == (Listed(FIRST, size=12),)
    assert parse(job, [{"name": FIRST, "meta": {key: "12"}}]).listed == (Listed(FIRST, size=12),)


def test_rows_are_counted_by_file_and_in_all(job: JobFiles) -> None:
    manifest = parse(job, {"files": [{"name": FIRST, "records": 3}], "numSessions": 4})
    assert (manifest.listed, manifest.rows) == ((Listed(FIRST, rows=3),), 4)


def test_a_count_of_sessions_says_nothing_about_the_rows_of_other_types(job: JobFiles) -> None:
    item = {"name": job.name("outputstates-0"), "numSessions": 3}
    manifest = parse(job, {"files": [item], "numSessions": 4}, "states")
    assert (manifest.listed, manifest.rows) == ((Listed(item["name"]),), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("all", "is no list of files"),
        (7, "is no list of files"),
        ({}, "is no list of files"),
        ({"complete": True}, "is no list of files, nor an object with one under files, entries"),
        ({"files": FIRST}, "is no list of files"),
        ({"files": {FIRST: 1}, "entries": [FIRST]}, "is no list of files"),
        ({"success": True}, "is no list of files"),
        ({"success": False, "files": [FIRST]}, "says that the job failed"),
        ({"response": [{"files": [FIRST]}, {"files": [FIRST]}]}, "is no list of files"),
        ([None], "names no file: null"),
        ([7], "names no file: 7"),
        ([{"size": 3}], 'names no file: {"size": 3}'),
        ([{"name": ["a"]}], "names no file"),
        ([""], "lists , which is no file of its own job"),
        ([f"../{DAY}/{FIRST}"], "leaves its folder"),
        ([f"%2E%2E/{FIRST}"], "leaves its folder"),
        ([".."], "leaves its folder"),
        ([f"20190509/{FIRST}"], f"a file of another folder than {DAY}"),
        ([f"{DAY}/deeper/{FIRST}"], f"a file of another folder than {DAY}"),
        ([f"export-{APP}-{OTHER_UUID}-output-0"], "is no file of its own job"),
        ([f"export-1-{UUID}-output-0"], "is no file of its own job"),
        (["notes.txt"], "is no file of its own job"),
        ([f"{FIRST}.bak"], "is no file of its own job"),
        ([{"name": FIRST, "rows": "many"}], 'rows "many", which is no count'),
        ([{"name": FIRST, "size": -1}], "size -1, which is no count"),
        ([{"name": FIRST, "size": 1}, {"name": FIRST, "size": 2}], "twice, in different words"),
    ],
)
def test_what_a_manifest_must_not_say(document: Any, told: str, job: JobFiles) -> None:
    with pytest.raises(ManifestError, match=re.escape(told)) as raised:
        parse(job, document)
    assert job.name("output-manifest") in str(raised.value)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff[]", b"[" * 100_000, FIRST.encode()])
def test_a_manifest_must_be_json(text: bytes, job: JobFiles) -> None:
    with pytest.raises(ManifestError, match="is not valid JSON"):
        parse_text(job, text)
