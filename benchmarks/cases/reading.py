"""Asking the marts: the named questions and the views under Rudder's names, beside wide tables.

The same statements are asked of a file in which everything they read is a table with all its texts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import goals
from benchmarks.errors import BenchmarkError
from benchmarks.findings import Findings, Measure, Missing, Ratio, ratios
from benchmarks.project import BIN, DATABASE_NAME
from benchmarks.relations import copy_relations
from benchmarks.timing import seconds_of
from benchmarks.workspace import Workspace
from loaders.queries import first_row

# What takes less on both sides is too quick for a ratio to mean anything.
SHORTEST_SECONDS = 0.01
TIMES = 3
_ONE_VISITOR = """
    SELECT visitor_id FROM marts.dim_visitors WHERE source = 'rudderstack' ORDER BY hash(visitor_id) LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class _Question:
    """A statement; `is_exact` where its values, and not just its number of rows, must be equal.

    Means of floating point numbers depend on the order in which threads add them.
    """

    name: str
    statement: str
    is_exact: bool


class Reading:
    """Times every question on the built database and on wide tables, in turn."""

    name = goals.READING

    def measure(self, workspace: Workspace) -> Findings:
        """Return the ratios; raises BenchmarkError where the answers differ."""
        built, wide, questions = _prepare(workspace)
        seconds: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        with ExitStack() as stack:
            sides = {
                side: stack.enter_context(duckdb.connect(str(path), read_only=True))
                for side, path in (("ours", built), ("wide", wide))
            }
            for connection in sides.values():
                connection.execute("SET TimeZone = 'UTC'")
            _compare(workspace, sides, questions)
            for number in range(workspace.settings.repeats):
                workspace.tell(f"{len(questions)} questions, round {number + 1}")
                for question in questions:
                    for side, connection in sides.items():
                        seconds[side, question.name].append(_seconds(connection, question))
        found = Findings(self.name)
        found.facts = {
            "events": f"{workspace.settings.events:,}",
            "size of the wide tables": _megabytes(wide),
        }
        _add(found, [question.name for question in questions], seconds)
        wide.unlink()
        return found


def _prepare(workspace: Workspace) -> tuple[Path, Path, list[_Question]]:
    """Return the built database, the wide one, and what is asked of both."""
    project = workspace.bring(workspace.built(workspace.settings.events))
    project.command(str(BIN / "dbt"), "--quiet", "compile", "--select", "resource_type:analysis")
    manifest = json.loads((project.folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    nodes: Mapping[str, Any] = manifest["nodes"]
    analyses = [node for node in nodes.values() if node["resource_type"] == "analysis"]
    views = [
        node for node in nodes.values() if node["resource_type"] == "model" and node["schema"] == "rudder"
    ]
    read = [nodes[name] for node in analyses for name in node["depends_on"]["nodes"]]
    relations = dict.fromkeys(f"{node['schema']}.{node['name']}" for node in [*read, *views])
    workspace.tell("writing everything they read as wide tables")
    wide = workspace.folder / "wide" / DATABASE_NAME
    copy_relations(project.database, wide, relations)
    questions = [
        _Question(node["name"], _compiled(project.folder, node), is_exact=False) for node in analyses
    ]
    questions += [
        _Question(f"rudder.{node['name']}", f"SELECT * FROM rudder.{node['name']}", is_exact=True)
        for node in views
    ]
    visitor = "SELECT * FROM rudder.dbt_track_facts WHERE dbt_visitor_id = "
    questions.append(_Question("events of one visitor", f"{visitor} ({_ONE_VISITOR})", is_exact=True))
    return project.database, wide, sorted(questions, key=lambda question: question.name)


def _compiled(folder: Path, node: Mapping[str, Any]) -> str:
    path = folder / "target" / "compiled" / "sessionhouse" / str(node["original_file_path"])
    return path.read_text(encoding="utf-8")


def _ask(connection: duckdb.DuckDBPyConnection, question: _Question) -> tuple[Any, ...]:
    """Return how many rows the answer has, and a sum over all its values, so that none is left unread."""
    statement = f"SELECT count(*), sum(hash(answer)::HUGEINT) FROM ({question.statement}\n) AS answer"
    return first_row(connection, statement) or ()


def _seconds(connection: duckdb.DuckDBPyConnection, question: _Question) -> float:
    """Return the seconds of the quickest of a few times: many questions take milliseconds."""
    return min(seconds_of(lambda: _ask(connection, question)) for _ in range(TIMES))


def _compare(
    workspace: Workspace, sides: Mapping[str, duckdb.DuckDBPyConnection], questions: list[_Question]
) -> None:
    """Ask everything once, which also warms both sides up."""
    workspace.tell("comparing the answers")
    for question in questions:
        ours, theirs = (_ask(connection, question) for connection in sides.values())
        if ours[0] != theirs[0] or (question.is_exact and ours != theirs):
            raise BenchmarkError(f"{question.name}: wide tables answer otherwise: {ours} and {theirs}")


def _add(found: Findings, names: list[str], seconds: Mapping[tuple[str, str], list[float]]) -> None:
    ours = {name: Measure(name, tuple(seconds["ours", name])) for name in names}
    wide = {name: Measure(f"{name}, wide", tuple(seconds["wide", name])) for name in names}
    for name in names:
        found.measures += [ours[name], wide[name]]
    slow = [name for name in names if max(ours[name].median, wide[name].median) >= SHORTEST_SECONDS]
    told = [Ratio(name, ratios(ours[name].seconds, wide[name].seconds)) for name in slow]
    found.ratios += told
    totals = [
        tuple(sum(each) for each in zip(*(side[name].seconds for name in names), strict=True))
        for side in (ours, wide)
    ]
    found.ratios.append(Ratio(goals.READING_ALL.name, ratios(*totals), goals.READING_ALL))
    if told:
        worst = max(told, key=lambda ratio: ratio.median)
        found.ratios.append(Ratio(goals.READING_WORST.name, worst.values, goals.READING_WORST))
        found.facts["the slowest beside its wide table"] = worst.name
    else:
        reason = f"every question takes less than {SHORTEST_SECONDS} seconds"
        found.missing.append(Missing(goals.READING_WORST.name, reason, goals.READING_WORST))


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:,.0f} MB"
