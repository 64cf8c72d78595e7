"""What a store does wrong: it is waited out, or told in words that say what to do, and no row is lost."""

from __future__ import annotations

import gzip
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from loaders.cli import main
from loaders.exports import Status
from loaders.landing import download
from tests.loaders.conftest import LoadPlace, Rows
from tests.loaders.object_store import ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, Bucket

Run = Callable[..., Result]
LINES = 400
DATA = b"".join(
    json.dumps(
        {"messageId": f"m{number}", "type": "track", "event": "Buy", "receivedAt": "2020-01-24T06:29:02Z"}
    ).encode()
    + b"\n"
    for number in range(LINES)
)


def half(body: bytes) -> bytes:
    return body[: len(body) // 2]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(download, "LONGEST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def run(bucket: Bucket, tmp_path: Path) -> Run:
    """Run `sessionhouse load rudderstack` on the bucket; nothing secret may be told anywhere."""

    def invoke(uri: str = bucket.uri) -> Result:
        arguments = ["load", "rudderstack", uri, "--database", str(tmp_path / "told.duckdb")]
        result = CliRunner().invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        for secret in (ACCESS_KEY, SECRET_KEY, SESSION_TOKEN):
            assert secret not in result.output
        return result

    return invoke


def test_a_busy_store_is_asked_again(bucket: Bucket, load_place: LoadPlace, rows: Rows) -> None:
    bucket.put("a.json", DATA)
    bucket.store.answer_with("SlowDown", "503 Slow Down", "a.json", times=1)
    bucket.store.answer_with("SlowDown", "503 Slow Down", "", times=1)
    (outcome,) = load_place("rudderstack", bucket.uri)
    assert outcome.entry.status is Status.LOADED
    assert bucket.store.read == ["a.json"] * 2
    assert rows("SELECT count(DISTINCT id), count(*) FROM raw_rudderstack.tracks") == [(LINES, LINES)]


def test_a_body_that_is_cut_is_read_on_from_where_it_broke_off(
    bucket: Bucket, load_place: LoadPlace, rows: Rows
) -> None:
    bucket.put("a.json", DATA)
    bucket.store.cut_bodies("a.json", half, times=1)
    load_place("rudderstack", bucket.uri)
    assert [request.range for request in bucket.store.requests if request.key] == [
        "",
        f"bytes={len(DATA) // 2}-",
    ]
    assert rows("SELECT count(DISTINCT id), count(*) FROM raw_rudderstack.tracks") == [(LINES, LINES)]


def test_a_body_that_is_always_cut_ends_the_run_with_exit_code_3(bucket: Bucket, run: Run) -> None:
    bucket.put("a.json", DATA)
    bucket.put("b.json", DATA)
    bucket.store.cut_bodies("b.json", lambda body: b"")
    result = run()
    assert result.exit_code == 3
    assert f"LandingError: s3://{bucket.name}/b.json could not be read to its end" in result.stderr
    assert bucket.store.read.count("b.json") == download.ATTEMPTS
    bucket.store.faults.clear()
    assert run().exit_code == 0


def test_a_body_with_other_bytes_than_its_digest_is_read_again(
    bucket: Bucket, load_place: LoadPlace, rows: Rows
) -> None:
    bucket.put("a.json", DATA)
    bucket.store.cut_bodies("a.json", lambda body: body.replace(b'"m7"', b'"x7"'), times=1)
    load_place("rudderstack", bucket.uri)
    assert bucket.store.read == ["a.json"] * 2
    assert rows("SELECT count(*) FROM raw_rudderstack.tracks WHERE id = 'm7'") == [(1,)]


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (("AccessDenied", "403 Forbidden", ""), "No permission to list {uri}. The credentials need s3:List"),
        (("AccessDenied", "403 Forbidden", "b.json"), "No permission to read {uri}/b.json. The cred"),
        (("ExpiredToken", "400 Bad Request", ""), "The credentials for {uri} have expired"),
        (("ExpiredToken", "400 Bad Request", "b.json"), "The credentials for {uri}/b.json have expired"),
        (("InvalidAccessKeyId", "403 Forbidden", ""), "does not accept the credentials (InvalidAccessKeyId)"),
        (("SignatureDoesNotMatch", "403 Forbidden", ""), "does not accept the credentials (Sign"),
        (("InvalidObjectState", "403 Forbidden", "b.json"), "{uri}/b.json is archived. Restore it"),
        (("RequestTimeTooSkewed", "403 Forbidden", ""), "says that this clock is wrong"),
        (("SlowDown", "503 Slow Down", ""), "answers SlowDown. Run again later"),
        ((f"{ACCESS_KEY} x", "418 Teapot", ""), "answers an unknown code."),
    ],
)  # fmt: skip
def test_what_the_store_refuses_is_told_with_exit_code_3(
    bucket: Bucket, run: Run, tmp_path: Path, refusal: tuple[str, str, str], told: str
) -> None:
    code, status, key = refusal
    bucket.put("a.json", DATA)
    bucket.put("b.json", DATA)
    bucket.store.answer_with(code, status, key)
    result = run()
    assert result.exit_code == 3
    assert told.format(uri=bucket.uri) in result.stderr
    with duckdb.connect(str(tmp_path / "told.duckdb")) as connection:
        # What came before is loaded whole, and what could not be read left nothing.
        assert connection.execute("SELECT export_id, status FROM raw.loads").fetchall() == (
            [("a.json", "loaded")] if key else []
        )
        assert connection.execute("SELECT DISTINCT _file FROM raw_rudderstack.tracks").fetchall() == (
            [("a.json",)] if key else []
        )


