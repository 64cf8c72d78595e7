"""Loads a landing place in children that are killed, one after the other; for test_crashes.

Run as `python -m tests.loaders.crash_driver VENDOR PLACE EXPORTS DATABASES PLAN`. PLACE is a folder or a URI,
EXPORTS the folder with the files that lie there. PLAN is a JSON object of the databases' names and the kills
that each meets in turn. A kill is `[step, count]` for the count-th time that a step is reached, or
`[seconds]`. What became of each kill is printed as JSON: 9 for a child that was killed, 0 for one that had
ended before.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb

from loaders import loading
from loaders.exports import Options
from loaders.landing import CacheSettings, download, open_landing, s3
from loaders.landing.ahead import Ahead
from loaders.landing.cache import RunFolder
from loaders.landing.download import PART, Downloader
from loaders.landing.objects import ObjectLanding
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect, transaction
from tests.loaders.soundness import check_cache, check_sound

STEPS = (
    "before begin", "after begin", "after raw insert", "before ledger", "after ledger", "before commit",
    "after commit", "between exports",
)  # fmt: skip
# In an order in which each is reached although the runs before it left files in the cache.
DOWNLOAD_STEPS = (
    "after listing", "after making a cache folder", "before download", "before the rest of a body",
    "after taking over a file", "before naming a file as whole", "after naming a file as whole",
    "before reading a file", "after releasing files",
)  # fmt: skip
# Reached when everything is loaded.
LAST_STEP = "before closing the cache"
Reached = Callable[[str], None]


def cache_of(database: Path) -> Path:
    """The cache folder of all loads into one database."""
    return database.with_suffix(".cache")


def load(vendor: str, place: str, database: Path) -> None:
    connection = connect(database)
    # Whatever ended the load before this one.
    check_sound(connection)
    with closing(open_landing(place, CacheSettings(cache_of(database)))) as landing:
        for _ in loading.load_exports(connection, VENDORS[vendor](), landing, Options()):
            pass
    connection.close()


def watch(reached: Reached) -> None:
    """Have the loaders call `reached` at every step; this is only for the process that dies of it."""
    # So that each step is reached more than once.
    mock.patch.object(loading, "GROUP_EXPORTS", 2).start()
    settle = loading._Run.settle

    @contextmanager
    def watched_transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        reached("before begin")
        with transaction(connection):
            reached("after begin")
            yield
            reached("before commit")
        reached("after commit")

    def watched_settle(*arguments: Any) -> Any:
        reached("between exports")
        return settle(*arguments)

    mock.patch.object(loading, "transaction", watched_transaction).start()
    mock.patch.object(loading._Run, "settle", watched_settle).start()
    _wrap(Load, "insert", reached, after="after raw insert")
    _wrap(Ledger, "write", reached, before="before ledger", after="after ledger")
    watch_downloads(reached)


def watch_downloads(reached: Reached) -> None:
    move, append = Path.replace, Downloader._append

    def watched_move(path: Path, target: Path) -> Path:
        is_whole = path.name.endswith(PART) and not target.name.endswith(PART)
        if is_whole:
            reached("before naming a file as whole")
        moved = move(path, target)
        reached("after naming a file as whole" if is_whole else "after taking over a file")
        return moved

    def watched_append(downloader: Downloader, stored: Any, part: Path, stopped: threading.Event) -> Any:
        if part.exists():
            reached("before the rest of a body")
        return append(downloader, stored, part, stopped)

    mock.patch.object(Path, "replace", watched_move).start()
    mock.patch.object(Downloader, "_append", watched_append).start()
    mock.patch.object(download, "FIRST_PAUSE_SECONDS", 0.01).start()
    _wrap(ObjectLanding, "list_files", reached, after="after listing")
    _wrap(RunFolder, "__init__", reached, after="after making a cache folder")
    _wrap(s3.S3Store, "read", reached, before="before download")
    _wrap(Ahead, "path", reached, after="before reading a file")
    _wrap(Ahead, "release", reached, after="after releasing files")
    _wrap(Ahead, "close", reached, before=LAST_STEP)


def _wrap(owner: type, name: str, reached: Reached, before: str = "", after: str = "") -> None:
    original = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if before:
            reached(before)
        result = original(*arguments, **named)
        if after:
            reached(after)
        return result

    setattr(owner, name, wrapped)


def die_at(step: str, count: int) -> None:
    seen: Counter[str] = Counter()
    counting = threading.Lock()

    def reached(name: str) -> None:
        with counting:
            seen[name] += 1
            if name == step and seen[name] == count:
                os.kill(os.getpid(), signal.SIGKILL)

    watch(reached)


def child(vendor: str, place: str, database: Path, kill: list[Any]) -> int:
    """Load in a child and return the signal that ended it; this process must not have used DuckDB."""
    process = os.fork()
    if process == 0:
        code = 1
        try:
            if len(kill) == 2:
                die_at(*kill)
            load(vendor, place, database)
            code = 0
        finally:
            os._exit(code)
    if len(kill) == 1:
        time.sleep(kill[0])
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    assert os.WEXITSTATUS(status) == 0, kill
    return 0


def prepare(place: str) -> None:
    """Do what takes every child a quarter of a second and is the same for all, before they are forked."""
    # DuckDB imports it when it is given a batch.
    import_module("pyarrow.dataset")
    mock.patch.object(s3, "_client", cache(s3._client)).start()
    if "://" in place:
        s3._client()


def main() -> None:
    vendor, place, exports, databases, plan = sys.argv[1:]
    prepare(place)
    ends = []
    for name, kills in json.loads(plan).items():
        database = Path(databases) / name
        for kill in kills:
            ends.append(child(vendor, place, database, kill))
            check_cache(cache_of(database), Path(exports))
    print(json.dumps(ends))


if __name__ == "__main__":
    main()
