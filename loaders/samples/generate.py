"""Sample exports of all five vendors in one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from loaders.errors import UsageError
from loaders.samples import FEWEST_EVENTS, leanplum, monetate, pendo, rudderstack, snowplow
from loaders.samples.output import VendorSample

# Which share of the events a vendor gets, in percent.
WRITERS: dict[str, tuple[int, Callable[[Path, int, int], VendorSample]]] = {
    "leanplum": (15, leanplum.write),
    "monetate": (10, monetate.write),
    "pendo": (15, pendo.write),
    "rudderstack": (40, rudderstack.write),
    "snowplow": (20, snowplow.write),
}


def write_samples(folder: Path, events: int, seed: int) -> list[VendorSample]:
    """Write exports with `events` events into `folder/<vendor>` and return what was written.

    The same number and seed give the same bytes. Memory does not grow with the number. The hard cases come
    on top of it. Raises UsageError for a folder that holds anything, and for less than FEWEST_EVENTS.
    """
    if events < FEWEST_EVENTS:
        raise UsageError(f"--events {events} is too few to be of use; ask for at least {FEWEST_EVENTS}.")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file. Name a new folder for the samples.")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty. Name a new folder, or delete this one first.")
    return [write(folder / vendor, events * share // 100, seed) for vendor, (share, write) in WRITERS.items()]
