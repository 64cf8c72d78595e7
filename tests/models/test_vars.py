from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Workspace


@pytest.fixture(scope="module")
def empty_raw(workspace_factory: Callable[[str], Workspace]) -> Workspace:
    """A database whose raw tables exist and are empty."""
    made = workspace_factory("vars")
    folder = made.folder / "landing"
    folder.mkdir()
    made.load("rudderstack", folder, code=2)
    return made


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sesion_idle_minutes": 30}, "sesion_idle_minutes is not a var of this project"),
        ({"session_idle_minutes": 0}, "session_idle_minutes is 0; it takes a whole number from 1 to 1440"),
        ({"max_session_days": "three"}, "max_session_days is three"),
        ({"session_methods": {"pendo": "idle"}}, "session_methods lacks leanplum"),
        ({"analytics_time_zones": {"leanplum": "Mars/Olympus"}}, "leanplum is Mars/Olympus"),
        ({"pendo_exclude": {"guests": []}}, "pendo_exclude: guests"),
        ({"session_event_counts": ["Sign up", "sign-up"]}, "makes the same column twice"),
        ({"allow_null_device_times": "yes"}, "allow_null_device_times is yes"),
        ({"app_ids": "web"}, "app_ids is web; it takes a list"),
    ],
)
def test_a_wrong_var_is_refused_by_name(empty_raw: Workspace, given: dict[str, Any], told: str) -> None:
    done = empty_raw.dbt("run", "--select", "int_aliases", "--vars", json.dumps(given), code=2)
    assert told in done.stdout


def test_every_declared_var_says_why_it_is_there() -> None:
    lines = (ROOT / "dbt_project.yml").read_text().splitlines()
    names = yaml.safe_load("\n".join(lines))["vars"]["sessionhouse"]
    for name in names:
        position = next(i for i, line in enumerate(lines) if line.startswith(f"    {name}:"))
        assert lines[position - 1].strip().startswith("#"), f"{name} has no comment above it"
