"""What the sampled people do: visits in order of time, in constant memory whatever their number."""

from __future__ import annotations

import random
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate

from loaders.samples.clock import DAYS, HOUR, MINUTE, SECOND, START


class Action(IntEnum):
    """One step of a visit; each vendor has its own name for it."""

    PAGE = 0
    SEARCH = 1
    VIEW_PRODUCT = 2
    ADD_TO_CART = 3
    CHECKOUT = 4
    PURCHASE = 5
    SIGNUP = 6


PRODUCTS = 48
LONGEST_VISIT = 2 * HOUR
EVENTS_PER_VISIT = 8

# How busy the 24 hours of a day (UTC) and the seven days of a week, Monday first, are.
HOUR_WEIGHTS = (5, 3, 2, 2, 2, 4, 9, 16, 25, 32, 36, 38, 39, 36, 35, 37, 40, 42, 44, 45, 40, 31, 20, 11)
WEEKDAY_WEIGHTS = (100, 104, 106, 103, 97, 78, 82)

# What follows what, each equally likely.
_NEXT = (
    (0, 0, 1, 1, 2, 2, 2, 0),  # after a page
    (2, 2, 2, 2, 2, 1, 0, 2),  # after a search
    (2, 2, 0, 1, 3, 3, 2, 0),  # after a product
    (2, 4, 4, 0, 2, 4, 1, 3),  # after something went into the cart
    (5, 5, 5, 0, 2, 4, 5, 5),  # after the checkout began
    (0, 0, 2, 0, 1, 0, 0, 2),  # after a purchase
    (0, 1, 2, 2, 2, 0, 1, 2),  # after signing up
)
_LENGTHS = (1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 8, 9, 9, 10, 11, 12, 14, 16, 19, 29)

_NEW_VISITOR_SHARE = 1 / 3
# Whoever was first seen this many visitors ago does not come back: the count of visits has bounded memory.
_REMEMBERED_VISITORS = 1 << 16


def _pauses() -> list[int]:
    draw = random.Random("pauses between two steps")
    pauses = [round(draw.lognormvariate(3.2, 1.1) * SECOND) for _ in range(4096)]
    return [min(max(pause, 900), 25 * MINUTE) for pause in pauses]


_PAUSES = _pauses()


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: `moments` and `actions` belong together, one entry a step.

    `visitor` counts people from 0, `number` the visits of this one from 1, `first_seen` is the moment of
    the first of them. From step `known_from` on the
    person is logged in; it is the number of steps for a visit without login.
    """

    visitor: int
    number: int
    first_seen: int
    known_from: int
    moments: list[int]
    actions: list[int]


def is_customer(visitor: int) -> bool:
    """Return whether the person will ever log in."""
    return visitor % 3 != 0


def login_visit(visitor: int) -> int:
    """Return the number of the visit in which a customer logs in for the first time."""
    return 1 + visitor % 4


def product_at(moment: int) -> int:
    """Return the product, 0 to PRODUCTS - 1, that a step at this moment is about."""
    return moment // 7 % PRODUCTS


def visits(events: int, draw: random.Random) -> Iterator[Visit]:
    """Yield visits of together exactly `events` steps, ordered by their start, over all sampled days."""
    starts = _Starts(events)
    people = _People(events / EVENTS_PER_VISIT, draw)
    done = 0
    while done < events:
        length = min(_LENGTHS[int(draw.random() * len(_LENGTHS))], events - done)
        start = starts.at(done + draw.random() * length)
        visitor, number, first_seen = people.next(start)
        moments, actions = _steps(start, length, draw)
        known_from = _known_from(visitor, number, length)
        if number == login_visit(visitor) and known_from < length:
            actions[known_from] = Action.SIGNUP
        yield Visit(visitor, number, first_seen, known_from, moments, actions)
        done += length


def _steps(start: int, length: int, draw: random.Random) -> tuple[list[int], list[int]]:
    uniform = draw.random
    moment, action = start, 0
    moments, actions = [start], [0]
    for _ in range(length - 1):
        chance = uniform() * len(_PAUSES)
        moment += _PAUSES[int(chance)] + int(chance * 1e6) % 997
        action = _NEXT[action][int(uniform() * 8)]
        moments.append(moment)
        actions.append(action)
    if moment > start + LONGEST_VISIT:
        moments = [min(moment, start + LONGEST_VISIT) for moment in moments]
    return moments, actions


def _known_from(visitor: int, number: int, length: int) -> int:
    if not is_customer(visitor) or number < login_visit(visitor):
        return length
    if number > login_visit(visitor):
        return 0
    # Whoever logs in for the first time comes as a stranger, unless there is one step only.
    return min(2, length - 1)


class _Starts:
    """Spreads events over the sampled days in the rhythm of days and weeks."""

    def __init__(self, events: int) -> None:
        weights = [WEEKDAY_WEIGHTS[day % 7] * weight for day in range(DAYS) for weight in HOUR_WEIGHTS]
        total = sum(weights)
        self._edges = [0.0, *(events * edge / total for edge in accumulate(weights))]

    def at(self, done: float) -> int:
        """Return the moment at which `done` events have begun."""
        hour = min(bisect_right(self._edges, done), len(self._edges) - 1) - 1
        before, behind = self._edges[hour], self._edges[hour + 1]
        share = min((done - before) / (behind - before), 0.999_999)
        return START + hour * HOUR + int(share * HOUR)


class _People:
    """Decides who comes: a third are new, the others were first seen not long ago."""

    def __init__(self, expected_visits: float, draw: random.Random) -> None:
        self._draw = draw
        self._newest = -1
        self._numbers = array("q", bytes(8 * _REMEMBERED_VISITORS))
        self._first_seen = array("q", bytes(8 * _REMEMBERED_VISITORS))
        # Nobody returns within about two hours of a first visit.
        lag = 1 + int(expected_visits * _NEW_VISITOR_SHARE / DAYS / 12)
        self._shortest_lag = min(lag, _REMEMBERED_VISITORS // 2)

    def next(self, moment: int) -> tuple[int, int, int]:
        """Return who comes at this moment, the number of the visit, and when the first one was."""
        longest_lag = min(self._newest, _REMEMBERED_VISITORS - 1)
        if self._draw.random() < _NEW_VISITOR_SHARE or longest_lag < self._shortest_lag:
            self._newest += 1
            self._numbers[self._newest % _REMEMBERED_VISITORS] = 1
            self._first_seen[self._newest % _REMEMBERED_VISITORS] = moment
            return self._newest, 1, moment
        lag = self._shortest_lag + int((longest_lag - self._shortest_lag) * self._draw.random() ** 2)
        visitor = self._newest - lag
        place = visitor % _REMEMBERED_VISITORS
        self._numbers[place] += 1
        return visitor, self._numbers[place], self._first_seen[place]
