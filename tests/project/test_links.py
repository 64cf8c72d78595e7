"""Links between the texts lead to something that is there."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import ROOT
from tests.project.documents import PAGES, anchors, links, name_of

# How the site that `make docs` writes names the page of a model.
MODEL_PAGE = re.compile(r"/model/model\.sessionhouse\.(\w+)")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_an_anchor_or_a_model(page: Path) -> None:
    dead = [link for link in links(page) if not is_alive(page, link)]
    assert not dead, f"{name_of(page)} links to {dead}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=name_of)
def test_every_page_stands_in_the_index(page: Path) -> None:
    index = ROOT / "docs" / "README.md"
    assert page == index or page.name in links(index)


def is_alive(page: Path, link: str) -> bool:
    target = urlsplit(link)
    if target.scheme:
        return target.scheme == "https" and bool(target.hostname)
    if target.fragment.startswith("!"):
        model = MODEL_PAGE.fullmatch(target.fragment[1:])
        return bool(model) and any((ROOT / "models").rglob(f"{model.group(1) if model else ''}.sql"))
    file = (page.parent / unquote(target.path)).resolve() if target.path else page
    is_ours = file.is_relative_to(ROOT) and file.exists()
    return is_ours and (not target.fragment or target.fragment in anchors(file))
