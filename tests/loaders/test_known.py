from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from loaders.exports import DataFile, Export, Status
from loaders.known import KnownFiles, told_by
from loaders.landing import FolderLanding
from loaders.ledger import Entry, Ledger

MANIFEST = DataFile("m", 10, "v1")
ENTRY = Entry(vendor="v", export_id="e1", status=Status.LOADED, files=1, reason="", digest="d1", uri="u")
EXPORT = Export(vendor="v", export_id="e1", order=(), digest="d1", known_by=(MANIFEST,))


class Place:
    def __init__(self, connection: duckdb.DuckDBPyConnection, root: Path) -> None:
        self.ledger = Ledger(connection)
        self.landing = FolderLanding(root)

    def note(self, *exports: Export) -> None:
        self.ledger.write_known_files("v", told_by(self.landing, exports))

    def settled_by(self, file: DataFile = MANIFEST) -> list[str]:
        known = KnownFiles(self.landing, self.ledger, "v")
        return [entry.export_id for entry in known.settled_by(file)]


@pytest.fixture
def place(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Place:
    return Place(connection, tmp_path)


def test_a_file_is_known_when_all_that_it_tells_of_is_settled(place: Place) -> None:
    place.note(EXPORT, replace(EXPORT, export_id="e2", digest="d2"))
    place.ledger.write(ENTRY)
    assert place.settled_by() == []
    second = replace(ENTRY, export_id="e2", digest="d2")
    for status in (Status.INCOMPLETE, Status.REJECTED, Status.ORPHAN):
        place.ledger.write(replace(second, status=status))
        assert place.settled_by() == []
    for status in (Status.LOADED, Status.SKIPPED):
        place.ledger.write(replace(second, status=status))
        assert sorted(place.settled_by()) == ["e1", "e2"]


@pytest.mark.parametrize("other", [DataFile("n", 10, "v1"), DataFile("m", 11, "v1"), DataFile("m", 10, "v2")])
def test_another_file_or_version_is_not_known(place: Place, other: DataFile) -> None:
    place.note(EXPORT)
    place.ledger.write(ENTRY)
    assert (place.settled_by(), place.settled_by(other)) == (["e1"], [])


def test_a_file_that_told_of_other_content_than_is_loaded_is_read(place: Place) -> None:
    place.note(EXPORT)
    place.ledger.write(replace(ENTRY, digest="d2"))
    assert place.settled_by() == []


def test_an_export_is_settled_when_each_of_its_manifests_tells_of_it(place: Place) -> None:
    other = replace(MANIFEST, path="n")
    place.note(EXPORT)
    place.ledger.write(ENTRY)
    known = KnownFiles(place.landing, place.ledger, "v")
    assert known.settled("e1", [MANIFEST])
    assert not known.settled("e1", [MANIFEST, other])
    assert not known.settled("e2", [MANIFEST])
    assert not known.settled("e1", [])
