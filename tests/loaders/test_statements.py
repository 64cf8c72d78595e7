"""No value of an export becomes part of a statement: those are made of constants, values are parameters."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loaders.exports import Status
from loaders.vendors.registry import VENDORS
from tests.conftest import ROOT
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.leanplum_delivery import JobFiles, lines, session
from tests.loaders.pendo_delivery import FIRST_DAY as DAY
from tests.loaders.pendo_delivery import Delivery, event, period
from tests.loaders.snowplow_delivery import event as snowplow_event
from tests.loaders.snowplow_delivery import finisher, ndjson, tsv, writer

MARK = "mark'); DROP TABLE raw.loads; --"
EXECUTING = ("execute", "first_row", "insert", "reject_rows")
SQL = re.compile(r"\b(SELECT|INSERT|DELETE|UPDATE|CREATE|DROP|FROM|WHERE|CASE|WHEN)\b")
# What carries text of an export: attributes of its files and entries, and names given to such text.
CARRIERS = {
    "path", "full_path", "uri", "export_id", "identity", "digest", "reason", "folder", "version",
    "raw_text", "names", "listed", "warnings", "export", "file", "data_file", "source_id",
}  # fmt: skip
TEXT_METHODS = {"join", "format", "replace", "strip", "lower", "upper", "removeprefix", "removesuffix"}
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "loaders").rglob("*.py")
    if "samples" not in path.parts
)


def carriers(
    node: ast.AST, assigned: dict[str, list[ast.expr]], seen: frozenset[str] = frozenset()
) -> set[str]:
    """Return what an expression carries into a statement: by its names, and through methods of texts."""
    if isinstance(node, ast.Call) and not is_about_texts(node.func):
        return set()
    found = set()
    if isinstance(node, ast.Attribute) and node.attr in CARRIERS:
        found.add(node.attr)
    if isinstance(node, ast.Name):
        found |= {node.id} & CARRIERS
        if node.id not in seen:
            for expression in assigned.get(node.id, []):
                found |= carriers(expression, assigned, seen | {node.id})
    for child in ast.iter_child_nodes(node):
        found |= carriers(child, assigned, seen)
    return found


def is_about_texts(function: ast.expr) -> bool:
    """Return whether a call gives back the text that it was given."""
    if isinstance(function, ast.Attribute):
        return function.attr in TEXT_METHODS
    return isinstance(function, ast.Name) and function.id in ("str", "repr", "format")


def assignments(function: ast.AST) -> dict[str, list[ast.expr]]:
    """Return the expressions that a function gives to each of its names."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def interpolated(function: ast.AST) -> Iterator[ast.expr]:
    """Yield every expression that stands in a formatted text which is SQL."""
    for node in ast.walk(function):
        if not isinstance(node, ast.JoinedStr):
            continue
        texts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        if SQL.search(" ".join(map(str, texts))):
            yield from (part.value for part in node.values if isinstance(part, ast.FormattedValue))


