from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from loaders.samples.generate import write_samples
from tests.loaders.sample_files import json_lines

PATH = re.compile(
    r"4711/raw_data/session_stream/(\d{4})/(\d\d)/(\d\d)/(\d{8})T\d\d(00|15|30|45)00\.000Z_PT15M-\d+\.json\.gz"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = tmp_path_factory.mktemp("samples") / "exports"
    write_samples(samples, 1000, 1)
    return samples / "monetate"


@pytest.fixture(scope="module")
def sessions(folder: Path) -> list[dict[str, Any]]:
    return list(json_lines(folder))


def versions(sessions: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [session for session in sessions if session["session_id"] == f"session-{name}"]


def test_files_are_named_and_filed_by_their_window(folder: Path) -> None:
    for path in folder.rglob("*.gz"):
        match = PATH.fullmatch(path.relative_to(folder).as_posix())
        assert match, path
        assert "".join(match.groups()[:3]) == match[4]


def test_a_session_is_open_twice_and_then_closed_with_more(sessions: list[dict[str, Any]]) -> None:
    delivered = versions(sessions, "open-then-closed")
    assert [version["is_closed"] for version in delivered] == ["f", "f", "t"]
    assert [len(version["view_lines"]) for version in delivered] == [2, 4, 7]


def test_some_regular_sessions_are_delivered_open_first(sessions: list[dict[str, Any]]) -> None:
    regular = [session for session in sessions if session["guid"][-7:].isdigit()]
    opened = {session["session_id"] for session in regular if session["is_closed"] == "f"}
    closed = {session["session_id"] for session in regular if session["is_closed"] == "t"}
    assert opened
    assert opened < closed


def test_a_closed_session_comes_again_open(sessions: list[dict[str, Any]]) -> None:
    delivered = versions(sessions, "closed-then-stale")
    assert [version["is_closed"] for version in delivered] == ["t", "f"]
    assert [len(version["page_event_ids"]) for version in delivered] == [3, 1]


def test_keys_are_missing_and_others_are_unknown(sessions: list[dict[str, Any]]) -> None:
    (short,) = versions(sessions, "missing-keys")
    assert len(short) == 6
    (wide,) = versions(sessions, "unknown-keys")
    assert wide["brands_viewed"] == ["Northwind"]


def test_empty_arrays_and_nulls_stand_for_objects(sessions: list[dict[str, Any]]) -> None:
    (odd,) = versions(sessions, "empty-arrays")
    assert (odd["offers"], odd["purchases"]) == ([], None)
    regular = [session for session in sessions if session["guid"][-7:].isdigit()]
    assert {str(session["purchases"]) for session in regular if not session["purchases"]} == {"[]", "{}"}


def test_shapes_vary_as_readers_must_expect(sessions: list[dict[str, Any]]) -> None:
    (odd,) = versions(sessions, "odd-shapes")
    assert (odd["is_closed"], odd["has_product_view"]) == (True, 1)
    assert len(odd["page_event_ids"]["51001"]) == 2
    assert isinstance(odd["view_lines"][0]["time"], int)
    (cart,) = versions(sessions, "same-product-twice")
    assert len({line["sku"] for line in cart["cart_lines"]}) == 1
    assert len(cart["cart_lines"]) == 2
