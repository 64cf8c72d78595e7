"""All cases, in the order in which they are measured."""

from __future__ import annotations

from benchmarks.cases.case import Case
from benchmarks.cases.fixed_cost import FixedCost
from benchmarks.cases.full_build import FullBuild
from benchmarks.cases.increment import Increment
from benchmarks.cases.loading import Loading
from benchmarks.cases.reading import Reading

_ALL: tuple[Case, ...] = (FullBuild(), Reading(), Increment(), Loading(), FixedCost())
CASES = {case.name: case for case in _ALL}
