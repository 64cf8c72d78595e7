"""Writes what Snowplow's pipeline delivers: enriched lines, wide rows and run folders."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loaders.vendors.snowplow.columns import ENRICHED_COLUMNS

RUN = "run=2024-05-01-10-00-00"
SCHEMA = "iglu:com.snowplowanalytics.snowplow.storage.rdbloader/shredding_complete/jsonschema/2-0-1"
ATOMIC_FOLDER = "output=good/vendor=com.snowplowanalytics.snowplow/name=atomic/format=tsv/model=1"
MOMENT = "2024-05-01 10:00:00.123"
HOSTILE = '{"schema":"iglu:com.acme/x/jsonschema/1-0-0","data":[{"say":"it\\"s {\'ok\'} \\\\ , \\"n"}]}'

Write = Callable[[str, str | bytes], Path]
Finish = Callable[..., None]


def event(event_id: str = "e1", **values: str) -> dict[str, str]:
    return {"event_id": event_id, "collector_tstamp": MOMENT, **values}


def tsv(*events: dict[str, str], columns: tuple[str, ...] = ENRICHED_COLUMNS) -> str:
    return "".join("\t".join(row.get(name, "") for name in columns) + "\n" for row in events)


def ndjson(*documents: dict[str, Any]) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)


def writer(folder: Path) -> Write:
    """Return a function that writes a file below `folder`, gzipped where the name ends in `.gz`."""

    def write(path: str, content: str | bytes) -> Path:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        target.write_bytes(gzip.compress(data, mtime=0) if path.endswith(".gz") else data)
        return target

    return write


def finisher(write: Write) -> Finish:
    """Return a function that writes a run's completion file: `finish(form="SHREDDED", good=2)`."""

    def finish(
        run: str = RUN, form: str = "WIDEROW", file_format: str | None = "JSON", **data: object
    ) -> None:
        good = data.pop("good", None)
        data = {
            "base": f"s3://acme/{run}/",
            "typesInfo": {"transformation": form, "fileFormat": file_format, "types": []},
            "count": None if good is None else {"good": good, "bad": None},
            **data,
        }
        write(f"{run}/shredding_complete.json", json.dumps({"schema": SCHEMA, "data": data}))

    return finish