def test_a_bucket_that_is_not_there_is_told(bucket: Bucket, run: Run) -> None:
    result = run("s3://no-such-bucket/x")
    assert (result.exit_code, "There is no bucket s3://no-such-bucket" in result.stderr) == (3, True)


def test_missing_credentials_are_told(bucket: Bucket, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    result = run()
    assert result.exit_code == 3
    assert f"LandingError: There are no credentials for {bucket.uri}. Set AWS_ACCESS_KEY_ID" in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AWS_PROFILE", "nobody", "There are no credentials"),
        ("AWS_ENDPOINT_URL_S3", "http://key:hidden@127.0.0.1:9", "cannot be reached (EndpointConn"),
        ("AWS_ENDPOINT_URL_S3", "nonsense", "is no URL. Correct AWS_ENDPOINT_URL_S3"),
    ],
)  # fmt: skip
def test_wrong_settings_are_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    result = run()
    assert (result.exit_code, told in result.stderr) == (3, True), result.stderr
    assert "hidden" not in result.output


@pytest.mark.parametrize("is_there", [True, False])
def test_an_object_that_changes_before_it_is_read_waits(
    bucket: Bucket, load_place: LoadPlace, rows: Rows, is_there: bool
) -> None:
    bucket.put("a.json", DATA)
    bucket.put("b.json", DATA)

    def change(_: object) -> None:
        if is_there:
            bucket.put("a.json", DATA.replace(b"m1", b"n1"))
        else:
            bucket.client.delete_object(Bucket=bucket.name, Key="a.json")

    bucket.store.before_reading("a.json", change, times=1)
    first, second = load_place("rudderstack", bucket.uri)
    assert first.entry.status is Status.INCOMPLETE
    assert first.entry.reason == f"s3://{bucket.name}/a.json changed while it was being read; run again."
    assert second.entry.status is Status.LOADED
    assert rows("SELECT DISTINCT _file FROM raw_rudderstack.tracks") == [("b.json",)]
    outcomes = load_place("rudderstack", bucket.uri)
    assert [str(each.entry.status) for each in outcomes] == ["loaded"] * (2 if is_there else 1)


def test_an_object_that_changes_between_two_reads_of_it_waits(
    bucket: Bucket, load_place: LoadPlace, rows: Rows
) -> None:
    bucket.put("a.json", DATA)
    bucket.store.cut_bodies("a.json", half, times=1)
    bucket.store.before_reading("a.json", lambda _: bucket.put("a.json", DATA[::-1]), times=1)
    (outcome,) = load_place("rudderstack", bucket.uri)
    assert outcome.entry.status is Status.INCOMPLETE
    assert rows("SELECT count(*) FROM raw_rudderstack.tracks") == [(0,)]


def test_a_killed_run_is_finished_by_the_next_one_from_what_was_downloaded(
    bucket: Bucket, run: Run, tmp_path: Path
) -> None:
    for number in range(12):
        bucket.put(f"{number:02}.json", DATA.replace(b': "m', f': "{number}-'.encode()))
    go_on = threading.Event()
    bucket.store.before_reading("04.json", lambda _: go_on.wait(60))
    command = [sys.executable, "-m", "loaders", "load", "rudderstack", bucket.uri]
    command += ["--database", str(tmp_path / "told.duckdb")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        cache = Path(os.environ["SESSIONHOUSE_CACHE"])
        give_up_at = time.monotonic() + 60
        while time.monotonic() < give_up_at and len(whole_files(cache)) < 7:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
    go_on.set()
    bucket.store.faults.clear()
    kept = len(whole_files(cache))
    assert kept >= 7
    bucket.forget_requests()

    result = run()

    assert result.exit_code == 0
    with duckdb.connect(str(tmp_path / "told.duckdb")) as connection:
        counts = connection.execute(
            "SELECT count(*), count(DISTINCT id), count(DISTINCT _load_id) FROM raw_rudderstack.tracks"
        ).fetchall()
    assert counts == [(12 * LINES, 12 * LINES, 12)]
    assert len(bucket.store.read) <= 12 - kept
    assert not list(cache.rglob("run-*"))


def whole_files(cache: Path) -> list[Path]:
    names = [path for path in cache.rglob("run-*/*") if path.name != "lock"]
    return [path for path in names if not path.name.endswith(".part")]


def test_secrets_are_in_no_log_and_not_in_the_ledger(
    bucket: Bucket, load_place: LoadPlace, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    manifest = "20190508/export-1-37e812c0-d66e-48a2-8812-27ee12d58b58-output-manifest"
    url = "https://user:hidden@host/../x?X-Amz-Signature=hidden&X-Amz-Security-Token=hidden"
    bucket.put(manifest, json.dumps([url]))
    (outcome,) = load_place("leanplum", bucket.uri)
    assert outcome.entry.status is Status.REJECTED
    ((reason, uri),) = rows("SELECT reason, uri FROM raw.loads")
    assert "https://***@host/../x?***" in reason
    for text in (reason, uri, caplog.text):
        for secret in ("hidden", ACCESS_KEY, SECRET_KEY, SESSION_TOKEN):
            assert secret not in text


def test_a_gzip_that_was_stored_with_an_encoding_comes_as_it_lies(
    bucket: Bucket, load_place: LoadPlace
) -> None:
    body = gzip.compress(DATA)
    bucket.client.put_object(Bucket=bucket.name, Key="a.json.gz", Body=body, ContentEncoding="gzip")
    (outcome,) = load_place("rudderstack", bucket.uri)
    assert outcome.entry.rows == LINES
