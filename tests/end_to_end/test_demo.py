from __future__ import annotations

import json
import re

from tests.conftest import ROOT, VENDORS, Demo


def test_the_readme_shows_what_the_demo_prints(demo: Demo) -> None:
    readme = (ROOT / "README.md").read_text()
    shown = re.search(r"<!-- demo output -->\n```\n(.*?)```\n<!-- end of demo output -->", readme, re.DOTALL)
    assert shown
    assert demo.output == shown.group(1)


def test_the_demo_loads_every_vendor_and_names_what_it_leaves_alone(demo: Demo) -> None:
    for vendor in VENDORS:
        assert re.search(rf"^{vendor}: \d+ loaded", demo.output, re.MULTILINE)
    assert re.search(r"^leanplum: orphan .*\n +no manifest", demo.output, re.MULTILINE)
    assert re.search(r"^leanplum: incomplete .*\n.*missing", demo.output, re.MULTILINE)
    assert re.search(r"^snowplow: incomplete .*\n.*shredding_complete.json", demo.output, re.MULTILINE)
    assert re.search(r"ERROR=0", demo.output)


def test_loading_the_demo_exports_again_finds_nothing_new(demo: Demo) -> None:
    before = demo.workspace.run("sessionhouse", "status", "--json").stdout
    for vendor in VENDORS:
        again = demo.workspace.load(vendor, demo.workspace.folder / "exports" / vendor)
        assert f"{vendor}: nothing new" in again.stdout
    after = demo.workspace.run("sessionhouse", "status", "--json").stdout
    assert json.loads(after) == json.loads(before)


def test_the_broken_line_of_the_samples_is_kept(demo: Demo) -> None:
    (line,) = json.loads(demo.workspace.run("sessionhouse", "rejects", "--json").stdout)
    assert line["vendor"] == "rudderstack"
    assert line["reason"]
    assert line["raw_text"]
