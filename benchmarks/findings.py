"""What a case found: measured seconds, ratios with their goals, and shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.goals import Goal


@dataclass(frozen=True, slots=True)
class Measure:
    """Seconds of one thing, a value for each round.

    `peak_bytes` is the largest peak memory, 0 where it is not known. `note` says how it was measured where
    that is not plain, as when a part was measured and scaled.
    """

    name: str
    seconds: tuple[float, ...]
    note: str = ""
    peak_bytes: int = 0

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return median(self.seconds)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio within this run, a value for each round; its goal, where there is one."""

    name: str
    values: tuple[float, ...]
    goal: Goal | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return median(self.values)


@dataclass(frozen=True, slots=True)
class Share:
    """The seconds of one part of a `whole`; `group` is what parts are summed by."""

    whole: str
    group: str
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Missing:
    """What was not measured, and why; its goal, where it has one."""

    name: str
    reason: str
    goal: Goal | None = None


@dataclass(slots=True)
class Findings:
    """Everything one case found; `facts` are sizes and counts that the figures belong to."""

    case: str
    facts: dict[str, str] = field(default_factory=dict)
    measures: list[Measure] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def compare(self, goal: Goal, left: Measure, right: Measure, note: str = "") -> None:
        """Add the ratio of two measures, round by round where both have the same rounds."""
        self.ratios.append(Ratio(goal.name, ratios(left.seconds, right.seconds), goal, note))


def ratios(left: Sequence[float], right: Sequence[float]) -> tuple[float, ...]:
    """Return left over right for each round, or for each of left over the median of right."""
    if len(left) == len(right):
        return tuple(a / b for a, b in zip(left, right, strict=True))
    return tuple(a / median(right) for a in left)
