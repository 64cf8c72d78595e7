"""The cache of downloaded files: bounded, checked, handed on after a crash, never shared between runs."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from loaders.errors import LandingError
from loaders.landing.ahead import Ahead
from loaders.landing.cache import LEFT_BEHIND_SECONDS, RunFolder
from loaders.landing.download import Downloader
from loaders.landing.objects import ObjectLanding
from loaders.landing.store import Body, BodyCutError, StoredObject

SIZE = 1000


def stored(number: int, size: int = SIZE, version: str = "v") -> StoredObject:
    return StoredObject(f"{number:03}", size, version)


class Store:
    """A store in memory; `gate` holds every read up while it is closed."""

    uri = "mem://bucket"
    bucket = "bucket"
    place = "mem://bucket"

    def __init__(self, *objects: StoredObject) -> None:
        self.objects = {each.key: each for each in objects}
        self.reads: list[tuple[str, int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.spoil: Callable[[bytes], bytes] = lambda content: content

    @staticmethod
    def content(each: StoredObject) -> bytes:
        return (each.key.encode() * each.size)[: each.size]

    def list(self, prefix: str) -> Iterator[StoredObject]:
        yield from (each for each in self.objects.values() if each.key.startswith(prefix))

    def find(self, key: str) -> StoredObject | None:
        return self.objects.get(key)

    def read(self, each: StoredObject, start: int) -> Body:
        self.reads.append((each.key, start))
        self.gate.wait(10)
        return Body(iter([self.spoil(self.content(each)[start:])]), start, each.md5)

    def confirm(self, each: StoredObject) -> None:
        pass

    def has_read(self, count: int) -> bool:
        return len(self.reads) >= count

    @property
    def keys_read(self) -> Sequence[str]:
        return [key for key, _ in self.reads]


def opened(store: Store, cache: Path, limit: int = 1 << 30) -> Ahead:
    return Ahead(RunFolder(cache, store.place), Downloader(store), limit)


def settled(check: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + 10
    while not check() and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return check()


def sizes(cache: Path) -> int:
    while True:
        try:
            return sum(path.stat().st_size for path in cache.rglob("run-*/*"))
        except FileNotFoundError:
            # A download that was in part is whole by now, under its other name: look again.
            continue


def test_files_come_ahead_of_their_turn_as_far_as_there_is_room(tmp_path: Path) -> None:
    objects = [stored(number) for number in range(10)]
    store = Store(*objects)
    with closing(opened(store, tmp_path, limit=3 * SIZE)) as ahead:
        ahead.expect(objects)
        assert settled(lambda: sizes(tmp_path) == 3 * SIZE)
        for number, each in enumerate(objects):
            assert ahead.path(each).read_bytes() == store.content(each)
            assert sizes(tmp_path) <= 3 * SIZE
            ahead.release([each])
            assert settled(partial(store.has_read, min(number + 4, 10)))
        assert sorted(store.keys_read) == sorted(each.key for each in objects)
    assert not list(tmp_path.rglob("run-*"))


def test_a_file_bigger_than_the_room_comes_alone(tmp_path: Path) -> None:
    small, big, last = stored(1), stored(2, size=5 * SIZE), stored(3)
    store = Store(small, big, last)
    with closing(opened(store, tmp_path, limit=2 * SIZE)) as ahead:
        ahead.expect([small, big, last])
        ahead.path(small)
        assert ahead.path(big).stat().st_size == 5 * SIZE
        assert sizes(tmp_path) == 5 * SIZE
        ahead.release([small, big])
        assert ahead.path(last).read_bytes() == store.content(last)


def test_files_of_one_export_that_have_no_room_together_take_turns(tmp_path: Path) -> None:
    objects = [stored(number) for number in range(5)]
    store = Store(*objects)
    with closing(opened(store, tmp_path, limit=2 * SIZE)) as ahead:
        ahead.expect(objects)
        for _ in range(2):
            for each in objects:
                assert ahead.path(each).read_bytes() == store.content(each)
                assert sizes(tmp_path) <= 2 * SIZE
        ahead.release(objects)
    assert not list(tmp_path.rglob("run-*"))


def test_files_asked_for_in_another_order_make_room(tmp_path: Path) -> None:
    objects = [stored(number) for number in range(6)]
    with closing(opened(Store(*objects), tmp_path, limit=2 * SIZE)) as ahead:
        ahead.expect(objects)
        for each in reversed(objects):
            assert ahead.path(each).stat().st_size == SIZE
            assert sizes(tmp_path) <= 2 * SIZE
        ahead.release(objects)


def test_eight_files_are_on_their_way_at_once(tmp_path: Path) -> None:
    objects = [stored(number) for number in range(20)]
    store = Store(*objects)
    store.gate.clear()
    with closing(opened(store, tmp_path)) as ahead:
        ahead.expect(objects)
        assert settled(lambda: len(store.reads) == 8)
        time.sleep(0.1)
        assert len(store.reads) == 8
        store.gate.set()
        for each in objects:
            ahead.path(each)
        ahead.release(objects)


def test_a_release_stops_what_is_still_coming(tmp_path: Path) -> None:
    objects = [stored(number) for number in range(3)]
    store = Store(*objects)
    with closing(opened(store, tmp_path)) as ahead:
        ahead.expect(objects)
        ahead.release(objects)
        assert sizes(tmp_path) == 0
    assert not list(tmp_path.rglob("run-*"))


def test_what_a_run_left_is_taken_over_by_the_next(tmp_path: Path) -> None:
    objects = [stored(number) for number in range(3)]
    store = Store(*objects)
    first = opened(store, tmp_path)
    first.expect(objects)
    for each in objects:
        first.path(each)
    first.close()
    store.reads.clear()
    with closing(opened(store, tmp_path)) as ahead:
        for each in objects[:2]:
            assert ahead.path(each).read_bytes() == store.content(each)
        ahead.release(objects)
    assert store.reads == []
    # The third was expected by nobody; it went with the folder.
    assert not list(tmp_path.rglob("run-*"))


def test_a_part_is_read_on_from_its_end(tmp_path: Path) -> None:
    each = stored(1)
    store = Store(each)
    folder = RunFolder(tmp_path, store.place)
    folder.file(each).with_name(f"{folder.file(each).name}.part").write_bytes(store.content(each)[:400])
    folder.close(keep=True)
    with closing(opened(store, tmp_path)) as ahead:
        assert ahead.path(each).read_bytes() == store.content(each)
        ahead.release([each])
    assert store.reads == [("001", 400)]


@pytest.mark.parametrize("left", [b"x" * SIZE, b"x" * (SIZE - 1), b""])
def test_a_left_file_with_other_content_is_downloaded_again(tmp_path: Path, left: bytes) -> None:
    plain = stored(1)
    each = stored(1, version=hashlib.md5(Store.content(plain), usedforsecurity=False).hexdigest())
    store = Store(each)
    folder = RunFolder(tmp_path, store.place)
    folder.file(each).write_bytes(left)
    folder.close(keep=True)
    with closing(opened(store, tmp_path)) as ahead:
        assert ahead.path(each).read_bytes() == store.content(each)
        ahead.release([each])
    assert store.reads == [("001", 0)]


def test_left_files_give_way_to_what_is_expected(tmp_path: Path) -> None:
    old = [stored(number, version="old") for number in range(3)]
    new = [stored(number) for number in range(3)]
    store = Store(*new)
    first = opened(store, tmp_path)
    for each in old:
        first.path(each)
    first.close()
    with closing(opened(store, tmp_path, limit=3 * SIZE)) as ahead:
        ahead.expect(new)
        for each in new:
            assert ahead.path(each).read_bytes() == store.content(each)
            assert sizes(tmp_path) <= 3 * SIZE
        ahead.release(new)


def test_two_runs_at_once_do_not_touch_each_others_files(tmp_path: Path) -> None:
    each = stored(1)
    store = Store(each)
    first, second = opened(store, tmp_path), opened(store, tmp_path)
    paths = [first.path(each), second.path(each)]
    assert paths[0] != paths[1]
    first.release([each])
    first.close()
    assert paths[1].read_bytes() == store.content(each)
    second.release([each])
    second.close()
    assert not list(tmp_path.rglob("run-*"))


def test_what_was_left_behind_long_ago_goes_with_the_next_run_from_anywhere(tmp_path: Path) -> None:
    old, held = RunFolder(tmp_path, "elsewhere"), RunFolder(tmp_path, "in use")
    old.close(keep=True)
    for folder in (old, held):
        past = time.time() - LEFT_BEHIND_SECONDS - 60
        os.utime(folder.path, (past, past))
    RunFolder(tmp_path, "here").close(keep=False)
    assert (old.path.exists(), held.path.exists()) == (False, True)
    held.close(keep=False)


def test_a_failure_is_told_in_its_turn_and_tried_anew_when_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.landing.download.FIRST_PAUSE_SECONDS", 0.001)
    good, bad = stored(1), stored(2)
    store = Store(good, bad)
    store.spoil = lambda content: content[:10] if b"2" in content else content
    with closing(opened(store, tmp_path)) as ahead:
        ahead.expect([bad, good])
        assert settled(lambda: len(store.reads) == 6)
        assert ahead.path(good).exists()
        with pytest.raises(
            LandingError, match=r"mem://bucket/002 could not be read to its end: \d+ of 1,000"
        ):
            ahead.path(bad)
        store.spoil = lambda content: content
        assert ahead.path(bad).read_bytes() == store.content(bad)
        ahead.release([good, bad])


def test_a_file_that_somebody_removed_is_downloaded_again(tmp_path: Path) -> None:
    each = stored(1)
    store = Store(each)
    with closing(opened(store, tmp_path)) as ahead:
        ahead.path(each).unlink()
        assert ahead.path(each).read_bytes() == store.content(each)
        ahead.release([each])


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LandingError, match=r"The cache folder .*/file cannot be used: .*SESSIONHOUSE_CACHE"):
        opened(Store(), tmp_path / "file")


def test_a_place_that_is_only_listed_leaves_no_trace(tmp_path: Path) -> None:
    with closing(ObjectLanding(Store(stored(1)), "", tmp_path / "cache", 1)) as landing:
        assert [file.path for file in landing.list_files()] == ["001"]
        landing.expect([])
        landing.release([])
    assert not (tmp_path / "cache").exists()


def test_a_run_with_nothing_to_read_removes_what_earlier_ones_left(tmp_path: Path) -> None:
    store = Store(stored(1))
    place = f"{store.place}/prefix"
    left, held, other = RunFolder(tmp_path, place), RunFolder(tmp_path, place), RunFolder(tmp_path, "other")
    (left.path / "file").touch()
    for folder in (left, other):
        folder.close(keep=True)
    with closing(ObjectLanding(store, "prefix", tmp_path, 1)) as landing:
        landing.list_files()
        assert left.path.exists()
        landing.expect([])
    assert [folder.path.exists() for folder in (left, held, other)] == [False, True, True]
    held.close(keep=False)


def test_a_broken_body_is_cut_not_lost(tmp_path: Path) -> None:
    each = stored(1)
    store = Store(each)
    calls: list[int] = []

    def broken(content: bytes) -> bytes:
        calls.append(len(content))
        if len(calls) == 1:
            raise BodyCutError("its connection broke")
        return content

    store.spoil = broken
    with closing(opened(store, tmp_path)) as ahead:
        assert ahead.path(each).read_bytes() == store.content(each)
        ahead.release([each])
