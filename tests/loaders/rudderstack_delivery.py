"""Writes what RudderStack delivers: dumps of calls, staging files, rows of tables."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.loaders.conftest import Rows

DUMP = "rudder-logs/src1/2020-01-24/1579867142.src1.0a1b.json.gz"
STAGING = "rudder-warehouse-staging-logs/src1/2020-01-24/1579867142.src1.0a1b.json.gz"
SIX_29 = datetime(2020, 1, 24, 6, 29, 2, 403000)


def call(message_id: str = "m1", **changes: Any) -> dict[str, Any]:
    """Return a track call as the object-storage destinations write it."""
    return {
        "messageId": message_id,
        "type": "track",
        "event": "Product Viewed",
        "anonymousId": "anon",
        "userId": "user",
        "channel": "web",
        "originalTimestamp": "2020-01-24T06:29:02.358Z",
        "sentAt": "2020-01-24T06:29:02.359Z",
        "receivedAt": "2020-01-24T11:59:02.403+05:30",
        "timestamp": "2020-01-24T11:59:02.402+05:30",
        "request_ip": "[::1]:53708",
        "context": {"ip": "0.0.0.0", "sessionId": 1579867142, "sessionStart": True, "locale": "en"},
        "properties": {"price": 19.99, "id": 9007199254740993, "none": None},
    } | changes


def row(message_id: str = "m1", **changes: Any) -> dict[str, Any]:
    """Return a row of a warehouse table."""
    return {
        "id": message_id,
        "anonymous_id": "anon",
        "user_id": "user",
        "event": "product_viewed",
        "event_text": "Product Viewed",
        "received_at": "2020-01-24T11:59:02.403+05:30",
        "timestamp": "2020-01-24 06:29:02.402 UTC",
    } | changes


def staged(table: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"data": data, "metadata": {"table": table, "columns": {"id": "string"}}, "userId": ""}


def write(path: Path, *lines: dict[str, Any] | str, packed: bool = True) -> Path:
    """Write JSON lines, as gzip whatever the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    content = "".join(f"{text}\n" for text in texts).encode()
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    return path


def counts(rows: Rows) -> dict[str, int]:
    tables = ("tracks", "identifies", "aliases", "other_calls")
    found = {table: rows(f"SELECT count(*) FROM raw_rudderstack.{table}")[0][0] for table in tables}
    return {table: count for table, count in found.items() if count}
