"""Loads a landing folder in children that are killed, each on a database of its own; for test_crashes.

Run as `python -m tests.loaders.crash_driver VENDOR FOLDER DATABASES PLAN`. PLAN is a JSON object of the
databases' names and the kills that each meets in turn. A kill is `[step, count]` for the count-th time that
a step is reached, or `[seconds]`. What became of each kill is printed as JSON: 9 for a child that was
killed, 0 for one that had ended before.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb

from loaders import loading
from loaders.exports import Options
from loaders.landing import open_landing
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect, transaction
from tests.loaders.soundness import check_sound

STEPS = (
    "before begin", "after begin", "after raw insert", "before ledger", "after ledger", "before commit",
    "after commit", "between exports",
)  # fmt: skip
Reached = Callable[[str], None]


def load(vendor: str, folder: Path, database: Path) -> None:
    connection = connect(database)
    # Whatever ended the load before this one.
    check_sound(connection)
    for _ in loading.load_exports(connection, VENDORS[vendor](), open_landing(str(folder)), Options()):
        pass
    connection.close()


def watch(reached: Reached) -> None:
    """Have the loaders call `reached` at every step; this is only for the process that dies of it."""
    # So that each step is reached more than once.
    mock.patch.object(loading, "GROUP_EXPORTS", 4).start()
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


def _wrap(owner: type, name: str, reached: Reached, before: str = "", after: str = "") -> None:
    original = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if before:
            reached(before)
        result = original(*arguments, **named)
        reached(after)
        return result

    setattr(owner, name, wrapped)


def die_at(step: str, count: int) -> None:
    seen: Counter[str] = Counter()

    def reached(name: str) -> None:
        seen[name] += 1
        if name == step and seen[name] == count:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(reached)


def child(vendor: str, folder: Path, database: Path, kill: list[Any]) -> int:
    """Load in a child and return the signal that ended it; this process must not have used DuckDB."""
    process = os.fork()
    if process == 0:
        code = 1
        try:
            if len(kill) == 2:
                die_at(*kill)
            load(vendor, folder, database)
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


def main() -> None:
    vendor, folder, databases, plan = sys.argv[1:]
    ends = [
        child(vendor, Path(folder), Path(databases) / name, kill)
        for name, kills in json.loads(plan).items()
        for kill in kills
    ]
    print(json.dumps(ends))


if __name__ == "__main__":
    main()
