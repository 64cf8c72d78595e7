"""`sessionhouse status` as people read it: on a terminal of any width, and through a pipe."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from loaders.exports import Status
from loaders.ledger import Entry, Ledger
from loaders.status import ROWS_AT_ONCE, plain_lines, status_tables, total_lines, totals_table
from loaders.warehouse import connect, transaction

LONG_ID = "4711/raw_data/session_stream/2026/02/01/20260201T104500.000Z_PT15M-349821505946.json.gz"
REASON = "manifest lists 2 files, 1 is there (missing part-1). Loaded when the upload is complete. " * 4


def unloaded(vendor: str, export_id: str, status: Status, reason: str) -> Entry:
    return Entry(vendor=vendor, export_id=export_id, status=status, files=1, reason=reason, digest="", uri="")


LOADED = Entry(
    vendor="pendo",
    export_id="4820/-323232/7",
    status=Status.LOADED,
    files=12,
    reason="",
    digest="",
    uri="",
    rows=1_234_567,
    rejected_rows=2,
    load_id=1,
    loaded_at=datetime(2026, 11, 26, 10, 30, 24, 325_267),
)
ENTRIES = [
    LOADED,
    unloaded("pendo", "4820/1/0", Status.SKIPPED, "counter 0"),
    unloaded("monetate", LONG_ID, Status.INCOMPLETE, REASON),
    unloaded("monetate", "[red]x\x1b[31m", Status.REJECTED, "bad"),
]


def printed(width: int, *, colours: bool = False) -> str:
    """Return both tables as a terminal of this width shows them."""
    console = Console(
        file=StringIO(), width=width, force_terminal=colours, color_system="standard" if colours else None
    )
    console.print(*status_tables(ENTRIES, width), totals_table(ENTRIES))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def without_layout(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A warehouse whose ledger holds the exports."""
    path = tmp_path / "warehouse.duckdb"
    with connect(path) as connection, transaction(connection):
        for entry in ENTRIES:
            Ledger(connection).write(entry)
    return path


def in_terminal(database: Path, **environment: str) -> str:
    """Return what the command writes to a terminal."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "loaders", "status", "--database", str(database)]
    given = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(
        command, stdout=follower, env=given | {"TERM": "xterm", "COLUMNS": "100"} | environment
    ) as running:
        os.close(follower)
        written = b""
        while part := _read(leader):
            written += part
        assert running.wait(timeout=60) == 0
    os.close(leader)
    return written.decode()


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65_536)
    except OSError:  # The other end is closed, which Linux tells as an error.
        return b""


@pytest.mark.parametrize("width", [80, 100, 140, 250])
def test_no_width_cuts_an_id_or_a_reason(width: int) -> None:
    lines = printed(width).splitlines()
    assert max(map(len, lines)) <= width
    # Where the second column begins, the first one ends; only it goes on in the next line.
    end = next(line.index("status") for line in lines if "status" in line)
    exports = without_layout("".join(line[:end] for line in lines))
    assert without_layout(LONG_ID) in exports
    assert without_layout(REASON) in exports
    assert any("1,234,567" in line for line in lines)


def test_a_long_ledger_comes_in_parts_that_stand_under_each_other_as_one_table() -> None:
    entries = [replace(LOADED, export_id=f"{number:04}") for number in range(2 * ROWS_AT_ONCE + 1)]
    console = Console(file=StringIO(), width=100)
    tables = list(status_tables(entries, 100))
    assert len(tables) == 3
    console.print(*tables, sep="")
    assert isinstance(console.file, StringIO)
    header, _, vendor, *lines = (line.rstrip() for line in console.file.getvalue().splitlines())
    assert vendor.strip() == "pendo"
    assert [line.split()[0] for line in lines] == [entry.export_id for entry in entries]
    assert {line.index("loaded") for line in lines} == {header.index("status")}


def test_totals_stand_at_the_end_for_each_vendor_status_and_all() -> None:
    lines = printed(120).splitlines()
    heading = next(index for index, line in enumerate(lines) if line.split()[:1] == ["vendor"])
    assert lines[heading].split() == [
        "vendor",
        "loaded",
        "incomplete",
        "rejected",
        "skipped",
        "rows",
        "bad",
        "lines",
    ]
    told = [line.split() for line in lines[heading + 2 :] if line.strip()]
    assert told == [
        ["monetate", "0", "1", "1", "0", "0", "0"],
        ["pendo", "1", "0", "0", "1", "1,234,567", "2"],
        ["all", "1", "1", "1", "1", "1,234,567", "2"],
    ]


def test_names_are_no_markup_and_steer_no_terminal() -> None:
    table = printed(160)
    assert r"[red]x\x1b[31m" in table
    assert "\x1b" not in table


def test_a_terminal_gets_colours_unless_they_are_not_wanted(database: Path) -> None:
    assert "\x1b[33mincomplete" in in_terminal(database)
    assert "\x1b[3" not in in_terminal(database, NO_COLOR="1")


def test_a_pipe_gets_one_whole_line_for_each_export_and_no_colour(database: Path) -> None:
    command = [sys.executable, "-m", "loaders", "status", "--database", str(database)]
    forced = os.environ | {"FORCE_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=forced, timeout=60)
    header, *lines = done.stdout.splitlines()
    assert header.split() == [
        *("vendor", "export_id", "status", "files", "rows", "rejected_rows", "loaded_at", "reason")
    ]
    assert "\x1b" not in done.stdout
    (line,) = (line for line in lines if LONG_ID in line)
    assert line.endswith(REASON.strip())
    assert line.index("incomplete") == header.index("status")
    assert lines[-4:] == [
        "",
        "monetate: 1 incomplete, 1 rejected, 0 rows",
        "pendo: 1 loaded, 1 skipped, 1,234,567 rows, 2 bad lines",
        "all: 1 loaded, 1 incomplete, 1 rejected, 1 skipped, 1,234,567 rows, 2 bad lines",
    ]


def test_plain_lines_keep_the_order_of_loading() -> None:
    assert [line.split()[0] for line in plain_lines(ENTRIES)[1:]] == [
        "pendo",
        "pendo",
        "monetate",
        "monetate",
    ]


def test_one_vendor_needs_no_total_of_all() -> None:
    assert total_lines([LOADED]) == ["pendo: 1 loaded, 1,234,567 rows, 2 bad lines"]
