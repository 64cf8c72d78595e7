"""The hard cases of the RudderStack samples; visitor names say which case they belong to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loaders.samples.clock import DAY, HOUR, MINUTE, SECOND, at, iso
from loaders.samples.output import json_line, new_uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: made at `made` by the device's clock, sent and received later (all in milliseconds).

    `written` replaces the text of `originalTimestamp`; `message_id` repeats a call.
    """

    made: int
    device: str | None = None
    user: str | None = None
    event: str = "page_viewed"
    type: str = "track"
    sent_after: int = 200
    received_after: int = 300
    written: str | None = None
    message_id: str | None = None
    previous_user: str | None = None

    @property
    def received(self) -> int:
        """When the server got it."""
        return self.made + self.sent_after + self.received_after

    def line(self, draw: random.Random) -> str:
        """Return the call as a line of a dump; absent ids are left out."""
        payload: dict[str, Any] = {
            "messageId": self.message_id or new_uuid(draw),
            "type": self.type,
            "channel": "web",
            "anonymousId": self.device,
            "userId": self.user,
            "previousId": self.previous_user,
            "event": self.event if self.type == "track" else None,
            "name": self.event if self.type in ("page", "screen") else None,
            "context": {"traits": {"plan": "team"}} if self.type == "identify" else {"locale": "en-GB"},
            "originalTimestamp": self.written or iso(self.made),
            "sentAt": iso(self.made + self.sent_after),
            "receivedAt": iso(self.received),
            # The vendor's rule: the time of receipt less the time the call waited on the device.
            "timestamp": iso(self.received - self.sent_after),
        }
        return json_line({key: value for key, value in payload.items() if value is not None})


REPEATED_MESSAGE = "5b3f7c1e-9d24-4a86-b7f0-1c2d3e4f5a6b"
BROKEN_LINE = (
    '{"messageId":"3f0c6c39-cut-in-the-middle","type":"track","anonymousId":"device-broken-line","ev\n'
)


def _login_joins_devices() -> list[Call]:
    user = "user-two-devices"
    calls = []
    for device, start in (("device-join-phone", at(2, "09:00")), ("device-join-laptop", at(3, "20:00"))):
        calls += [
            Call(made=start, device=device),
            Call(made=start + 2 * MINUTE, device=device, event="viewed_product"),
            Call(made=start + 3 * MINUTE, device=device, user=user, type="identify"),
            Call(made=start + 3 * MINUTE, device=device, user=user, event="login"),
            Call(made=start + 5 * MINUTE, device=device, user=user, event="viewed_product"),
        ]
    return calls


def _late_events() -> list[Call]:
    made = at(4, "10:00")
    return [
        Call(made=made, device="device-late"),
        Call(made=made + MINUTE, device="device-late", event="viewed_product", sent_after=3 * DAY + 1),
        Call(made=made + 2 * MINUTE, device="device-late", event="signup", sent_after=5 * DAY),
    ]


def _exactly_three_days() -> list[Call]:
    made = at(4, "11:00")
    return [
        Call(made=made, device="device-late-at-limit"),
        Call(made=made + MINUTE, device="device-late-at-limit", event="viewed_product", sent_after=3 * DAY),
    ]


def _duplicates() -> list[Call]:
    first = Call(
        made=at(5, "12:00"), device="device-duplicates", event="viewed_product", message_id=REPEATED_MESSAGE
    )
    again = [
        Call(
            made=first.made,
            device=first.device,
            event=first.event,
            message_id=first.message_id,
            received_after=received_after,
        )
        for received_after in (90 * SECOND, DAY + 90 * SECOND)
    ]
    return [Call(made=first.made - MINUTE, device=first.device), first, *again]


def _gap_of_thirty_minutes() -> list[Call]:
    made = at(6, "14:00")
    return [Call(made=made + step * 30 * MINUTE, device="device-gap-at-limit") for step in range(3)]


def _gap_of_thirty_minutes_and_a_millisecond() -> list[Call]:
    made = at(6, "15:00")
    return [Call(made=made + step * (30 * MINUTE + 1), device="device-gap-beyond-limit") for step in range(3)]


def _ties() -> list[Call]:
    made = at(7, "16:00")
    names = ("page_viewed", "viewed_product", "added_to_cart", "checkout_started")
    return [Call(made=made, device="device-ties", event=name) for name in names]


def _no_identity() -> list[Call]:
    return [Call(made=at(8, "08:30")), Call(made=at(8, "08:31"), user="")]


def _offsets() -> list[Call]:
    made = at(9, "07:00")
    return [
        Call(made=made, device="device-offsets"),
        Call(made=made + MINUTE, device="device-offsets", written="2026-01-14T12:31:00.000+05:30"),
        Call(made=made + 2 * MINUTE, device="device-offsets", written="2026-01-13T23:02:00.000-08:00"),
    ]


def _bot() -> list[Call]:
    start = at(10, "00:05")
    return [Call(made=start + step, device="device-bot") for step in range(0, 80 * HOUR, 29 * MINUTE)]


def _other_calls() -> list[Call]:
    made, device, user = at(14, "10:00"), "device-calls", "user-calls"
    return [
        Call(made=made, device=device, type="page", event="Home"),
        Call(made=made + SECOND, device=device, type="screen", event="Home"),
        Call(made=made + 2 * SECOND, device=device, user=user, type="identify"),
        Call(made=made + 3 * SECOND, device=device, user=user, type="alias", previous_user="user-calls-old"),
        Call(made=made + 4 * SECOND, device=device, user=user),
    ]


CASES = (
    ("a login that joins two devices", _login_joins_devices),
    ("late events, sent more than 3 days after they were made", _late_events),
    ("an event sent exactly 3 days after it was made", _exactly_three_days),
    ("duplicates, the same message received three times", _duplicates),
    ("gaps of exactly 30 minutes", _gap_of_thirty_minutes),
    ("gaps of 30 minutes and a millisecond", _gap_of_thirty_minutes_and_a_millisecond),
    ("four events at the same moment", _ties),
    ("events with neither device nor user", _no_identity),
    ("times with offsets", _offsets),
    ("a bot that does not pause for more than 3 days", _bot),
    ("page, screen, identify and alias calls", _other_calls),
)
CASE_NAMES = (*(name for name, _ in CASES), "one broken line")


def case_lines(draw: random.Random) -> Iterator[tuple[int, str]]:
    """Yield the cases: when a line was received, and the line."""
    for _, calls in CASES:
        for call in calls():
            yield call.received, call.line(draw)
    yield at(14, "10:01"), BROKEN_LINE
