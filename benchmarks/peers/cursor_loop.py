"""Monetate's own way to load Session Stream: a Python loop that executes one INSERT for each row.

Nine tables as in the vendor's guide, keys and indexes included, committed file by file. It runs on any
DB-API connection; SQLite and MariaDB differ in how a number is made and a value is bound.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SESSION_COLUMNS = {
    "session_id": "VARCHAR(255) NOT NULL PRIMARY KEY", "account_id": "INT", "browser": "VARCHAR(255)",
    "browser_version": "VARCHAR(255)", "city": "VARCHAR(255)", "country_code": "VARCHAR(2)",
    "customer_id": "VARCHAR(255)", "customer_link": "VARCHAR(255)", "device_type": "VARCHAR(255)",
    "end_time": "BIGINT", "guid": "VARCHAR(255)", "has_cart": "INT", "has_new_customer": "INT",
    "has_product_view": "INT", "has_purchase": "INT", "has_stealth": "INT", "is_bounce": "INT",
    "is_closed": "INT", "os": "VARCHAR(255)", "os_version": "VARCHAR(255)", "page_views": "INT",
    "page_views_ss": "INT", "product_view_count": "INT", "purchase_count": "INT",
    "purchase_value_ss": "DECIMAL(16,4)", "region": "VARCHAR(255)", "screen_height": "INT",
    "screen_width": "INT", "session_count": "INT", "session_value": "DECIMAL(16,4)",
    "session_value_ss": "DECIMAL(16,4)", "start_time": "BIGINT", "time_on_site": "INT",
    "time_on_site_ss": "INT",
}  # fmt: skip
_FLAGS = ("has_", "is_")
_SESSION_ID = {"session_id": "VARCHAR(255) NOT NULL"}
_MOMENT = {"time": "DATETIME NOT NULL"}
_PRODUCT = {"product_id": "VARCHAR(255) NOT NULL"}
_PURCHASE = {"purchase_id": "VARCHAR(255) NOT NULL"}
_ITEM = {"sku": "VARCHAR(255) NOT NULL", "quantity": "INT NOT NULL"}
_CHILD_COLUMNS = {
    "session_custom_targets": {**_SESSION_ID, "target_id": "INT NOT NULL", "target_value": "VARCHAR(255)"},
    "session_offers": {**_SESSION_ID, "offer_id": "INT NOT NULL", "seen_at": "BIGINT"},
    "session_page_event_ids": {**_SESSION_ID, "event_id": "INT NOT NULL", "seen_at": "BIGINT"},
    "session_purchases": {**_SESSION_ID, **_PURCHASE, "purchase_value": "DECIMAL(16,4)"},
    "session_cart_lines": {**_SESSION_ID, **_PRODUCT, **_ITEM, **_MOMENT},
    "session_view_lines": {**_SESSION_ID, **_PRODUCT, **_MOMENT},
    "session_purchase_lines": {**_SESSION_ID, **_PURCHASE, **_MOMENT, "total": "DECIMAL(16,4)"},
    "session_purchase_line_items": {**_PURCHASE, **_PRODUCT, **_ITEM, "unit_price": "DECIMAL(16,4)"},
}
_TABLES = {"session_sessions": _SESSION_COLUMNS, **_CHILD_COLUMNS}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database numbers rows by itself, and how a statement marks a value."""

    numbered: str
    mark: str


SQLITE = Dialect("INTEGER PRIMARY KEY AUTOINCREMENT", "?")
MARIADB = Dialect("INT NOT NULL AUTO_INCREMENT PRIMARY KEY", "%s")


class CursorLoop:
    """Loads files through one cursor of a DB-API connection."""

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._statements = {
            table: f"INSERT INTO {table} ({', '.join(columns)}) "
            f"VALUES ({', '.join([dialect.mark] * len(columns))})"
            for table, columns in _TABLES.items()
        }

    def create_tables(self) -> None:
        """Create the nine tables with their keys."""
        cursor = self._connection.cursor()
        for table, columns in _TABLES.items():
            lines = [f"{name} {kind}" for name, kind in columns.items()]
            if table != "session_sessions":
                lines.insert(0, f"id {self._dialect.numbered}")
            if table != "session_sessions" and "session_id" in columns:
                lines.append("FOREIGN KEY (session_id) REFERENCES session_sessions (session_id)")
            cursor.execute(f"CREATE TABLE {table} ({', '.join(lines)})")
            for key in ("session_id", "purchase_id"):
                if key in columns and table != "session_sessions":
                    cursor.execute(f"CREATE INDEX {key}_{table} ON {table} ({key})")
        self._connection.commit()
        cursor.close()

    def load(self, paths: Sequence[Path], most_sessions: int) -> Counter[str]:
        """Load files until that many sessions are in; return how many rows each table got."""
        counts: Counter[str] = Counter()
        for path in paths:
            cursor = self._connection.cursor()
            with gzip.open(path, "rt", encoding="utf-8") as stream:
                for line in stream:
                    if counts["session_sessions"] == most_sessions:
                        break
                    for table, values in _rows(json.loads(line)):
                        cursor.execute(self._statements[table], values)
                        counts[table] += 1
            self._connection.commit()
            cursor.close()
        return counts


def _rows(session: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the rows of a session, its own first."""
    key = session["session_id"]
    flags = {name: int(session[name] == "t") for name in _SESSION_COLUMNS if name.startswith(_FLAGS)}
    yield "session_sessions", tuple(flags.get(name, session[name]) for name in _SESSION_COLUMNS)
    for part in ("custom_targets", "offers", "page_event_ids", "purchases"):
        for name, value in session[part].items():
            yield f"session_{part}", (key, name, value)
    for line in session["cart_lines"]:
        yield "session_cart_lines", (key, line["product_id"], line["sku"], line["quantity"], line["time"])
    for line in session["view_lines"]:
        yield "session_view_lines", (key, line["product_id"], line["time"])
    for name, order in session["purchase_lines"].items():
        yield "session_purchase_lines", (key, name, order["time"], order["total"])
        for item in order["items"]:
            yield (
                "session_purchase_line_items",
                (name, item["product_id"], item["sku"], item["quantity"], item["unit_price"]),
            )
