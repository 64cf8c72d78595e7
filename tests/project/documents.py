"""The texts of the house, taken apart: their links, anchors and blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.conftest import ROOT

MARKDOWN = MarkdownIt("commonmark").enable("table")
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "models").glob("*.md")),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code; `language` is empty where the page names none, `line` is its first one."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """Where the block stands."""
        return f"{name_of(self.page)}:{self.line}"


def name_of(page: Path) -> str:
    """Return the path of a page from the top of the project."""
    return page.relative_to(ROOT).as_posix()


def links(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead."""
    found = (token.attrs.get("href") or token.attrs.get("src") for token in _inline(page))
    return [str(target) for target in found if target]


def anchors(page: Path) -> set[str]:
    """Return the names that headings of a page have as targets of links, as GitHub makes them."""
    tokens = MARKDOWN.parse(page.read_text())
    titles = [
        "".join(child.content for child in following.children or ())
        for token, following in pairwise(tokens)
        if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def blocks(page: Path) -> list[Block]:
    """Return the blocks of code of a page, fenced and indented ones."""
    return [
        Block(page, token.map[0] + 1, token.info.strip(), token.content)
        for token in MARKDOWN.parse(page.read_text())
        if token.type in ("fence", "code_block") and token.map
    ]


def _inline(page: Path) -> Iterator[Token]:
    for token in MARKDOWN.parse(page.read_text()):
        yield from token.children or ()
