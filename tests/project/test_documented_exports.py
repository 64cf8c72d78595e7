"""What the page about exports tells is what the loaders do."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import duckdb
import pytest

from loaders.vendors.registry import VENDORS
from tests.conftest import BIN, ROOT
from tests.project.documents import blocks

PAGE = ROOT / "docs" / "exports.md"
BY_HAND = [block for block in blocks(PAGE) if block.language == "sh"]


@pytest.mark.parametrize(
    ("vendor", "summary"),
    [
        ("rudderstack", "rudderstack: 1 loaded (2 rows)\n"),
        ("snowplow", "snowplow: 1 loaded (1 row)\n"),
        ("leanplum", "leanplum: 1 loaded (3 rows)\n"),
    ],
)
def test_an_export_by_hand_is_loaded(tmp_path: Path, vendor: str, summary: str) -> None:
    (block,) = [block for block in BY_HAND if f"sessionhouse load {vendor} " in block.text]
    done = subprocess.run(
        ["sh", "-euc", block.text],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "SESSIONHOUSE_DATABASE": "by_hand.duckdb"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, summary), done.stderr
    with duckdb.connect(str(tmp_path / "by_hand.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM raw.rejected_lines").fetchone() == (0,)


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_the_page_tells_of_every_vendor_the_names_that_its_loader_looks_for(vendor: str) -> None:
    told = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{vendor}` |")]
    assert len(told) == 2
    names = [word for word in VENDORS[vendor]().looks_for.split() if re.search(r"[-.=<]", word)]
    assert names
    for name in names:
        assert name.strip(".,") in told[0]
