from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from loaders.errors import LandingError, UsageError
from loaders.exports import DataFile
from loaders.landing import FolderLanding, open_landing, sha256


def fill(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())


def listed(folder: Path) -> list[str]:
    return [file.path for file in open_landing(str(folder)).list_files()]


def test_files_of_all_folders_are_listed_in_order_of_their_paths(tmp_path: Path) -> None:
    fill(tmp_path, "b/2.json", "z.json", "b/10.json", "c/d/e/f.csv", "a.json")
    assert listed(tmp_path) == ["a.json", "b/10.json", "b/2.json", "c/d/e/f.csv", "z.json"]


def test_temporary_hidden_and_marker_files_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, ".hidden", "a.json.part", "a.filepart", "a.tmp", "a.crdownload", "_SUCCESS", "Thumbs.db")
    fill(tmp_path, ".git/a.json", "x_$folder$", "part-00000", "_SUCCESS.json")
    assert listed(tmp_path) == ["_SUCCESS.json", "part-00000"]


def test_a_file_tells_its_size_and_changes_its_version_with_its_content(tmp_path: Path) -> None:
    fill(tmp_path, "a/b.json")
    os.utime(tmp_path / "a/b.json", ns=(1, 1_000_000_001))
    landing = open_landing(str(tmp_path))
    assert landing.list_files() == [DataFile(path="a/b.json", size=8, version="1000000001")]
    os.utime(tmp_path / "a/b.json", ns=(1, 1_000_000_002))
    assert landing.list_files()[0].version == "1000000002"


def test_a_single_file_is_a_landing_place(tmp_path: Path) -> None:
    fill(tmp_path, "a/b.json", "a/c.json")
    landing = open_landing(str(tmp_path / "a" / "b.json"))
    (file,) = landing.list_files()
    assert (file.path, file.name, file.folder) == ("b.json", "b.json", "")
    with landing.open(file) as stream:
        assert stream.read() == b"a/b.json"


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    fill(tmp_path, "landing/.real/a.json", "landing/b.json")
    landing = tmp_path / "landing"
    (landing / "linked").symlink_to(landing / ".real", target_is_directory=True)
    (landing / "loop").symlink_to(landing, target_is_directory=True)
    (landing / ".real" / "back").symlink_to(landing / ".real", target_is_directory=True)
    assert listed(landing) == ["b.json", "linked/a.json"]


def test_the_full_path_does_not_depend_on_how_the_root_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a/b.json")
    monkeypatch.chdir(tmp_path / "a")
    paths = set()
    for root in (".", "../a", str(tmp_path / "a"), str(tmp_path / "a" / "b.json")):
        landing = open_landing(root)
        paths.add(landing.full_path(landing.list_files()[0]))
    assert paths == {(tmp_path / "a" / "b.json").resolve().as_posix()}


def test_a_file_that_is_gone_is_a_landing_error(tmp_path: Path) -> None:
    fill(tmp_path, "a.json")
    landing = open_landing(str(tmp_path))
    (file,) = landing.list_files()
    (tmp_path / "a.json").unlink()
    with pytest.raises(LandingError, match=r"Cannot read a\.json: No such file"):
        landing.open(file)


def test_a_link_to_nothing_is_told_and_not_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(LandingError, match=r"Cannot read .*a\.json: No such file"):
        listed(tmp_path)


def test_a_folder_that_cannot_be_listed_is_a_landing_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(LandingError, match="Permission denied"):
        FolderLanding(tmp_path).list_files()


def test_a_name_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.json"
    try:
        Path(os.fsdecode(path)).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(LandingError, match=r"caf\\udce9\.json' is no UTF-8 text"):
        listed(tmp_path)


def test_a_place_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere does not exist"):
        open_landing(str(tmp_path / "nowhere"))


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    content = os.urandom((2 << 20) + 17)
    (tmp_path / "a.bin").write_bytes(content)
    landing = open_landing(str(tmp_path))
    assert sha256(landing, landing.list_files()[0]) == hashlib.sha256(content).hexdigest()
