"""gs:// and az://, with the file system in memory that fsspec brings in place of their services."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import fsspec
import pytest
from click.testing import CliRunner

from loaders.cli import main
from loaders.errors import LandingError, UsageError
from loaders.exports import Options, Status
from loaders.landing import open_landing
from loaders.landing.filesystems import FileSystemStore
from loaders.landing.objects import ObjectLanding
from loaders.loading import load_landing
from loaders.vendors.rudderstack.loader import RudderStack
from tests.loaders.conftest import Rows

TOLD = {"messageId": "m1", "type": "track", "event": "Buy", "receivedAt": "2020-01-24T06:29:02Z"}
CALL = gzip.compress(json.dumps(TOLD).encode(), mtime=0)


class Generations:
    """The file system in memory, with a generation for each file as Google tells it; errors on demand."""

    def __init__(self) -> None:
        self.system = fsspec.filesystem("memory", skip_instance_cache=True)
        self.failure: Exception | None = None
        self.opened: list[str] = []

    def put(self, path: str, content: bytes) -> None:
        self.system.pipe_file(f"bucket/{path}", content)

    def find(self, path: str, **options: Any) -> dict[str, Any]:
        self._fail()
        return {name: self._about(name, about) for name, about in self.system.find(path, **options).items()}

    def info(self, path: str) -> dict[str, Any]:
        about = self.system.info(path)
        return self._about(about["name"], about) if about["type"] == "file" else about

    def open(self, path: str, mode: str) -> Any:
        self.opened.append(path)
        self._fail()
        return self.system.open(path, mode)

    def _fail(self) -> None:
        if self.failure:
            raise self.failure

    def _about(self, name: str, about: dict[str, Any]) -> dict[str, Any]:
        digest = hashlib.md5(self.system.cat_file(name), usedforsecurity=False).digest()
        return {**about, "generation": digest.hex()[:8], "md5Hash": base64.b64encode(digest).decode()}


@pytest.fixture
def system() -> Iterator[Generations]:
    made = Generations()
    yield made
    if made.system.exists("bucket"):
        made.system.rm("bucket", recursive=True)


def place(system: Generations, cache: Path, prefix: str = "") -> ObjectLanding:
    return ObjectLanding(FileSystemStore(system, "gs", "bucket"), prefix, cache, 1 << 30)


def test_files_are_listed_and_read_as_those_of_s3(system: Generations, tmp_path: Path) -> None:
    for path in ("exports/a.json", "exports/b/c.json", "exports/.hidden", "exports-old/d.json"):
        system.put(path, path.encode())
    with closing(place(system, tmp_path, "exports")) as landing:
        files = landing.list_files()
        assert [file.path for file in files] == ["a.json", "b/c.json"]
        assert landing.full_path(files[1]) == "/exports/b/c.json"
        for file in files:
            assert landing.local_path(file).read_text(encoding="utf-8") == f"exports/{file.path}"
    with closing(place(system, tmp_path, "exports/a.json")) as landing:
        assert [file.path for file in landing.list_files()] == ["a.json"]


def test_exports_load_once(system: Generations, tmp_path: Path, connection: Any, rows: Rows) -> None:
    system.put("x/a.json.gz", CALL)
    for is_new in (True, False):
        system.opened.clear()
        with closing(place(system, tmp_path, "x")) as landing:
            (outcome,) = load_landing(connection, RudderStack(), landing, Options())
        assert (outcome.entry.status, outcome.is_new, len(system.opened)) == (Status.LOADED, is_new, is_new)
    assert rows("SELECT id FROM raw_rudderstack.tracks") == [("m1",)]
    assert rows("SELECT uri FROM raw.loads") == [("gs://bucket/x",)]


def test_an_object_that_changed_since_it_was_listed_waits(
    system: Generations, tmp_path: Path, connection: Any, rows: Rows
) -> None:
    system.put("a.json.gz", CALL)

    class Changed(RudderStack):
        def discover(self, *arguments: Any) -> Any:
            exports = super().discover(*arguments)
            system.put("a.json.gz", gzip.compress(json.dumps({**TOLD, "messageId": "m2"}).encode(), mtime=0))
            return exports

    with closing(place(system, tmp_path)) as landing:
        (outcome,) = load_landing(connection, Changed(), landing, Options())
    assert outcome.entry.status is Status.INCOMPLETE
    assert "gs://bucket/a.json.gz changed while it was being read; run again" in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_rudderstack.tracks") == [(0,)]


class DefaultCredentialsError(Exception):
    """Named as Google's is."""


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (
            DefaultCredentialsError("key=hidden"),
            "There are no valid credentials for gs://bucket. Set GOOGLE_",
        ),
        (PermissionError("hidden"), "No permission to read gs://bucket"),
        (FileNotFoundError("hidden"), "There is no bucket gs://bucket"),
        (ConnectionResetError("hidden"), "The service of gs://bucket cannot be reached"),
        (RuntimeError("https://x/?sig=hidden"), "gs://bucket cannot be read (RuntimeError)"),
    ],
)
def test_what_fails_is_told_without_its_own_text(
    system: Generations, tmp_path: Path, failure: Exception, told: str
) -> None:
    system.put("a.json", b"x")
    system.failure = failure
    with pytest.raises(LandingError) as raised:
        place(system, tmp_path).list_files()
    assert told in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_a_connection_that_breaks_while_reading_is_told_after_some_trials(
    system: Generations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.landing.download.FIRST_PAUSE_SECONDS", 0.001)
    system.put("a.json", b"x")
    with closing(place(system, tmp_path)) as landing:
        (file,) = landing.list_files()
        system.failure = ConnectionResetError("hidden")
        with pytest.raises(LandingError, match=r"gs://bucket/a\.json could not be read to its end"):
            landing.open(file)
        assert len(system.opened) == 5


@pytest.mark.parametrize("scheme", ["gs", "az"])
def test_a_missing_extra_is_named(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ImportError("no module")

    monkeypatch.setattr(fsspec, "filesystem", missing)
    with pytest.raises(
        UsageError, match=rf"{scheme}:// needs the extra '{scheme}'.*sessionhouse\[{scheme}\]'"
    ):
        open_landing(f"{scheme}://bucket/x")
    result = CliRunner().invoke(main, ["load", "pendo", f"{scheme}://bucket/x", "--database", "x.duckdb"])
    assert result.exit_code == 2


def test_settings_that_do_not_do_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise ValueError("connection_string=hidden")

    monkeypatch.setattr(fsspec, "filesystem", refused)
    with pytest.raises(LandingError, match=r"az://bucket cannot be read \(ValueError\)\. Set AZURE_STORAGE_"):
        open_landing("az://bucket/x")
