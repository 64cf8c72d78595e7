"""The goals, all of them ratios within one run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit that a ratio must keep: at most `limit`, or at least. `case` measures it."""

    case: str
    name: str
    limit: float
    at_least: bool = False

    def is_reached(self, value: float) -> bool:
        """Return whether a measured ratio keeps the limit."""
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def told(self) -> str:
        """The limit in words."""
        return f"at {'least' if self.at_least else 'most'} {self.limit:g}"


FULL_BUILD = "full_build"
READING = "reading"
INCREMENT = "increment"
LOADING = "loading"
FIXED_COST = "fixed_cost"

PLAIN_SQL = Goal(FULL_BUILD, "plain SQL without its null partition / ours", 3.0, at_least=True)
FLOOR = Goal(FULL_BUILD, "ours / floor (narrow sort, writing the narrow marts)", 4.0)
GROWTH = Goal(FULL_BUILD, "ours, three times the events / ours", 3.3)
MEMORY_LIMIT = Goal(FULL_BUILD, "ours with memory_limit 4 GB / ours", 1.1)

READING_ALL = Goal(READING, "all questions and views / the same on wide tables", 1.5)
READING_WORST = Goal(READING, "the slowest of them / the same on wide tables", 1.5)

ONE_PERCENT = Goal(INCREMENT, "1 % new events / full build", 0.06)
INCREMENT_GROWTH = Goal(INCREMENT, "1 % new events, three times the history / the same on the history", 1.5)
NOTHING_NEW = Goal(INCREMENT, "nothing new / full build", 0.01)
FILE_SIZE = Goal(INCREMENT, "file after the increments / file of a fresh build", 1.3)
PENDO_DAY = Goal(INCREMENT, "Pendo: one day of a year replaced / two new days", 1.5)

JSON_FLOOR = Goal(LOADING, "NDJSON gzip: ours / raw JSON lines into a table", 2.5)
JSON_SQLITE = Goal(LOADING, "NDJSON gzip: cursor loop into SQLite / ours", 5.0, at_least=True)
JSON_MARIADB = Goal(LOADING, "NDJSON gzip: cursor loop into MariaDB / ours", 50.0, at_least=True)
AVRO_BATCHES = Goal(LOADING, "Avro: fastavro in Arrow batches / ours", 6.0, at_least=True)
AVRO_MEMORY = Goal(LOADING, "Avro: peak memory with four times the events / peak memory", 1.2)
TSV_READER = Goal(LOADING, "TSV of 131 fields: ours / DuckDB's typed reader", 1.5)
CSV_READER = Goal(LOADING, "CSV: ours / DuckDB's typed reader", 1.5)
SMALL_FILES = Goal(LOADING, "many small files / one file of the same content", 3.0)

GOALS = (
    PLAIN_SQL, FLOOR, GROWTH, MEMORY_LIMIT, READING_ALL, READING_WORST, ONE_PERCENT, INCREMENT_GROWTH,
    NOTHING_NEW, FILE_SIZE, PENDO_DAY, JSON_FLOOR, JSON_SQLITE, JSON_MARIADB, AVRO_BATCHES, AVRO_MEMORY,
    TSV_READER, CSV_READER, SMALL_FILES,
)  # fmt: skip
