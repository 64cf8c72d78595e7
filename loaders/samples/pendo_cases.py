"""The hard cases of the Pendo samples; visitor ids say which case they belong to."""

from __future__ import annotations

from collections.abc import Iterator

from loaders.samples.clock import MINUTE, at
from loaders.samples.pendo_events import (
    ANONYMOUS,
    HOME,
    LEGACY,
    MAIN_APP,
    MATCHES,
    PRODUCT,
    PURCHASE,
    SEARCH,
    SECOND_APP,
    Who,
    encode_action,
    encode_place,
    encode_when,
)
from loaders.samples.visits import Action

CASES = (
    "a one-time export of several days in one folder",
    "daily exports, the newest first in the manifest",
    "a finalised day that comes again: two events dropped, one added, one matched only now",
    "a finalised day whose list of files is empty for a feature",
    "a retroactive export of one page, without all events",
    "an export with counter 0",
    "a test export in the second application",
    "a day in two files",
    "anonymous visitors who identify themselves later",
    "events that match a feature and a page, a feature that has the id of a page",
    "an application with a negative id",
    "accounts and visitors, of which one each comes again",
    "visitors in two files",
)
ONE_TIME_DAYS = 8
FINALISED_DAY = 0
SPLIT_DAY = 10
SPLIT_AFTER = 2
RULE_CHANGED_AFTER = 8
FIRST_TEST_NUMBER = 41

# An encoded event and what it matches.
Found = tuple[bytes, tuple[str, ...]]


def case_events(day: int, *, finalised: bool = False) -> Iterator[Found]:
    """Yield the main application's events of the sampled `day`, 0 to 27, before or after it is finalised."""
    if day == FINALISED_DAY:
        yield from _finalised_day(finalised=finalised)
    elif day == 1:
        stranger, made = f"{ANONYMOUS}login-case", at(1, "10:00")
        yield _event(11, made, Who(stranger), Action.PAGE, (HOME,))
        yield _event(12, made + MINUTE, Who(stranger), Action.VIEW_PRODUCT, (PRODUCT,))
        known = Who("visitor-login-case", "account-cases", stranger)
        yield _event(13, made + 2 * MINUTE, known, Action.SIGNUP, MATCHES[Action.SIGNUP])
    elif day == 2:
        yield _event(
            21, at(2, "11:00"), Who("visitor-rule-case", "account-cases"), Action.PURCHASE, (PURCHASE,)
        )
    elif day == SPLIT_DAY:
        who = Who("visitor-split-case", "account-cases")
        for number in range(4):
            yield _event(31 + number, at(SPLIT_DAY, "12:00") + number * MINUTE, who, Action.PAGE, (HOME,))


def trial_events() -> Iterator[Found]:
    """Yield the events of the second application's test export."""
    for number in range(3):
        who = Who("visitor-test-case", "account-cases")
        moment = at(0, "09:00") + number * MINUTE
        yield _event(FIRST_TEST_NUMBER + number, moment, who, Action.PAGE, (HOME,))


def _finalised_day(*, finalised: bool) -> Iterator[Found]:
    made, who = at(FINALISED_DAY, "09:00"), Who("visitor-finalised-case", "account-cases")
    yield _event(1, made, who, Action.PAGE, (HOME,))
    if not finalised:
        yield _event(2, made + MINUTE, who, Action.PAGE, (HOME,))
        yield _event(3, made + 2 * MINUTE, who, Action.PAGE, (LEGACY,))
    yield _event(4, made + 3 * MINUTE, who, Action.SEARCH, (SEARCH,) if finalised else ())
    if finalised:
        yield _event(5, made + 4 * MINUTE, who, Action.PAGE, (HOME,))


def _event(number: int, moment: int, who: Who, action: Action, matchables: tuple[str, ...]) -> Found:
    event_id = f"00000000-0000-4000-8000-{number:012d}"
    app_id = SECOND_APP if number >= FIRST_TEST_NUMBER else MAIN_APP
    place = encode_place(app_id, f"session-{who.visitor}", 1)
    record = encode_when(event_id, moment, 2_000) + who.encode() + encode_action(action, 1) + place
    return record, matchables
