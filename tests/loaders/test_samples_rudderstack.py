from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from loaders.samples.clock import iso
from loaders.samples.generate import write_samples
from tests.loaders.sample_files import json_lines

IDLE = timedelta(minutes=30)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest sample there is: every hard case must be in it."""
    folder = tmp_path_factory.mktemp("samples") / "exports"
    write_samples(folder, 100, 1)
    return folder


@pytest.fixture(scope="module")
def calls(samples: Path) -> list[dict[str, Any]]:
    return list(json_lines(samples / "rudderstack"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def made_by(calls: list[dict[str, Any]], device: str) -> list[dict[str, Any]]:
    return [call for call in calls if call.get("anonymousId") == device]


def test_rudderstack_files_lie_in_the_folder_of_their_day(samples: Path) -> None:
    for path in (samples / "rudderstack").rglob("*.gz"):
        logs, source, day, name = path.relative_to(samples / "rudderstack").parts
        written, named_source, _ = name.split(".", 2)
        assert (logs, source) == ("rudder-logs", named_source)
        assert iso(int(written) * 1000)[:10] == day


def test_rudderstack_has_a_login_that_joins_two_devices(calls: list[dict[str, Any]]) -> None:
    for device in ("device-join-phone", "device-join-laptop"):
        users = [call.get("userId") for call in made_by(calls, device)]
        assert users[:2] == [None, None]
        assert set(users[2:]) == {"user-two-devices"}


def test_rudderstack_has_late_events_and_one_at_the_limit(calls: list[dict[str, Any]]) -> None:
    def waits(device: str) -> list[timedelta]:
        return [moment(c["sentAt"]) - moment(c["originalTimestamp"]) for c in made_by(calls, device)]

    three_days = timedelta(days=3)
    assert sorted(waits("device-late"))[1:] == [three_days + timedelta(milliseconds=1), timedelta(days=5)]
    assert max(waits("device-late-at-limit")) == three_days


def test_rudderstack_has_gaps_at_and_beyond_the_limit(calls: list[dict[str, Any]]) -> None:
    def gaps(device: str) -> set[timedelta]:
        times = [moment(call["timestamp"]) for call in made_by(calls, device)]
        return {after - before for before, after in pairwise(times)}

    assert gaps("device-gap-at-limit") == {IDLE}
    assert gaps("device-gap-beyond-limit") == {IDLE + timedelta(milliseconds=1)}
    assert gaps("device-ties") == {timedelta(0)}


def test_rudderstack_has_duplicates_received_later(calls: list[dict[str, Any]]) -> None:
    (copies,) = [n for n in Counter(call["messageId"] for call in calls).values() if n > 1]
    assert copies == 3
    received = [call["receivedAt"] for call in made_by(calls, "device-duplicates")[1:]]
    assert len(set(received)) == 3


def test_rudderstack_has_a_bot_that_never_pauses(calls: list[dict[str, Any]]) -> None:
    times = [moment(call["timestamp"]) for call in made_by(calls, "device-bot")]
    assert times[-1] - times[0] > timedelta(days=3)
    assert all(after - before <= IDLE for before, after in pairwise(times))


def test_rudderstack_has_calls_without_identity_of_other_types_and_with_offsets(
    calls: list[dict[str, Any]],
) -> None:
    assert sum(not call.get("anonymousId") and not call.get("userId") for call in calls) == 2
    assert {"track", "identify", "alias", "page", "screen"} == {call["type"] for call in calls}
    assert {"viewed_product", "signup"} <= {call.get("event") for call in calls}
    offsets = made_by(calls, "device-offsets")
    assert [moment(c["originalTimestamp"]).utcoffset() for c in offsets[1:]] == [
        timedelta(hours=5, minutes=30),
        timedelta(hours=-8),
    ]
    assert [moment(c["timestamp"]) - moment(c["originalTimestamp"]) for c in offsets] == [
        timedelta(milliseconds=300)
    ] * 3


def test_rudderstack_visits_begin_on_a_page_with_its_referrer_and_campaign(
    calls: list[dict[str, Any]],
) -> None:
    pages = [call["context"]["page"] for call in calls if "page" in call.get("context", {})]
    assert len(pages) > 20
    assert any("utm_campaign=" in page["url"] and page.get("referrer") for page in pages)
    assert any("referrer" not in page for page in pages)
