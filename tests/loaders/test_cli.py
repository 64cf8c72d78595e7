from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from loaders import warehouse
from loaders.cli import main
from loaders.load import Load
from loaders.vendors.registry import VENDORS
from loaders.vendors.rudderstack.loader import RudderStack

Run = Callable[..., Result]
GOOD = {"messageId": "m1", "type": "track", "event": "Signed Up", "receivedAt": "2020-01-24T06:29:02Z"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def run(database: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line on the test's database; nothing may end in a traceback."""
    monkeypatch.setenv("SESSIONHOUSE_DATABASE", str(database))

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    return invoke


@pytest.fixture
def dump(landing_folder: Path) -> Callable[..., Path]:
    def write(*lines: dict[str, Any] | str, name: str = "a.json", cut: int | None = None) -> Path:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path = landing_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress("\n".join(texts).encode())[:cut])
        return landing_folder

    return write


def test_loading_tells_what_is_not_plain_and_a_summary_on_stdout(run: Run, dump: Callable[..., Path]) -> None:
    result = run("load", "rudderstack", dump(GOOD, "bad line"))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "rudderstack: loaded a.json",
        "    1 file, 1 row; 1 bad line quarantined",
        "rudderstack: 1 loaded (1 row)",
    ]
    assert result.stderr == ""


def test_exports_that_are_plainly_loaded_are_counted_and_named_only_when_asked(
    run: Run, dump: Callable[..., Path]
) -> None:
    folder = dump(GOOD)
    assert run("load", "rudderstack", folder).stdout == "rudderstack: 1 loaded (1 row)\n"
    assert run("load", "rudderstack", folder, "--verbose").stdout.splitlines() == [
        "rudderstack: known a.json",
        "    1 file, 1 row",
        "rudderstack: nothing new, 1 already loaded",
    ]


def test_loading_again_is_nothing_new(run: Run, dump: Callable[..., Path]) -> None:
    folder = dump(GOOD)
    run("load", "rudderstack", folder)
    result = run("load", "rudderstack", folder)
    assert (result.exit_code, result.stdout) == (0, "rudderstack: nothing new, 1 already loaded\n")


def test_several_places_are_loaded_in_the_order_given(run: Run, dump: Callable[..., Path]) -> None:
    folder = dump(GOOD, name="x/a.json")
    dump(GOOD, name="y/b.json")
    result = run("load", "rudderstack", folder / "y", folder / "x", "--verbose")
    assert [line.split()[2] for line in result.stdout.splitlines()[:4:2]] == ["b.json", "a.json"]
    assert result.stdout.splitlines()[-1] == "rudderstack: 2 loaded (2 rows)"


def test_a_rejected_export_is_told_with_its_reason_and_exit_code_1(
    run: Run, dump: Callable[..., Path]
) -> None:
    dump(GOOD, name="b.json")
    result = run("load", "rudderstack", dump(GOOD, cut=-4))
    assert result.exit_code == 1
    name, reason, summary = result.stdout.splitlines()
    assert name == "rudderstack: rejected a.json"
    assert reason.startswith("    a.json is cut: its gzip stream does not end.")
    assert summary == "rudderstack: 1 loaded (1 row), 1 rejected"


@pytest.mark.parametrize(("names", "is_advised"), [(("a.json", "b.json"), True), (("a.json",), False)])
def test_where_all_of_several_exports_are_rejected_the_folder_may_be_the_wrong_one(
    run: Run, dump: Callable[..., Path], names: tuple[str, ...], is_advised: bool
) -> None:
    folders = [dump({"counter": 1}, name=name) for name in names]
    result = run("load", "rudderstack", folders[0])
    assert result.exit_code == 1
    assert ("Every export was rejected: check the folder and the vendor" in result.stderr) is is_advised
    dump(GOOD, name="good.json")
    assert "Every export was rejected" not in run("load", "rudderstack", folders[0]).stderr


