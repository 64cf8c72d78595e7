"""The README says what is there: commands, vars, tables and questions cannot drift apart from it."""

from __future__ import annotations

import re

import pytest
import yaml

from loaders.cli import main
from loaders.exports import Status
from loaders.vendors.registry import VENDORS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(name: str) -> None:
    help_text = main.commands[name].help or ""
    assert "Example: sessionhouse " in help_text
    assert f"`sessionhouse {name}" in README


@pytest.mark.parametrize(
    "option",
    sorted({option for command in main.commands.values() for p in command.params for option in p.opts}),
)
def test_every_option_stands_in_the_readme(option: str) -> None:
    assert not option.startswith("--") or option in README


def test_every_var_stands_in_the_readme_with_its_default() -> None:
    declared = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]["sessionhouse"]
    for name, default in declared.items():
        row = re.search(rf"^\| `{name}` \| ([^|]*) \|", README, re.MULTILINE)
        assert row, f"{name} is not in the README's table of vars"
        if not isinstance(default, dict | list):
            assert row.group(1).strip() == str(default).lower()


def test_the_vars_that_ask_for_a_full_refresh_are_the_first_in_the_readme() -> None:
    macro = (ROOT / "macros" / "state" / "rules.sql").read_text().partition("{% endmacro %}")[0]
    rules = set(re.findall(r"'(\w+)'", macro.replace("uses_clock('loaded_at')", "")))
    vars_in_order = re.findall(r"^\| `(\w+)` \|", README.partition("| var | default |")[2], re.MULTILINE)
    assert set(vars_in_order[: len(rules)]) == rules
    assert vars_in_order[len(rules) - 2 : len(rules)] == ["lifecycle_clock", "start_date"]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "models" / "marts").glob("*.sql")), ids=lambda path: path.stem
)
def test_every_mart_stands_in_the_readme(path: object) -> None:
    assert f"`marts.{getattr(path, 'stem', '')}`" in README


@pytest.mark.parametrize("path", sorted((ROOT / "analysis").glob("*.sql")), ids=lambda path: path.stem)
def test_every_question_stands_in_the_readme(path: object) -> None:
    assert f"`{getattr(path, 'stem', '')}`" in README


def test_every_vendor_status_and_reason_stands_in_the_readme() -> None:
    reasons = re.findall(r"then '(\w+)'", (ROOT / "macros" / "rules" / "event_rules.sql").read_text())
    for name in (*VENDORS, *Status, *reasons):
        assert f"`{name}`" in README
    overview = (ROOT / "models" / "overview.md").read_text()
    for reason in (*reasons, "beyond_session_cap"):
        assert f"\n| `{reason}` |" in overview


def test_no_file_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile(r"/root/|/home/\w|/tmp/\w|https?://(?:pypi|registry|files\.pythonhosted)")
    for path in ROOT.rglob("*"):
        if path.suffix in (".py", ".sql", ".yml", ".md", ".toml", ".txt") and not _is_made(path.parts):
            found = forbidden.search(path.read_text())
            assert not found or path.name == "test_texts.py", f"{path.relative_to(ROOT)}: {found}"


def _is_made(parts: tuple[str, ...]) -> bool:
    return bool({".venv", "target", "build", "logs", ".git"} & set(parts)) or any(
        part.endswith(".egg-info") for part in parts
    )
