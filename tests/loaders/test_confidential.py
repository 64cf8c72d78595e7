"""Passwords and signatures stay out of errors, of the ledger and of what is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from loaders.cli import main
from loaders.confidential import printable, redacted, storable
from loaders.errors import ManifestError, first_line
from loaders.exports import Status
from loaders.ledger import Entry, Ledger
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.leanplum_delivery import DAY, OTHER_UUID, JobFiles, lines, session
from tests.loaders.pendo_delivery import Delivery, day_export

SIGNED = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIASECRET%2F20260101&X-Amz-Signature=5EC2E7"
SECRETS = ("hunter2", "AKIASECRET", "5EC2E7")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3://ada:hunter2@bucket/a.json is gone", "s3://***@bucket/a.json is gone"),
        ("https://ada@host/x", "https://***@host/x"),
        ("https://ada:p@ss@host/x", "https://***@host/x"),
        ("https://token:hunter2@host", "https://***@host"),
        (f"lists https://h/a.json?{SIGNED}, which", "lists https://h/a.json?*** which"),
        (f'{{"url": "https://h/a.json?{SIGNED}"}}', '{"url": "https://h/a.json?***"}'),
        ("https://h/a?sv=2020&sig=5EC2E7&se=1 x", "https://h/a?*** x"),
        ("bucket/a.json?X-Goog-Signature=5EC2E7 x", "bucket/a.json?X-Goog-Signature=*** x"),
        ("Signature=5EC2E7&Key-Pair-Id=KEY", "Signature=***&Key-Pair-Id=***"),
        ("password=hunter2, user=ada", "password=***, user=ada"),
        ("https://h/a.json has 3 = 3 rows", "https://h/a.json has 3 = 3 rows"),
        ("ada@example.com in run=2024-01-01", "ada@example.com in run=2024-01-01"),
        ("https://h/a/ada@example.com", "https://h/a/ada@example.com"),
        ("se_value=5 and design=new", "se_value=5 and design=new"),
        ("", ""),
    ],
)
def test_what_opens_something_is_taken_out_and_nothing_else(text: str, shown: str) -> None:
    assert redacted(text) == shown
    assert redacted(shown) == shown


def test_no_error_tells_a_secret() -> None:
    assert "hunter2" not in str(ManifestError("s3://ada:hunter2@bucket/x"))
    assert "5EC2E7" not in first_line(OSError(f"https://h/a.json?{SIGNED}"))


def test_the_ledger_keeps_no_secret_and_no_half_character(
    load_folder: LoadFolder, rows: Rows, connection: object
) -> None:
    entry = Entry(
        vendor="v",
        export_id="e",
        status=Status.REJECTED,
        files=0,
        reason=f"https://h/a.json?{SIGNED} \ud800",
        digest="",
        uri="s3://ada:hunter2@bucket/x",
    )
    Ledger(connection).write(entry)  # type: ignore[arg-type]
    assert rows("SELECT reason, uri FROM raw.loads") == [
        ("https://h/a.json?*** \\ud800", "s3://***@bucket/x"),
    ]


def test_secrets_of_manifests_reach_neither_ledger_nor_output(landing_folder: Path, tmp_path: Path) -> None:
    job = JobFiles(landing_folder / "leanplum")
    job.write("output-0", lines(session("1")))
    other = JobFiles(landing_folder, uuid=OTHER_UUID).name("output-0")
    job.manifest({"files": [{"url": f"https://ada:hunter2@h/b/{DAY}/{other}?{SIGNED}", "odd": SIGNED}]})
    delivery = Delivery(landing_folder / "pendo")
    entry = day_export(delivery, 1)
    entry["timeDependent"][0]["allEvents"]["files"] = [f"https://ada:hunter2@h/a.avro?{SIGNED}"]
    delivery.write_manifest()
    database = ("--database", str(tmp_path / "w.duckdb"))
    output = ""
    for vendor in ("leanplum", "pendo"):
        result = CliRunner().invoke(main, ["load", vendor, str(landing_folder / vendor), *database])
        assert result.exit_code == 1
        output += result.output
    output += CliRunner().invoke(main, ["status", "--json", *database]).output
    assert "***" in output
    assert not any(secret in output for secret in SECRETS), output
    assert len(json.loads(output[output.index("[\n") :])) == 2


@pytest.mark.parametrize("uri", [f"s3://ada:hunter2@bucket/x?{SIGNED}", "no/such?password=hunter2"])
def test_secrets_of_the_command_line_are_not_echoed(tmp_path: Path, uri: str) -> None:
    result = CliRunner().invoke(main, ["load", "pendo", uri, "--database", str(tmp_path / "w.duckdb")])
    assert result.exit_code == 2
    assert not any(secret in result.output for secret in SECRETS), result.output


def test_what_steers_a_terminal_is_shown_as_an_escape() -> None:
    assert printable("Zürich, 東京 🙂") == "Zürich, 東京 🙂"
    assert printable("a\x1b[0m\n\t\x7f\x9b\u202e\u2028\ud800") == r"a\x1b[0m\n\t\x7f\x9b\u202e\u2028\ud800"
    assert storable("ok \ud800 東") == r"ok \ud800 東"
