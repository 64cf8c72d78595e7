"""Loading from a store while the next files are still coming, beside first one and then the other."""

from __future__ import annotations

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.cases.loading_json import sessions_export
from benchmarks.cases.loads import Loads
from benchmarks.findings import Findings, Measure, Ratio, ratios
from benchmarks.peers.paced_store import PacedStore, serving
from benchmarks.timing import seconds_of
from benchmarks.workspace import Workspace
from loaders.landing.ahead import THREADS

_CHUNK_BYTES = 1 << 20


def measure_ahead(workspace: Workspace, found: Findings) -> None:
    """Add a load from a store that sends its files in as long as a load of them takes."""
    folder, sessions = sessions_export(workspace)
    paths = sorted(folder.rglob("*.json.gz"))
    size = sum(path.stat().st_size for path in paths)
    here = Loads(workspace, "monetate", folder, sessions)
    pace = max(1, round(size / here.load()))
    downloads = []
    with serving(folder, pace) as store:
        there = Loads(workspace, "monetate", store.uri, sessions, store.environment)
        for number in range(workspace.settings.repeats):
            workspace.tell(f"a store, round {number + 1}: downloading, loading from it, from a folder")
            downloads.append(seconds_of(lambda: _download(store, folder, paths)))
            there.load()
            if number:
                here.load()
    local = here.measure("Store: loading from the folder")
    remote = there.measure("Store: loading from the store")
    alone = Measure(f"Store: downloading alone, {THREADS} files at a time", tuple(downloads))
    found.measures += [remote, alone, local]
    found.facts["Store"] = f"{size:,} bytes in {len(paths)} files, {pace:,} bytes a second"
    one_by_one = [a + b for a, b in zip(alone.seconds, local.seconds, strict=True)]
    found.ratios += [
        Ratio("Store: loading from it / downloading, then loading", ratios(remote.seconds, one_by_one)),
        Ratio("Store: loading from it / downloading alone", ratios(remote.seconds, alone.seconds)),
    ]
    here.project.forget()


def _download(store: PacedStore, folder: Path, paths: list[Path]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda path: _fetch(store.address(path.relative_to(folder).as_posix())), paths))


def _fetch(address: str) -> None:
    with urllib.request.urlopen(address) as answer:
        while answer.read(_CHUNK_BYTES):
            pass
