from __future__ import annotations

import json
import re
import types
from collections.abc import Callable
from functools import partial

import jinja2
import pytest
import pytz
import yaml

from tests.conftest import ROOT, Workspace

DECLARED = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]["sessionhouse"]
METHODS = DECLARED["session_methods"]
ZONES = DECLARED["analytics_time_zones"]

VarFaults = Callable[[str, object], str]


@pytest.fixture(scope="module")
def empty_raw(workspace_factory: Callable[[str], Workspace]) -> Workspace:
    """A database whose raw tables exist and are empty."""
    made = workspace_factory("vars")
    folder = made.folder / "landing"
    folder.mkdir()
    made.load("rudderstack", folder, code=2)
    return made


def test_wrong_vars_are_refused_by_name(empty_raw: Workspace) -> None:
    given = {
        "sesion_idle_minutes": 30,
        "session_idle_minutes": 0,
        "max_session_days": 366,
        "days_late_allowed": -1,
    }
    done = empty_raw.dbt("run", "--select", "int_aliases", "--vars", json.dumps(given), code=2)
    assert "sesion_idle_minutes is not a var of this project" in done.stdout
    assert "session_idle_minutes is 0; it takes a whole number from 1 to 1440" in done.stdout
    assert "max_session_days is 366" in done.stdout
    assert "days_late_allowed is -1" in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("session_idle_minutes", True, "is True; it takes a whole number from 1 to 1440"),
        ("max_session_days", "three", "is three"),
        ("session_methods", {"pendo": "idle"}, "lacks leanplum"),
        ("session_methods", {**METHODS, "pendo": "nativ"}, ": pendo is nativ; it takes idle, native"),
        ("session_methods", {**METHODS, "amplitude": "idle"}, " names amplitude"),
        ("analytics_time_zones", {**ZONES, "leanplum": "Mars/Olympus"}, ": leanplum is Mars/Olympus"),
        ("analytics_time_zones", "UTC", "is UTC; it takes a mapping"),
        ("pendo_exclude", {"guests": []}, ": guests; it takes lists under visitors"),
        ("pendo_exclude", {"visitors": "me"}, ": visitors; it takes lists"),
        ("session_event_counts", ["Sign up", "sign-up"], "makes the same column twice"),
        ("session_event_counts", "signup", "it takes a list"),
        ("allow_null_device_times", "yes", "is yes; it takes true or false"),
        ("app_ids", "web", "is web; it takes a list"),
        ("flow_length", 1, "is 1; it takes a whole number from 2 to 20"),
    ],
)
def test_each_var_is_checked(var_faults: VarFaults, name: str, value: object, fault: str) -> None:
    assert fault in var_faults(name, value)


@pytest.mark.parametrize("name", [*DECLARED])
def test_every_default_is_accepted(var_faults: VarFaults, name: str) -> None:
    assert not var_faults(name, DECLARED[name])


@pytest.fixture(scope="module")
def var_faults() -> VarFaults:
    """Run the macro `var_faults` alone, in Jinja, with one var set: quicker than a dbt run for each."""

    class ReturnedError(Exception):
        pass

    def give_back(value: object) -> None:
        raise ReturnedError(value)

    def faults_of(name: str, value: object) -> str:
        environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
        source = (ROOT / "macros" / "vars" / "check_vars.sql").read_text()
        source += (ROOT / "macros" / "rules" / "session_rules.sql").read_text()

        macros = {
            text.split("(")[0].split()[-1]: text
            for text in re.findall(r"{% macro .*?{%-? endmacro %}", source, re.DOTALL)
        }

        def call(macro: str, *arguments: object) -> object:
            # One template for each macro: what it calls is then looked up in `context`, as dbt does it.
            module = environment.from_string(macros[macro], globals=context).module
            try:
                return getattr(module, macro)(*arguments)
            except ReturnedError as returned:
                return returned.args[0]

        context: dict[str, object] = {macro: partial(call, macro) for macro in macros} | {
            "return": give_back,
            "var": lambda asked: value if asked == name else DECLARED[asked],
            "modules": types.SimpleNamespace(pytz=pytz, re=re),
        }
        return str(call("var_faults", name) or "")

    return faults_of


def test_every_declared_var_says_why_it_is_there() -> None:
    lines = (ROOT / "dbt_project.yml").read_text().splitlines()
    names = yaml.safe_load("\n".join(lines))["vars"]["sessionhouse"]
    for name in names:
        position = next(i for i, line in enumerate(lines) if line.startswith(f"    {name}:"))
        assert lines[position - 1].strip().startswith("#"), f"{name} has no comment above it"
