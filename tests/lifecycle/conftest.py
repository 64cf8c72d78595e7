from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

import pytest

from tests.lifecycle.play import Theatre
from tests.lifecycle.reading import Rules
from tests.lifecycle.recorded import Recording, record
from tests.lifecycle.replica import new_replica
from tests.lifecycle.rows import (
    Filed,
    LeanplumEvent,
    LeanplumSession,
    MonetateSession,
    Part,
    PendoEvent,
    Raw,
    Record,
    SnowplowEvent,
    Track,
)

# Limits that few events reach.
VARIABLES = {"session_idle_minutes": 720, "max_session_days": 1, "days_late_allowed": 3}
RULES = Rules(idle=timedelta(hours=12), cap=timedelta(days=1), late=timedelta(days=3))

# One row of every raw table, known again by its ids and its day.
MARK = "marked"
MARKED_DAY = datetime(2029, 9, 9)
MARKED_TEXT = str(MARKED_DAY)
MARKED_ROWS: tuple[Record, ...] = (
    Track(MARK, MARKED_DAY, MARKED_DAY, MARK, event=MARK),
    PendoEvent(MARK, MARKED_DAY.date(), MARK, MARK, MARKED_DAY, MARKED_DAY),
    SnowplowEvent(MARK, MARKED_TEXT, MARKED_TEXT, MARKED_TEXT, MARKED_TEXT, MARK, MARK),
    LeanplumSession(MARK, MARKED_DAY, user_id=MARK, device_id=MARK, app_id=MARK),
    LeanplumEvent(MARK, MARK, MARKED_DAY, MARK, app_id=MARK),
    MonetateSession(
        MARK, MARKED_DAY, MARKED_DAY, True, MARKED_DAY, 0, MARK, parts=(Part("cart", MARK, MARKED_DAY),)
    ),
)
MARKED = Raw().with_load(tuple(Filed(record, f"{MARK}-output-0", 0) for record in MARKED_ROWS))

TheatreOf = Callable[..., Theatre]


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Three real runs of dbt under these limits."""
    return record(tmp_path_factory.mktemp("recorded"), VARIABLES, MARKED)


@pytest.fixture(scope="session")
def theatre_of(recording: Recording) -> TheatreOf:
    """Return warehouses for the events of one vendor; each pair is made once."""

    @cache
    def made(*vendors: str) -> Theatre:
        return Theatre(recording, RULES, new_replica(recording, vendors), new_replica(recording, vendors))

    return made
