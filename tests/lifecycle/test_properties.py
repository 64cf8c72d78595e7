"""Whatever comes in whichever order: runs make what a full refresh makes, and what the rules say."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.lifecycle.conftest import TheatreOf
from tests.lifecycle.history import History
from tests.lifecycle.play import play
from tests.lifecycle.strategies import LOADS, histories, vendors_of

IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
PROFILE = settings(
    max_examples=400 if IS_THOROUGH else 3,
    derandomize=not IS_THOROUGH,
    database=None,
    deadline=None,
    print_blob=IS_THOROUGH,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("kind", LOADS)
def test_incremental_runs_equal_a_full_refresh_and_the_rules(theatre_of: TheatreOf, kind: str) -> None:
    theatre = theatre_of(*vendors_of(kind))

    @PROFILE
    @given(history=histories(kind))
    def holds(history: History) -> None:
        play(theatre, history)

    holds()
