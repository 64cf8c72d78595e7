"""How large a run of the benchmarks is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Sizes of one run.

    `events` are stored tracks, `growth` the factor of the larger history (1 leaves it out), `repeats` the
    rounds of every measurement and `increments` how often the history grows by `share` for the file's size.
    `json_bytes` is NDJSON before compression, `avro_events` events of Pendo in one file, `rows` lines of the
    TSV file, `files` the number of small files, and `pendo_events` the events of a year of days.
    `memory_limit` is the setting of DuckDB that a full build is also measured with (`""` leaves it out).
    """

    events: int = 10_000_000
    growth: int = 3
    repeats: int = 3
    increments: int = 50
    share: float = 0.01
    memory_limit: str = "4GB"
    json_bytes: int = 1_000_000_000
    avro_events: int = 2_000_000
    rows: int = 500_000
    files: int = 10_000
    pendo_events: int = 3_650_000

    @property
    def increment_events(self) -> int:
        """How many events one increment brings, to the small history and to the large one."""
        return max(1, round(self.events * self.share))

    @property
    def csv_rows(self) -> int:
        """How many lines the CSV file has: they are a fifth as long as those of the TSV file.

        With as many bytes, the start of the process weighs the same in both.
        """
        return 5 * self.rows
