"""Commands that the texts tell to run are parsed here as their programs would parse them."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import dropwhile, groupby
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from dbt.cli.main import cli as dbt

from loaders.cli import main as sessionhouse
from tests.conftest import ROOT
from tests.project.documents import PAGES, Block, blocks, name_of

# Blocks with a command a line; what stands before the command in services and tables of cron is cut off.
COMMANDS_AFTER = {
    "": "",
    "sh": "",
    "systemd": r"Exec\w+=",
    "cron": r"(?:[\d*/,-]+ ){5}",
}
# Other words for a block, none of which tells a command.
OTHER_LANGUAGES = ("evidence", "json", "python", "sql", "yaml")
WRAPPERS = re.compile(r"[A-Z_]+=.*|\$|exec|nice|-n|\d+|if|then|!")
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_block_says_what_it_is() -> None:
    for block in every_block():
        assert block.language in (*COMMANDS_AFTER, *OTHER_LANGUAGES), f"{block.place}: {block.language}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_is_one_that_its_program_knows(page: Path) -> None:
    for block in blocks(page):
        for name, arguments in commands(block):
            try:
                CHECKS[name](arguments)
            except (click.ClickException, AssertionError) as error:
                pytest.fail(f"{block.place}: {name} {shlex.join(arguments)}: {error}")


def test_commands_are_found_wherever_a_line_has_them() -> None:
    text = """\
        $ sessionhouse load pendo path/to/exports  # said why
        This is the reader's, no dbt build.
        DIR=a nice -n 15 .venv/bin/dbt build --vars '{a: b}' && make report | tail
        sessionhouse status \\
            --json
        Say: make it
    """
    assert list(commands(Block(ROOT / "README.md", 1, "sh", text))) == [
        ("sessionhouse", ["load", "pendo", "path/to/exports"]),
        ("dbt", ["build", "--vars", "{a: b}"]),
        ("make", ["report"]),
        ("sessionhouse", ["status", "--json"]),
    ]
    assert list(
        commands(Block(ROOT / "README.md", 1, "systemd", "User=dbt\nExecStart=/opt/a/bin/dbt build"))
    ) == [("dbt", ["build"])]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sessionhouse", ["lode"]),
        ("sessionhouse", ["load", "matomo", "x"]),
        ("sessionhouse", ["status", "--jason"]),
        ("dbt", ["built"]),
        ("dbt", ["build", "--selector", "hourly"]),
        ("dbt", ["build", "--select", "fct_session"]),
        ("dbt", ["build", "--vars", "{session_idle_minute: 20}"]),
        ("make", ["everything"]),
        ("make", ["bench", "EVENT=1000"]),
    ],
)
def test_a_command_that_is_not_there_is_noticed(name: str, arguments: list[str]) -> None:
    with pytest.raises((click.ClickException, AssertionError)):
        CHECKS[name](arguments)


def test_python_blocks_are_python() -> None:
    found = [block for block in every_block() if block.language == "python"]
    assert len(found) >= 3
    for block in found:
        ast.parse(block.text, filename=block.place)


def every_block() -> Iterator[Block]:
    for page in PAGES:
        yield from blocks(page)


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Yield the project's commands in a block: the program and what is said to it."""
    if block.language not in COMMANDS_AFTER:
        return
    for line in re.sub(r"\\\n\s*", " ", block.text).splitlines():
        before = re.match(COMMANDS_AFTER[block.language], line)
        for said in said_in(line[before.end() :]) if before else ():
            name = Path(said[0]).name
            if name in CHECKS:
                yield name, said[1:]


def said_in(line: str) -> Iterator[list[str]]:
    """Yield what a line of a shell says to programs, each without what stands before the program."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = [str(word) for word in lexer]
    except ValueError:
        return  # A sentence with an apostrophe, which is no command.
    for is_between, said in groupby(words, is_operator):
        command = list(dropwhile(WRAPPERS.fullmatch, said))
        if command and not is_between:
            yield command


def is_operator(word: str) -> bool:
    return set(word) <= set("();<>|&")


def check_sessionhouse(arguments: Sequence[str]) -> None:
    parsed(sessionhouse, arguments)


def check_dbt(arguments: Sequence[str]) -> None:
    said = parsed(dbt, arguments)
    selectors = yaml.safe_load((ROOT / "selectors.yml").read_text())["selectors"]
    assert said.get("selector") in (None, *(selector["name"] for selector in selectors)), "no such selector"
    for selected in said.get("select") or ():
        assert is_there(selected), f"{selected} selects nothing"
    declared = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]["sessionhouse"]
    assert set(said.get("vars") or ()) <= set(declared), "no such var"


def check_make(arguments: Sequence[str]) -> None:
    for argument in arguments:
        name, is_given, _ = argument.partition("=")
        known = rf"\b{name}\b" if is_given else rf"^{name}:"
        assert re.search(known, MAKEFILE, re.MULTILINE), f"{name} is not in the Makefile"


CHECKS = {"sessionhouse": check_sessionhouse, "dbt": check_dbt, "make": check_make}


def parsed(command: click.Command, arguments: Sequence[str]) -> dict[str, Any]:
    """Return what a program makes of its arguments; raises as click does where it refuses them."""
    rest = list(arguments)
    while isinstance(command, click.Group):
        assert rest, f"{command.name} does nothing alone"
        assert rest[0] in command.commands, f"{rest[0]} is no command"
        command = command.commands[rest.pop(0)]
    return command.make_context(command.name, rest).params


def is_there(selected: str) -> bool:
    """Return whether a file or a folder of the project has the name of a selected node or layer."""
    name = selected.strip("+").split(".")[-1]
    folders = [ROOT / folder for folder in ("models", "analysis", "seeds", "tests/dbt")]
    return any([*folder.rglob(name), *folder.rglob(f"{name}.*")] for folder in folders)
