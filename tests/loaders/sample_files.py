"""Reading sample exports back, without the loaders."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro

from loaders.vendors.snowplow.columns import ENRICHED_COLUMNS


def json_lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of all gzipped files, by file name."""
    for path in sorted(folder.rglob("*.json.gz"), key=lambda path: path.name):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            if line.endswith("}"):
                yield json.loads(line)


def enriched_rows(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the enriched events by column; each line must have all 131 fields."""
    for path in sorted((folder / "enriched").rglob("*.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            yield dict(zip(ENRICHED_COLUMNS, line.split("\t"), strict=True))


def csv_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def avro_records(path: Path) -> list[Any]:
    """Return the records of an Avro file."""
    with path.open("rb") as stream:
        return list(fastavro.reader(stream))
