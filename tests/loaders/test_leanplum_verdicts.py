from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from loaders.errors import UsageError
from loaders.exports import Status
from loaders.loading import Outcome
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.leanplum_delivery import APP, CSV_ROWS, DAY, OTHER_UUID, UUID, JobFiles, lines, session

FIRST = f"export-{APP}-{UUID}-output-0"
SECOND = f"export-{APP}-{UUID}-output-1"
ONE_SESSION = lines(session("1"))
TABLES = ("sessions", "states", "events", "event_parameters", "user_attributes", "experiments")


@pytest.fixture
def job(landing_folder: Path) -> JobFiles:
    return JobFiles(landing_folder)


def verdict(outcomes: list[Outcome]) -> tuple[Status, str]:
    (outcome,) = outcomes
    return outcome.entry.status, outcome.entry.reason


def assert_nothing_landed(rows: Rows) -> None:
    for table in TABLES:
        assert rows(f"SELECT count(*) FROM raw_leanplum.{table}") == [(0,)], table
    assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]
    assert rows("SELECT count(*) FROM raw.load_files") == [(0,)]


def test_a_complete_job_is_loaded_with_its_names_in_every_row(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_json(lines(session("1"), session("2")), lines(session("3")))
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.export_id == "4842631999258612-37e812c0-d66e-48a2-8812-27ee12d58b58"
    assert (outcome.entry.status, outcome.entry.files, outcome.entry.rows) == (Status.LOADED, 2, 3)
    assert outcome.entry.reason == ""
    assert rows(
        "SELECT app_id, job_id, export_date::VARCHAR, session_id, _file, _line "
        "FROM raw_leanplum.sessions ORDER BY session_id"
    ) == [
        (APP, UUID, "2019-05-08", "1", f"20190508/{FIRST}", 1),
        (APP, UUID, "2019-05-08", "2", f"20190508/{FIRST}", 2),
        (APP, UUID, "2019-05-08", "3", f"20190508/{SECOND}", 1),
    ]


def test_loading_again_changes_nothing(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write_json(ONE_SESSION)
    load_folder("leanplum")
    (again,) = load_folder("leanplum")
    assert (again.is_new, again.entry.load_id) == (False, 1)
    assert rows("SELECT count(*) FROM raw_leanplum.sessions") == [(1,)]


def test_the_date_folder_itself_may_be_the_landing_place(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_json(ONE_SESSION)
    (from_day,) = load_folder("leanplum", job.root / DAY)
    assert from_day.entry.status is Status.LOADED
    assert rows("SELECT export_date::VARCHAR, _file FROM raw_leanplum.sessions") == [
        ("2019-05-08", f"20190508/{FIRST}")
    ]
    (from_root,) = load_folder("leanplum")
    assert not from_root.is_new


def test_jobs_are_loaded_by_date_then_job(landing_folder: Path, load_folder: LoadFolder) -> None:
    first_uuid = "10000000-0000-4000-8000-000000000000"
    for uuid, day in ((UUID, "20190510"), (OTHER_UUID, "20190509"), (first_uuid, "20190509")):
        JobFiles(landing_folder, uuid, day).manifest([])
    assert [outcome.entry.export_id for outcome in load_folder("leanplum")] == [
        f"{APP}-{first_uuid}",
        f"{APP}-{OTHER_UUID}",
        f"{APP}-{UUID}",
    ]


def test_a_missing_file_is_named_and_the_job_loaded_once_it_is_there(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_json(ONE_SESSION, lines(session("2")), lines(session("3")), lines(session("4")))
    last = job.root / DAY / f"export-{APP}-{UUID}-output-3"
    content = last.read_bytes()
    last.unlink()
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.INCOMPLETE
    assert reason == (
        f"manifest lists 4 files, 3 are there (missing {last.name}). Loaded when the upload is complete."
    )
    assert_nothing_landed(rows)
    last.write_bytes(content)
    assert verdict(load_folder("leanplum")) == (Status.LOADED, "")
    assert rows("SELECT count(*) FROM raw_leanplum.sessions") == [(4,)]


def test_files_without_a_manifest_are_an_orphan(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write("output-0", ONE_SESSION)
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.ORPHAN
    assert reason.startswith("no manifest: a partial upload")
    assert_nothing_landed(rows)


def test_an_orphan_is_loaded_when_its_manifest_arrives(job: JobFiles, load_folder: LoadFolder) -> None:
    job.write("output-0", ONE_SESSION)
    load_folder("leanplum")
    job.manifest([FIRST])
    assert verdict(load_folder("leanplum")) == (Status.LOADED, "")


def test_a_file_smaller_than_listed_is_not_loaded_yet(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write("output-0", ONE_SESSION)
    job.manifest({"entries": [{"url": f"s3://b/{DAY}/{FIRST}", "meta": {"content_length": 9999}}]})
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.INCOMPLETE
    assert f"{FIRST} has {len(ONE_SESSION)} bytes, the manifest says 9999" in reason
    assert_nothing_landed(rows)


def test_an_unlisted_file_is_not_loaded_but_told(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write("output-0", ONE_SESSION)
    job.write("output-1", lines(session("2")))
    job.write("output-0.bak", b"x")
    job.manifest({"files": [FIRST]})
    (outcome,) = load_folder("leanplum")
    expected = f"2 files not in the manifest and not loaded: {SECOND}, {FIRST}.bak"
    assert outcome.entry.status is Status.LOADED
    assert outcome.warnings == (expected,)
    assert outcome.entry.reason == expected
    assert rows("SELECT session_id FROM raw_leanplum.sessions") == [("1",)]


def test_an_empty_manifest_is_a_job_without_sessions(job: JobFiles, load_folder: LoadFolder) -> None:
    job.manifest({"files": []})
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.files, outcome.entry.rows) == (Status.LOADED, 0, 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "is not valid JSON"),
        (b'{"complete": true}', "is no list of files"),
        (json.dumps([f"20190509/{FIRST}"]).encode(), "a file of another folder"),
        (json.dumps([{"name": FIRST, "numSessions": 2}]).encode(), f"counts 2 rows in {FIRST}, 1 were read"),
        (
            json.dumps({"files": [FIRST], "numSessions": 5}).encode(),
            "counts 5 rows in its files, 1 were read",
        ),
    ],
)
def test_a_manifest_that_cannot_be_trusted_rejects_the_job(
    text: bytes, told: str, job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write("output-0", ONE_SESSION)
    manifest = job.write("output-manifest", text)
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.REJECTED
    assert told in reason
    assert manifest.name in reason
    assert_nothing_landed(rows)


def test_a_manifest_may_be_compressed_and_begin_with_a_byte_order_mark(
    job: JobFiles, load_folder: LoadFolder
) -> None:
    job.write("output-0", ONE_SESSION)
    job.write("output-manifest", gzip.compress(b"\xef\xbb\xbf" + json.dumps([FIRST]).encode()))
    assert verdict(load_folder("leanplum")) == (Status.LOADED, "")


def test_a_damaged_manifest_rejects_the_job(job: JobFiles, load_folder: LoadFolder) -> None:
    job.write("output-manifest", gzip.compress(json.dumps([FIRST]).encode())[:-9])
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.REJECTED
    assert "gzip stream does not end" in reason


@pytest.mark.parametrize("part", ["output-0.json", "output-0.json.gz", "output-0.gz", "output-0"])
def test_an_ending_does_not_matter_and_gzip_is_known_by_its_bytes(
    part: str, job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write(part, gzip.compress(ONE_SESSION))
    job.manifest([FIRST])
    assert verdict(load_folder("leanplum")) == (Status.LOADED, "")
    assert rows("SELECT session_id FROM raw_leanplum.sessions") == [("1",)]


def test_of_two_files_with_other_endings_the_listed_one_is_loaded(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write("output-0", ONE_SESSION)
    job.write("output-0.gz", gzip.compress(lines(session("2"))))
    job.manifest([f"{FIRST}.gz"])
    assert verdict(load_folder("leanplum"))[1].endswith(f"not loaded: {FIRST}")
    assert rows("SELECT session_id FROM raw_leanplum.sessions") == [("2",)]


def test_two_manifests_of_one_job_reject_it(job: JobFiles, load_folder: LoadFolder) -> None:
    job.write_json(ONE_SESSION)
    job.write("output-manifest.json", json.dumps([]).encode())
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.REJECTED
    assert "is there twice with different endings" in reason


def test_a_job_in_both_forms_is_rejected(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write_json(ONE_SESSION)
    job.write_csv()
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.REJECTED
    assert "both JSON and CSV files" in reason
    assert_nothing_landed(rows)


@pytest.mark.parametrize("day", ["latest", "20191350", "2019050"])
def test_a_folder_that_is_no_date_rejects_the_job(
    day: str, landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    JobFiles(landing_folder, day=day).write_json(ONE_SESSION)
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.REJECTED
    assert repr(day) in reason
    assert_nothing_landed(rows)


def test_a_changed_manifest_replaces_the_job(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write_json(ONE_SESSION)
    load_folder("leanplum")
    job.write_json(lines(session("1", userId="bea")), lines(session("2")))
    (outcome,) = load_folder("leanplum")
    assert (outcome.is_new, outcome.entry.load_id) == (True, 2)
    assert rows("SELECT session_id, user_id, _load_id FROM raw_leanplum.sessions ORDER BY ALL") == [
        ("1", "bea", 2),
        ("2", "ada", 2),
    ]


def test_a_loaded_job_stays_when_its_manifest_is_spoilt(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_json(ONE_SESSION)
    load_folder("leanplum")
    job.write("output-manifest", b"{}")
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    assert rows("SELECT status, starts_with(reason, 'newer content rejected') FROM raw.loads") == [
        ("loaded", True)
    ]
    assert rows("SELECT session_id FROM raw_leanplum.sessions") == [("1",)]


def test_a_loaded_job_stays_when_its_files_are_removed(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_json(ONE_SESSION)
    load_folder("leanplum")
    (job.root / DAY / FIRST).unlink()
    (outcome,) = load_folder("leanplum")
    assert (outcome.is_new, outcome.entry.status) == (False, Status.LOADED)
    assert rows("SELECT session_id FROM raw_leanplum.sessions") == [("1",)]


def test_copies_of_a_job_are_one_export(landing_folder: Path, load_folder: LoadFolder, rows: Rows) -> None:
    JobFiles(landing_folder / "copy").write("output-0", ONE_SESSION)
    JobFiles(landing_folder / "other copy").write_json(ONE_SESSION)
    JobFiles(landing_folder / "third copy").write_json(ONE_SESSION)
    assert verdict(load_folder("leanplum")) == (Status.LOADED, "")
    assert rows("SELECT count(*) FROM raw_leanplum.sessions") == [(1,)]


def test_copies_of_a_job_with_different_manifests_reject_it(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    JobFiles(landing_folder / "copy").write_json(ONE_SESSION)
    JobFiles(landing_folder / "other copy").write_json(ONE_SESSION, lines(session("2")))
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.REJECTED
    assert "copy/20190508, other copy/20190508" in reason
    assert_nothing_landed(rows)


def test_a_csv_job_waits_for_all_six_types(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write_csv()
    late = {
        kind: job.root / DAY / job.name(f"output{kind}-manifest") for kind in ("sessions", "userattributes")
    }
    texts = {kind: path.read_bytes() for kind, path in late.items()}
    for path in late.values():
        path.unlink()
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.INCOMPLETE
    assert reason == "no manifest of sessions, userattributes. Loaded when the upload is complete."
    assert_nothing_landed(rows)
    for kind, path in late.items():
        path.write_bytes(texts[kind])
    assert verdict(load_folder("leanplum"))[0] is Status.LOADED


def test_after_its_days_of_grace_a_csv_job_is_loaded_without_a_type_and_anew_when_it_arrives(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_csv(userattributes=b"sessionId,name,value\n1,premium,True\n")
    late = job.root / DAY / job.name("outputuserattributes-manifest")
    text = late.read_bytes()
    late.unlink()
    assert verdict(load_folder("leanplum"))[0] is Status.INCOMPLETE
    status, reason = verdict(load_folder("leanplum", grace_days=7))
    assert status is Status.LOADED
    assert reason.startswith(
        "no manifest of userattributes; loaded without, its days of grace are over; 1 file not in the "
        f"manifest and not loaded: {job.name('outputuserattributes-0')}"
    )
    assert rows("SELECT count(*) FROM raw_leanplum.user_attributes") == [(0,)]
    (again,) = load_folder("leanplum")
    assert (again.is_new, again.entry.status) == (False, Status.LOADED)
    late.write_bytes(text)
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.LOADED
    assert "grace" not in reason
    assert rows("SELECT name FROM raw_leanplum.user_attributes") == [("premium",)]
    assert rows("SELECT count(*) FROM raw_leanplum.sessions") == [(1,)]


def test_within_its_days_of_grace_a_csv_job_waits(
    landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    today = datetime.now(ZoneInfo("America/Los_Angeles")).date()
    job = JobFiles(landing_folder, day=f"{today - timedelta(days=2):%Y%m%d}")
    job.write_csv()
    (job.root / job.day / job.name("outputstates-manifest")).unlink()
    # One day more than needed: the day may end between here and there.
    assert verdict(load_folder("leanplum", grace_days=3))[0] is Status.INCOMPLETE
    assert_nothing_landed(rows)
    assert verdict(load_folder("leanplum", grace_days=1))[0] is Status.LOADED


def test_grace_forgives_neither_the_sessions_nor_a_listed_file(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_csv()
    sessions = job.root / DAY / job.name("outputsessions-manifest")
    text = sessions.read_bytes()
    sessions.unlink()
    status, reason = verdict(load_folder("leanplum", grace_days=0))
    assert (status, reason) == (
        Status.INCOMPLETE,
        "no manifest of sessions. Loaded when the upload is complete.",
    )
    sessions.write_bytes(text)
    (job.root / DAY / job.name("outputstates-0")).unlink()
    (job.root / DAY / job.name("outputevents-manifest")).unlink()
    status, reason = verdict(load_folder("leanplum", grace_days=0))
    assert status is Status.INCOMPLETE
    assert reason.startswith("manifest lists 5 files, 4 are there")
    assert_nothing_landed(rows)


def test_a_csv_job_names_a_missing_file(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write_csv()
    (job.root / DAY / job.name("outputstates-0")).unlink()
    status, reason = verdict(load_folder("leanplum"))
    assert status is Status.INCOMPLETE
    assert f"manifest lists 6 files, 5 are there (missing {job.name('outputstates-0')})" in reason
    assert_nothing_landed(rows)


def test_csv_files_without_any_manifest_are_an_orphan(job: JobFiles, load_folder: LoadFolder) -> None:
    job.write("outputsessions-0", "\n".join(CSV_ROWS["sessions"]).encode())
    assert verdict(load_folder("leanplum"))[0] is Status.ORPHAN


def test_a_file_of_an_unknown_type_is_told(job: JobFiles, load_folder: LoadFolder) -> None:
    job.write_csv()
    job.write("outputcampaigns-0", b"id\n1\n")
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.LOADED
    assert outcome.warnings == (
        f"1 file not in the manifest and not loaded: {job.name('outputcampaigns-0')}",
    )


def test_a_place_without_export_jobs_is_told(landing_folder: Path, load_folder: LoadFolder) -> None:
    (landing_folder / "notes.txt").write_text("nothing here")
    with pytest.raises(UsageError, match="No leanplum export found"):
        load_folder("leanplum")
