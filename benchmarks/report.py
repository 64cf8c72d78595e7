"""The figures of a run as Markdown, which is also what is printed."""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from statistics import median

from benchmarks.findings import Findings, Measure, Missing, Ratio, Share
from benchmarks.goals import GOALS

PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "datafusion", "fastavro")
SMALLEST_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures were measured on; `load` is the machine's mean load of a minute before the run."""

    cores: int
    memory_bytes: int
    load: float
    versions: dict[str, str]


def this_machine() -> Machine:
    """Return the machine that this runs on."""
    return Machine(
        cores=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        load=os.getloadavg()[0],
        versions={"Python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    )


def render(found: Sequence[Findings], machine: Machine, command: str, failed: Mapping[str, str]) -> str:
    """Return the whole page: the machine, the goals, every case, and why a case `failed` that did."""
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    parts = [
        "# Results of the benchmarks",
        "Written by `make bench`. Seconds differ from machine to machine; compare the ratios, which are all "
        "between things that were measured in turn in one run.",
        f"* {date.today().isoformat()}, `{command}`\n"
        f"* {platform.system()} {platform.machine()}, {machine.cores} cores, "
        f"{machine.memory_bytes / 2**30:.0f} GiB of memory, load before the run {machine.load:.1f}\n"
        f"* {versions}",
        "## Goals",
        goals_table(found),
    ]
    for findings in found:
        parts += _case(findings)
    for name, message in failed.items():
        parts += [f"## {name}", f"Failed: {message}"]
    return "\n\n".join(parts) + "\n"


def goals_table(found: Sequence[Findings]) -> str:
    """Return a row for every goal: its limit, the measured ratio and whether it is reached."""
    ratios = {ratio.goal: ratio for findings in found for ratio in findings.ratios if ratio.goal}
    missing = {each.goal: each for findings in found for each in findings.missing if each.goal}
    rows = []
    for goal in GOALS:
        ratio = ratios.get(goal)
        if ratio:
            verdict = "reached" if goal.is_reached(ratio.median) else "not reached"
            rows.append((goal.case, goal.name, goal.told, *_ratio_cells(ratio), verdict))
        else:
            reason = missing.get(goal, Missing("", "case not run")).reason
            rows.append((goal.case, goal.name, goal.told, "", "", f"not measured: {reason}"))
    return table(("case", "ratio", "goal", "median", "lowest to highest", ""), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are aligned."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    padded = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([padded[0], rule, *padded[1:]])


def _case(findings: Findings) -> list[str]:
    parts = [f"## {findings.case}"]
    if findings.facts:
        parts.append("\n".join(f"* {name}: {value}" for name, value in findings.facts.items()))
    if findings.measures:
        head = ("what", "seconds, median", "lowest to highest", "rounds", "peak memory", "note")
        parts.append(table(head, map(_measure_cells, findings.measures)))
    others = [ratio for ratio in findings.ratios if ratio.goal is None]
    if others:
        rows = [(ratio.name, *_ratio_cells(ratio), ratio.note) for ratio in others]
        parts.append(table(("ratio", "median", "lowest to highest", "note"), rows))
    unmeasured = [each for each in findings.missing if each.goal is None]
    if unmeasured:
        parts.append("\n".join(f"* not measured: {each.name} ({each.reason})" for each in unmeasured))
    if findings.shares:
        parts += ["Where the time goes:", _shares(findings.shares)]
    return parts


def _measure_cells(measure: Measure) -> tuple[str, ...]:
    low, high = min(measure.seconds), max(measure.seconds)
    peak = f"{measure.peak_bytes / 2**20:,.0f} MiB" if measure.peak_bytes else ""
    spread = f"{low:.2f} to {high:.2f}" if len(measure.seconds) > 1 else ""
    return (measure.name, f"{measure.median:.2f}", spread, str(len(measure.seconds)), peak, measure.note)


def _ratio_cells(ratio: Ratio) -> tuple[str, str]:
    spread = f"{min(ratio.values):.3g} to {max(ratio.values):.3g}" if len(ratio.values) > 1 else ""
    return f"{median(ratio.values):.3g}", spread


def _shares(shares: Sequence[Share]) -> str:
    """Return a table for each whole: its groups and their parts, the small ones together."""
    wholes: defaultdict[str, list[Share]] = defaultdict(list)
    for share in shares:
        wholes[share.whole].append(share)
    return "\n\n".join(
        table((whole, "", "seconds", "share"), _rows_of_whole(parts)) for whole, parts in wholes.items()
    )


def _rows_of_whole(shares: Sequence[Share]) -> list[tuple[str, ...]]:
    total = sum(share.seconds for share in shares)
    groups: defaultdict[str, list[Share]] = defaultdict(list)
    for share in shares:
        groups[share.group].append(share)
    rows: list[tuple[str, ...]] = []
    for group, parts in sorted(groups.items(), key=lambda item: -_sum(item[1])):
        if group:
            rows.append((group, "all", *_share_cells(_sum(parts), total)))
        shown = [part for part in parts if part.seconds >= SMALLEST_SHARE * total]
        rows += [(group, part.name, *_share_cells(part.seconds, total)) for part in shown]
        rest = [part for part in parts if part not in shown]
        if rest:
            rows.append((group, f"{len(rest)} more", *_share_cells(_sum(rest), total)))
    return rows


def _sum(shares: Iterable[Share]) -> float:
    return sum(share.seconds for share in shares)


def _share_cells(seconds: float, total: float) -> tuple[str, str]:
    return f"{seconds:.2f}", f"{seconds / total:.1%}"
