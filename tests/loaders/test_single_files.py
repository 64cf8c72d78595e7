from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from loaders import single_files
from loaders.exports import DataFile, Export, Status
from loaders.landing import open_landing
from loaders.ledger import Entry, Ledger
from loaders.single_files import SingleFiles, from_folder

ONE = sha256(b"1").hexdigest()
TWO = sha256(b"2").hexdigest()
TWELVE = sha256(b"12").hexdigest()


class Shop:
    """Discovers, resolves and marks as loaded, as the loading does, without rows."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, replaces: bool) -> None:
        self.ledger = Ledger(connection)
        self._files = SingleFiles(
            vendor="v", identity=from_folder("anchor"), order=lambda file: (file.name,), replaces=replaces
        )

    def discover(self, root: Path) -> list[Export]:
        landing = open_landing(str(root))
        exports = self._files.discover(landing, self.ledger, landing.list_files())
        return [export.resolve(export) if export.resolve else export for export in exports]

    def load(self, root: Path) -> list[str]:
        for number, export in enumerate(self.discover(root), start=len(self.ledger.entries()) + 1):
            entry = Entry(
                vendor="v",
                export_id=export.export_id,
                status=Status.LOADED,
                files=1,
                reason="",
                digest=export.digest,
                uri=str(root),
                load_id=number,
            )
            self.ledger.write(entry)
            self.ledger.write_files(entry, export.files, export.identity, export.digest)
        return [each.export_id for each in self.ledger.entries()]


@pytest.fixture
def shop(connection: duckdb.DuckDBPyConnection) -> Shop:
    return Shop(connection, replaces=False)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def ids(exports: list[Export]) -> list[str]:
    return [export.export_id for export in exports]


def test_an_export_is_named_from_the_vendors_own_folder_on_whatever_the_root(
    shop: Shop, landing_folder: Path
) -> None:
    write(landing_folder / "x" / "anchor" / "2020" / "a.json", "1")
    for root in ("", "x", "x/anchor", "x/anchor/2020", "x/anchor/2020/a.json"):
        assert ids(shop.discover(landing_folder / root)) == ["anchor/2020/a.json"]


def test_the_last_of_several_folders_of_that_name_counts() -> None:
    identity = from_folder("anchor")
    assert identity("/anchor/x/anchor/y/a.json", DataFile("a.json", 1, "")) == "anchor/y/a.json"
    assert identity("/my-anchor/x/a.json", DataFile("x/a.json", 1, "")) == "x/a.json"


def test_files_come_in_the_vendors_order_with_their_digest(shop: Shop, landing_folder: Path) -> None:
    write(landing_folder / "a.json", "1")
    (export,) = shop.discover(landing_folder)
    assert export.digest == ONE
    assert (export.order, export.identity, export.status) == (("a.json", "a.json"), "a.json", None)


def test_a_known_file_is_not_read_again(
    shop: Shop, landing_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(landing_folder / "a.json", "1")
    shop.load(landing_folder)
    (before,) = shop.discover(landing_folder)

    def no_reading(*_: object) -> str:
        raise AssertionError("the file is known by its size and version")

    monkeypatch.setattr(single_files, "sha256", no_reading)
    assert shop.discover(landing_folder) == [before]


def test_a_file_that_was_only_touched_is_the_same_export(shop: Shop, landing_folder: Path) -> None:
    write(landing_folder / "a.json", "1")
    shop.load(landing_folder)
    os.utime(landing_folder / "a.json", ns=(1, 1))
    (export,) = shop.discover(landing_folder)
    entry = shop.ledger.entry("v", "a.json")
    assert entry
    assert (export.export_id, export.digest) == (entry.export_id, entry.digest)


def test_the_same_name_and_content_in_another_place_is_the_same_export(
    shop: Shop, landing_folder: Path
) -> None:
    write(landing_folder / "old" / "a.json", "1")
    shop.load(landing_folder / "old")
    write(landing_folder / "new" / "day" / "a.json", "1")
    assert ids(shop.discover(landing_folder / "new")) == ["a.json"]


def test_copies_in_one_place_are_one_export(shop: Shop, landing_folder: Path) -> None:
    write(landing_folder / "x" / "a.json", "1")
    write(landing_folder / "y" / "a.json", "1")
    assert ids(shop.discover(landing_folder)) == ["x/a.json", "x/a.json"]


def test_other_content_under_one_name_in_one_place_is_an_export_of_its_own(
    shop: Shop, landing_folder: Path
) -> None:
    write(landing_folder / "x" / "anchor" / "a.json", "1")
    write(landing_folder / "y" / "anchor" / "a.json", "12")
    assert ids(shop.discover(landing_folder)) == ["anchor/a.json", f"anchor/a.json@{TWELVE[:12]}"]


def test_other_content_under_a_known_name_is_an_export_of_its_own(shop: Shop, landing_folder: Path) -> None:
    write(landing_folder / "a.json", "1")
    shop.load(landing_folder)
    write(landing_folder / "a.json", "12")
    assert shop.load(landing_folder) == ["a.json", f"a.json@{TWELVE[:12]}"]
    assert ids(shop.discover(landing_folder)) == [f"a.json@{TWELVE[:12]}"]
    write(landing_folder / "a.json", "1")
    assert ids(shop.discover(landing_folder)) == ["a.json"]


def test_other_content_replaces_where_the_vendor_replaces(
    connection: duckdb.DuckDBPyConnection, landing_folder: Path
) -> None:
    shop = Shop(connection, replaces=True)
    write(landing_folder / "a.json", "1")
    (first,) = shop.discover(landing_folder)
    shop.load(landing_folder)
    write(landing_folder / "a.json", "12")
    (second,) = shop.discover(landing_folder)
    assert (first.export_id, second.export_id) == ("a.json", "a.json")
    assert first.digest != second.digest


def test_other_content_of_the_same_size_is_noticed(shop: Shop, landing_folder: Path) -> None:
    write(landing_folder / "a.json", "1")
    os.utime(landing_folder / "a.json", ns=(1, 1))
    shop.load(landing_folder)
    write(landing_folder / "a.json", "2")
    os.utime(landing_folder / "a.json", ns=(2, 2))
    assert ids(shop.discover(landing_folder)) == [f"a.json@{TWO[:12]}"]
