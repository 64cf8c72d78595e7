from __future__ import annotations

import pytest

from tests.processes import FIXTURE_OF, SHARING


def fixtures_of(item: pytest.Item) -> set[str]:
    """The names that a test takes, without those of its parameters."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return set(getattr(item, "fixturenames", ())) - set(parameters)


def test_files_that_share_a_fixture_are_known_to_do_so(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        for fixture in SHARING.keys() & fixtures_of(item):
            assert FIXTURE_OF.get(item.nodeid.split("::")[0]) == fixture, f"{item.nodeid} reads {fixture}"