def functions(tree: ast.Module) -> list[ast.AST]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("module", MODULES)
def test_statements_are_made_of_constants(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    for function in functions(tree):
        assigned = assignments(function)
        for expression in interpolated(function):
            if is_message(function, expression):
                continue
            found = carriers(expression, assigned)
            assert not found, f"{module}:{expression.lineno} puts {found} into a statement"


def is_message(function: ast.AST, expression: ast.expr) -> bool:
    """Return whether the expression stands in what an error says."""
    raised = [node for node in ast.walk(function) if isinstance(node, ast.Raise)]
    return any(expression in ast.walk(node) for node in raised)


@pytest.mark.parametrize("module", MODULES)
def test_statements_are_not_put_together_by_operators(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in EXECUTING:
            continue
        inside = [
            part for argument in node.args[:3] if not is_values(argument) for part in ast.walk(argument)
        ]
        assert not [part for part in inside if isinstance(part, ast.BinOp)], f"{module}:{node.lineno}"
        assert not [part for part in inside if getattr(part, "attr", "") == "format"], (
            f"{module}:{node.lineno}"
        )


def is_values(argument: ast.expr) -> bool:
    """Return whether an argument is the values of a statement: a mapping, or two of them put together."""
    parts = (argument.left, argument.right) if isinstance(argument, ast.BinOp) else (argument,)
    return all(isinstance(part, ast.Dict | ast.DictComp | ast.Name) for part in parts)


def test_the_check_of_statements_can_fail() -> None:
    source = "def f(c, file):\n    table = file.path\n    c.execute(f'DELETE FROM {table}')"
    (function,) = functions(ast.parse(source))
    (expression,) = interpolated(function)
    assert carriers(expression, assignments(function)) == {"path", "file"}


def marked_csv(*names: str) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows([(*names, MARK, f"x{MARK}"), (*(MARK for _ in names), MARK, MARK)])
    return stream.getvalue().encode()


def marked_parquet(*names: str) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({name: [MARK] for name in (*names, MARK, f"x{MARK}")}), stream)
    return stream.getvalue()


# How many exports `deliver` writes that can be loaded.
EXPORTS = {"leanplum": 2, "monetate": 1, "pendo": 1, "rudderstack": 5, "snowplow": 4}


def deliver(folder: Path) -> None:
    """Write an export of each form of each vendor, with the mark in every place that takes a text."""
    job = JobFiles(folder / "leanplum" / MARK)
    inner = {"eventId": "3", "name": MARK, "parameters": {MARK: MARK}, MARK: MARK}
    states = [{"stateId": MARK, "name": MARK, "events": [inner], "parameters": {MARK: 1}, MARK: MARK}]
    attributes = {MARK: MARK}
    job.write_json(
        lines(session(MARK, states=states, userAttributes=attributes, experiments=[inner], **{MARK: MARK}))
    )
    JobFiles(folder / "leanplum", uuid="60c43e66-0bfb-4a53-9f5c-1b0e2d6a7c11").write_csv(
        sessions=marked_csv("sessionId", "userId")
    )
    write = writer(folder)
    call = {"messageId": MARK, "type": "track", "event": MARK, MARK: {MARK: MARK}, "sentAt": MARK}
    write(f"rudderstack/{MARK}/{MARK}.json", ndjson(call, {**call, "type": MARK, "sentAt": None}))
    staged = {"data": {"id": MARK, MARK: MARK}, "metadata": {"table": MARK, "columns": {MARK: MARK}}}
    write(f"rudderstack/rudder-warehouse-staging-logs/{MARK}/a.json", ndjson(staged))
    write(
        f"rudderstack/rudder-warehouse-load-objects/{MARK}/{MARK}/b.json",
        ndjson({"id": MARK, "received_at": "2020-01-24"}),
    )
    write(f"rudderstack/{MARK}/tracks.csv", marked_csv("id", "received_at"))
    write(f"rudderstack/{MARK}/tracks.parquet", marked_parquet("id", "received_at"))
    document = {
        "session_id": MARK,
        "start_time": 1591474962721,
        "offers": {MARK: MARK},
        MARK: MARK,
        "end_time": MARK,
    }
    write(
        f"monetate/{MARK}/20200606T200000.000Z_PT15M-0.json.gz",
        ndjson(document, {**document, "end_time": None}),
    )
    row = snowplow_event(MARK, geo_city=MARK)
    write(f"snowplow/{MARK}/{MARK}.tsv", tsv(row))
    write(f"snowplow/{MARK}/a.csv", marked_csv("event_id", "collector_tstamp"))
    write(f"snowplow/{MARK}/a.parquet", marked_parquet("event_id", "collector_tstamp"))
    write(f"snowplow/run={MARK}/output=good/part-{MARK}.json", ndjson({**row, MARK: MARK}))
    finisher(write)(f"snowplow/run={MARK}", base="")
    delivery = Delivery(folder / "pendo", subscription=MARK, application=MARK)
    files = delivery.files(1, (f"{MARK}.avro", [event(MARK, visitorId=MARK)]))
    matched = delivery.matched(1, f"Page/{MARK}", event(MARK))
    named = delivery.definitions(1, "pageId", (MARK, MARK))
    delivery.export(1, period(DAY, matched, all_events=files), **named)


@pytest.mark.parametrize("vendor", sorted(EXPORTS))
def test_no_value_of_an_export_reaches_a_statement(
    vendor: str, landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    deliver(landing_folder)
    rows("CALL enable_logging('QueryLog')")
    outcomes = load_folder(vendor, landing_folder / vendor)
    rows("CALL disable_logging()")
    loaded = [outcome for outcome in outcomes if outcome.entry.status is Status.LOADED]
    assert len(loaded) == EXPORTS[vendor], [outcome.entry for outcome in outcomes]
    statements = [text for (text,) in rows("SELECT message FROM duckdb_logs WHERE type = 'QueryLog'")]
    assert len(statements) > 10
    assert [text for text in statements if "mark'" in text] == []
    assert rows("SELECT count(*) FROM raw.loads WHERE status = 'loaded'") == [(EXPORTS[vendor],)]
    tables = VENDORS[vendor]().tables
    assert any("mark'" in str(rows(f"FROM {table}")) for table in tables)
