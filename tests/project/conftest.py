from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Workspace

Manifest = dict[str, Any]


@pytest.fixture(scope="session")
def manifest(workspace_factory: Callable[[str], Workspace]) -> Manifest:
    """What dbt knows of the project after reading it anew."""
    parsed = workspace_factory("parsed")
    parsed.dbt("--quiet", "parse", "--no-partial-parse")
    content: Manifest = json.loads((parsed.folder / "target" / "manifest.json").read_text())
    return content
