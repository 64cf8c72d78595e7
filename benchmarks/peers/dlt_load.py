"""dlt loading Session Stream files into DuckDB, as a process of its own: FOLDER DATABASE WORK SESSIONS.

Objects keyed by an id are turned into lists first: dlt would make a column of each id.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import dlt

KEYED = ("custom_targets", "offers", "page_event_ids", "purchases", "purchase_lines")


def sessions(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the sessions of all files, their parts in lists."""
    for path in sorted(folder.rglob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for line in stream:
                session = json.loads(line)
                for part in KEYED:
                    session[part] = [{"key": key, "content": value} for key, value in session[part].items()]
                yield session


def main() -> None:
    """Load the first sessions; parquet is dlt's fastest way into DuckDB."""
    folder, database, work, most = sys.argv[1:]
    pipeline = dlt.pipeline(
        "sessions",
        destination=dlt.destinations.duckdb(database),
        dataset_name="monetate",
        pipelines_dir=work,
    )
    pipeline.run(
        islice(sessions(Path(folder)), int(most)), table_name="sessions", loader_file_format="parquet"
    )


if __name__ == "__main__":
    main()
