"""The limits of a run on `received_at`, in each state: the query of the model, on tables made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.incremental.received import START, Lived

LATER = datetime(2022, 1, 1)


def month(number: int, day: int = 1, hour: int = 0) -> datetime:
    return datetime(2021, number, day, hour)


def daily(first: datetime, last: datetime) -> list[datetime]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class Given:
    """How far one mart and all others are, and what there is to take on.

    None is a mart that never had a success; with one moment only one mart has a row, with none no mart has.
    """

    successes: tuple[datetime | None, ...]
    events: Iterable[datetime] = tuple(daily(START, month(12)))
    last_load: datetime = LATER
    ignored: tuple[datetime, ...] = ()


LEVEL = (month(3), month(3))
BEHIND = (month(3), month(3, 5))
SPRING = daily(START, month(3))

CASES: dict[str, tuple[Given, tuple[Any, ...]]] = {
    "first run: from the start date by the backfill limit": (
        Given(()),
        ("first run", START, month(1, 31)),
    ),
    "first run: not beyond the last load": (
        Given((), last_load=month(1, 10)),
        ("first run", START, month(1, 10)),
    ),
    "first run: again, if nothing was found before": (
        Given((None, None)),
        ("first run", START, month(1, 31)),
    ),
    "first run: no events at all": (
        Given((), events=()),
        ("first run", START, month(1, 31)),
    ),
    "first run: the window lies where the data begins": (
        Given((), events=daily(month(6), month(12))),
        ("first run", START, month(7)),
    ),
    "first run: what is before the start date is no beginning": (
        Given((), events=[datetime(2020, 6, 1), month(6)]),
        ("first run", START, month(7)),
    ),
    "new model: from the start date again": (
        Given((month(3),)),
        ("new model", START, month(1, 31)),
    ),
    "new model: not beyond the others": (
        Given((month(1, 15),)),
        ("new model", START, month(1, 15)),
    ),
    "new model: not beyond the others, after a gap": (
        Given((month(6, 15),), events=daily(month(6), month(12))),
        ("new model", START, month(6, 15)),
    ),
    "catch-up: from the one behind to the one ahead": (
        Given(BEHIND),
        ("catch-up", month(2, 28, 18), month(3, 5)),
    ),
    "catch-up: by the backfill limit": (
        Given((month(3), month(5))),
        ("catch-up", month(2, 28, 18), month(3, 31)),
    ),
    "catch-up: the last load does not matter": (
        Given(BEHIND, last_load=month(3, 3)),
        ("catch-up", month(2, 28, 18), month(3, 5)),
    ),
    "catch-up: the event that led is deleted": (
        Given(BEHIND, events=SPRING),
        ("catch-up", month(2, 28, 18), month(3, 5)),
    ),
    "catch-up: over a gap": (
        Given((month(3), month(9)), events=[*SPRING, month(6), month(9)]),
        ("catch-up", month(2, 28, 18), month(7)),
    ),
    "standard: a little back and by the backfill limit": (
        Given(LEVEL),
        ("standard", month(2, 28, 18), month(3, 31)),
    ),
    "standard: not beyond the last load": (
        Given(LEVEL, last_load=month(3, 4)),
        ("standard", month(2, 28, 18), month(3, 4)),
    ),
    "standard: over a gap that is longer than the backfill limit": (
        Given(LEVEL, events=[*SPRING, month(5, 10)]),
        ("standard", month(2, 28, 18), month(6, 9)),
    ),
    "standard: a gap as long as the limit is none": (
        Given(LEVEL, events=[*SPRING, month(3, 31)]),
        ("standard", month(2, 28, 18), month(3, 31)),
    ),
    "standard: events that cannot be taken on end no gap": (
        Given(LEVEL, events=[*SPRING, month(8)], ignored=(month(5, 10),)),
        ("standard", month(2, 28, 18), month(8, 31)),
    ),
}


@pytest.mark.parametrize(("given", "limits"), CASES.values(), ids=CASES.keys())
def test_limits(lived: Lived, given: Given, limits: tuple[Any, ...]) -> None:
    assert limits_of(lived, given)[:3] == limits


def limits_of(lived: Lived, given: Given) -> tuple[Any, ...]:
    with duckdb.connect() as connection:
        connection.execute("""
            ATTACH ':memory:' AS warehouse;
            USE warehouse;
            CREATE SCHEMA lifecycle;
            CREATE SCHEMA staging;
            CREATE SCHEMA intermediate;
            CREATE TABLE lifecycle.model_state (
                model VARCHAR, last_success TIMESTAMP, changed_through TIMESTAMP
            );
            CREATE TABLE staging.stg_ledger__loads (loaded_at TIMESTAMP, changed_at TIMESTAMP);
            CREATE TABLE intermediate.int_sessionized_event_versions (
                lifecycle_at TIMESTAMP, is_current BOOLEAN, is_beyond_cap BOOLEAN
            );
            -- Models that hold no mart, or that the project had once, do not count.
            INSERT INTO lifecycle.model_state VALUES
                ('int_event_versions', NULL, '2021-01-01'), ('fct_of_old', '2020-01-01', '2021-01-01');
        """)
        connection.execute("INSERT INTO staging.stg_ledger__loads VALUES ($1, $1)", [given.last_load])
        one, *others = sorted(lived.level.last_successes())
        for models, success in zip(([one], others), given.successes, strict=False):
            connection.execute(
                "INSERT INTO lifecycle.model_state SELECT unnest($1::VARCHAR[]), $2, '2021-01-01'",
                [models, success],
            )
        for events, is_current, is_beyond_cap in (
            (given.events, True, False),
            (given.ignored, True, True),
            (given.ignored, False, False),
        ):
            connection.execute(
                "INSERT INTO intermediate.int_sessionized_event_versions "
                "SELECT unnest($1::TIMESTAMP[]), $2, $3",
                [list(events), is_current, is_beyond_cap],
            )
        (row,) = connection.execute(lived.limits_query).fetchall()
        return tuple(row)
