from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.conftest import Workspace
from tests.incremental.history import History
from tests.incremental.received import Lived, live
from tests.incremental.warehouse import WITHOUT_VIEWS, Snapshot, Warehouse


@dataclass(frozen=True, slots=True)
class Told:
    """The story of `history.py` as it went: the database after each build."""

    warehouse: Warehouse
    first: Snapshot
    second: Snapshot
    # The third delivery, loaded and not built yet: where other ways to go on begin.
    third_loaded: Snapshot
    third: Snapshot
    # The same raw tables, built from nothing.
    refreshed: Snapshot


@pytest.fixture(scope="session")
def told(workspace_factory: Callable[[str], Workspace]) -> Told:
    """The whole story, once. Whoever goes on from it restores a snapshot into its warehouse."""
    warehouse = Warehouse(workspace_factory("history"))
    history = History(warehouse)
    history.load_first()
    warehouse.run()
    first = warehouse.keep("first")
    history.load_second()
    warehouse.run(*WITHOUT_VIEWS)
    second = warehouse.keep("second")
    history.load_third()
    third_loaded = warehouse.keep("third_loaded")
    warehouse.run()
    third = warehouse.keep("third")
    warehouse.run("--full-refresh")
    refreshed = warehouse.keep("refreshed")
    return Told(warehouse, first, second, third_loaded, third, refreshed)


@pytest.fixture(scope="session")
def lived(workspace_factory: Callable[[str], Workspace]) -> Lived:
    """The databases after each run on the clock `received_at`."""
    return live(Warehouse(workspace_factory("received")))