def test_a_rejected_export_is_told_again_on_every_run(run: Run, dump: Callable[..., Path]) -> None:
    folder = dump(GOOD, cut=-4)
    assert [run("load", "rudderstack", folder).exit_code for _ in range(2)] == [1, 1]
    dump(GOOD)
    assert run("load", "rudderstack", folder).exit_code == 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_empty_place_is_wrong_usage_for_every_vendor(run: Run, landing_folder: Path, vendor: str) -> None:
    result = run("load", vendor, landing_folder)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"NoExportsError: No {vendor} export found under {landing_folder}.")
    assert f"Looked for {VENDORS[vendor]().looks_for}: " in result.stderr
    assert result.stdout == ""


def test_what_was_loaded_is_told_although_a_later_place_fails(
    run: Run, dump: Callable[..., Path], landing_folder: Path
) -> None:
    dump(GOOD, name="x/a.json")
    (landing_folder / "empty").mkdir()
    result = run("load", "rudderstack", landing_folder / "x", landing_folder / "empty")
    assert result.exit_code == 2
    assert result.stdout == "rudderstack: 1 loaded (1 row)\n"
    assert "No rudderstack export found" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("load", "mixpanel", "."),
            "'mixpanel' is not one of 'leanplum', 'monetate', 'pendo', 'rudderstack'",
        ),
        (("load", "rudderstack"), "Missing argument 'URI...'"),
        (
            ("load", "rudderstack", "nowhere"),
            "nowhere does not exist. Give the folder that holds the exports.",
        ),
        (("load", "rudderstack", "s3:///x"), "The part behind s3:// is no name of a bucket"),
        (("load", "rudderstack", "ftp://host/x"), "ftp:// is not a landing place"),
        (("load", "rudderstack", ".", "--allow-gaps"), "No such option"),
        (("status", "--vendor", "mixpanel"), "'mixpanel' is not one of"),
        (("unload",), "No such command 'unload'"),
    ],
)
def test_wrong_usage_is_told_on_stderr_with_exit_code_2(
    run: Run, database: Path, arguments: tuple[str, ...], told: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""
    assert not database.exists()


@pytest.mark.parametrize("command", [("status",), ("rejects",), ("status", "--json")])
def test_reading_without_a_database_is_wrong_usage_and_makes_none(
    run: Run, database: Path, command: tuple[str, ...]
) -> None:
    result = run(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"There is no database at {database}" in result.stderr
    assert not database.exists()


def test_status_as_json_tells_every_export(run: Run, dump: Callable[..., Path]) -> None:
    dump(GOOD, "bad", name="b.json")
    run("load", "rudderstack", dump(GOOD, cut=-4))
    result = run("status", "--json")
    loaded, rejected = json.loads(result.stdout)
    loaded_at = datetime.fromisoformat(loaded.pop("loaded_at"))
    assert loaded_at.year >= 2025
    assert loaded == {
        "vendor": "rudderstack",
        "export_id": "b.json",
        "status": "loaded",
        "files": 1,
        "rows": 1,
        "rejected_rows": 1,
        "reason": "",
    }
    assert rejected["reason"].startswith("a.json is cut")
    assert {name: rejected[name] for name in ("export_id", "status", "rows", "loaded_at")} == {
        "export_id": "a.json",
        "status": "rejected",
        "rows": 0,
        "loaded_at": None,
    }
    assert (result.exit_code, result.stderr) == (0, "")


def test_status_can_be_asked_for_one_vendor(run: Run, dump: Callable[..., Path]) -> None:
    run("load", "rudderstack", dump(GOOD))
    assert json.loads(run("status", "--json", "--vendor", "pendo").stdout) == []
    assert len(json.loads(run("status", "--json", "--vendor", "rudderstack").stdout)) == 1


def test_rejects_as_json_tell_place_reason_and_text(run: Run, dump: Callable[..., Path]) -> None:
    run("load", "rudderstack", dump(GOOD, "", '{"é": '))
    assert json.loads(run("rejects", "--json").stdout) == [
        {
            "vendor": "rudderstack",
            "export_id": "a.json",
            "file": "a.json",
            "line": 3,
            "reason": "not valid JSON",
            "raw_text": '{"é": ',
        }
    ]
    assert "not valid JSON" in run("rejects").stdout


def test_nothing_to_tell_leaves_stdout_empty_or_an_empty_array(run: Run, dump: Callable[..., Path]) -> None:
    run("load", "rudderstack", dump(GOOD))
    assert run("rejects", "--json").stdout == "[]\n"
    result = run("rejects")
    assert (result.stdout, result.stderr) == ("", "none\n")


def test_the_option_goes_before_the_environment(
    run: Run, dump: Callable[..., Path], database: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.duckdb"
    run("load", "rudderstack", dump(GOOD), "--database", other)
    assert other.exists()
    assert not database.exists()
    assert len(json.loads(run("status", "--json", "--database", other).stdout)) == 1


def test_without_option_and_environment_the_database_is_in_the_working_folder(
    dump: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SESSIONHOUSE_DATABASE", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert CliRunner().invoke(main, ["load", "rudderstack", str(dump(GOOD))]).exit_code == 0
    assert (tmp_path / "work" / "warehouse.duckdb").exists()


def test_a_database_in_use_is_told_with_exit_code_3(
    run: Run, dump: Callable[..., Path], database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "LOCK_WAIT_SECONDS", 0.3)
    folder = dump(GOOD)
    run("load", "rudderstack", folder)
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        results = [run("load", "rudderstack", folder), run("status")]
        holder.kill()
    for result in results:
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.startswith(f"DatabaseLockedError: {database} is in use by another process")


def test_a_file_that_is_no_database_is_told_with_exit_code_3(
    run: Run, dump: Callable[..., Path], database: Path
) -> None:
    database.write_text("notes\n", encoding="utf-8")
    for result in (run("load", "rudderstack", dump(GOOD)), run("status")):
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.startswith(f"NotReadyError: Cannot open {database}")
    assert database.read_text(encoding="utf-8") == "notes\n"


@pytest.mark.parametrize(
    ("trouble", "exit_code"),
    [
        (duckdb.IOException("IO Error: disk full\nstack of details"), 3),
        (duckdb.InternalException("INTERNAL Error: oh"), 3),
        (duckdb.BinderException("Binder Error: oh"), 3),
        (OSError(5, "Input/output error"), 3),
        (duckdb.ConversionException("Conversion Error: oh"), 1),
    ],
)
def test_an_unexpected_error_inside_a_load_is_told_in_one_line(
    run: Run,
    dump: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
    exit_code: int,
) -> None:
    def land(self: RudderStack, load: Load) -> None:
        raise trouble

    monkeypatch.setattr(RudderStack, "land", land)
    result = run("load", "rudderstack", dump(GOOD))
    assert result.exit_code == exit_code
    told = result.stdout if exit_code == 1 else result.stderr
    assert "a.json" in told
    assert str(trouble).splitlines()[0] in told
    assert "stack of details" not in result.output
    known = [entry["status"] for entry in json.loads(run("status", "--json").stdout)]
    assert known == (["rejected"] if exit_code == 1 else [])


def test_an_unexpected_error_outside_a_load_is_told_too(
    run: Run, dump: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def discover(*_: object) -> None:
        raise duckdb.CatalogException("Catalog Error: no such table\nDid you mean")

    monkeypatch.setattr(RudderStack, "discover", discover)
    result = run("load", "rudderstack", dump(GOOD))
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "CatalogException: Catalog Error: no such table\n"


def test_the_module_runs_as_a_program_and_keeps_stdout_for_results(
    dump: Callable[..., Path], database: Path
) -> None:
    def program(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"SESSIONHOUSE_DATABASE": str(database)}
        command = [sys.executable, "-m", "loaders", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    folder = str(dump(GOOD))
    loaded = program("load", "rudderstack", folder)
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert json.loads(program("status", "--json").stdout)[0]["rows"] == 1
    wrong = program("load", "rudderstack", folder + "/nowhere")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("UsageError: ")


def test_the_help_names_the_commands_and_the_exit_codes(run: Run) -> None:
    told = run("--help").stdout
    for word in ("load", "status", "rejects", "sample", "Exit codes: 0 all good, 1 something was rejected"):
        assert word in told
    assert "SESSIONHOUSE_DATABASE" in run("load", "--help").stdout
