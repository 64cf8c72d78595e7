from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from loaders.samples.generate import write_samples
from tests.loaders.conftest import LoadFolder, Rows


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "exports"
    write_samples(folder, 100, 1)
    return folder


@pytest.mark.parametrize(
    ("vendor", "not_loaded", "bad_lines"),
    [
        ("leanplum", {"orphan": 1, "incomplete": 1}, 0),
        ("monetate", {}, 0),
        ("pendo", {"skipped": 2}, 0),
        ("rudderstack", {}, 1),
        ("snowplow", {"incomplete": 1}, 0),
    ],
)
def test_samples_load_but_for_what_is_wrong_on_purpose(
    samples: Path, load_folder: LoadFolder, vendor: str, not_loaded: dict[str, int], bad_lines: int
) -> None:
    outcomes = load_folder(vendor, samples / vendor)
    statuses = Counter(str(outcome.entry.status) for outcome in outcomes)
    assert statuses.pop("loaded") > 5
    assert statuses == not_loaded
    assert sum(outcome.entry.rejected_rows for outcome in outcomes) == bad_lines


def test_the_rejected_line_is_the_broken_one(samples: Path, load_folder: LoadFolder, rows: Rows) -> None:
    load_folder("rudderstack", samples / "rudderstack")
    ((reason, text),) = rows("SELECT reason, raw_text FROM raw.rejected_lines")
    assert reason == "not valid JSON"
    assert text.startswith('{"messageId":"3f0c6c39-cut-in-the-middle"')
