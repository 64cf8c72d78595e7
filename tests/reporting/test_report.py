"""The report as a file: what it holds, that it is safe and repeatable, and what is said without one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from plotly import graph_objects as go

from loaders import warehouse
from loaders.cli import main
from loaders.warehouse import connect
from reporting import charts
from reporting.look import DARK_GROUND, GREY, LIGHT_GROUND, MARKS, STATUS_MARKS, themes
from reporting.words import LONGEST_LABEL, age, duration, label_of, name_of
from tests.conftest import ROOT
from tests.reporting.house import LOADED_AT, Session, make
from tests.reporting.names import HOSTILE_NAMES

MONDAY = datetime(2026, 2, 2, 9)
SESSIONS = [
    Session("pendo", "ann", MONDAY, ("load", "click", "leave")),
    Session("pendo", "ann", MONDAY + timedelta(days=1), ("load",)),
    Session("rudderstack", "zoe", MONDAY, ("page", "page")),
]


class Page(HTMLParser):
    """The tags, attributes, texts and scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        (self.scripts if self._open == "script" else self.texts).append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def names(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def report(database: Path, output: Path) -> Result:
    result = CliRunner().invoke(main, ["report", "--database", str(database), "--output", str(output)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def page_of(folder: Path, *sessions: Session) -> Page:
    database = make(folder / "warehouse.duckdb", sessions)
    assert report(database, folder / "report.html").exit_code == 0
    return Page((folder / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("house") / "warehouse.duckdb", SESSIONS, [("pendo", "late")])


def test_the_command_says_what_it_wrote(database: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    result = report(database, output)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{output}: 3 sessions, 6 events, as of 2026-02-10 06:30 UTC\n"


def test_the_same_database_gives_the_same_bytes(database: Path, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        output = tmp_path / f"{seed}.html"
        command = [
            sys.executable,
            "-m",
            "loaders",
            "report",
            "--database",
            str(database),
            "--output",
            str(output),
        ]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": seed}, timeout=120)
    assert (tmp_path / "1.html").read_bytes() == (tmp_path / "2.html").read_bytes()


def test_every_chart_has_a_title_and_a_table_for_every_source(tmp_path: Path) -> None:
    page = page_of(tmp_path, *SESSIONS)
    payload = json.loads(page.scripts[0])
    drawn = [attributes for attributes in page.names("div") if "data-chart" in attributes]
    assert len(drawn) >= 8
    for attributes in drawn:
        assert attributes["role"] == "img"
        assert (attributes["aria-label"] or "").startswith("Chart: ")
        assert set(payload["figures"][attributes["data-chart"]]) <= {
            "all",
            "leanplum",
            "pendo",
            "rudderstack",
        }
    captions = [text for text in page.texts if re.search(r", (All sources|Pendo)$", text)]
    assert len(captions) > len(drawn)
    headings = [tag for tag, _ in page.tags if tag in ("h1", "h2", "h3")]
    assert (headings.count("h1"), headings[:3]) == (1, ["h1", "h2", "h3"])


def test_figures_are_what_plotly_takes(tmp_path: Path) -> None:
    payload = json.loads(page_of(tmp_path, *SESSIONS).scripts[0])
    for figures in payload["figures"].values():
        for figure in figures.values():
            go.Figure(figure)
    for template in payload["themes"].values():
        go.layout.Template(template)


def test_the_page_asks_no_other_place_for_anything(tmp_path: Path) -> None:
    page = page_of(tmp_path, *SESSIONS)
    for tag, attributes in page.tags:
        for name in ("src", "href", "srcset", "data", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,")), (tag, attributes)
    (policy,) = (meta["content"] for meta in page.names("meta") if "http-equiv" in meta)
    assert policy
    assert "default-src 'none'" in policy
    assert len(re.findall(r"'sha256-[\w+/]{43}='", policy)) == 2
    assert "'unsafe-eval'" not in policy


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_becomes_a_tag_an_attribute_or_a_script(tmp_path: Path, name: str) -> None:
    plain = page_of(tmp_path / "plain", Session("pendo", "ann", MONDAY, ("name", "name")))
    hostile = page_of(tmp_path / "hostile", Session("pendo", "ann", MONDAY, (name, name)))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert [set(attributes) for _, attributes in hostile.tags] == [
        set(attributes) for _, attributes in plain.tags
    ]
    assert hostile.scripts[1:] == plain.scripts[1:]
    assert name_of(name) in [text.strip() for text in hostile.texts] or name_of(name) != name_of(name).strip()


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    for name in ("plain", "hostile"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_a_chart_shows_markup_as_it_stands() -> None:
    figure = charts.names_chart([("<b>bold</b> & <a href='x'>link</a>", 1)], "events")
    assert figure
    (bar,) = figure.data
    assert bar.customdata == ("&lt;b&gt;bold&lt;/b&gt; &amp; &lt;a href='x'&gt;link&lt;/a&gt;",)
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;bold&lt;/b&gt; &amp; &lt;a href='…",)


def test_names_that_are_alike_when_shortened_keep_their_own_bars() -> None:
    figure = charts.names_chart([("a" * 100 + "1", 5), ("a" * 100 + "2", 3), ("2026-01-01", 1)], "events")
    assert figure
    assert figure.data[0].y == (0, 1, 2)


def test_empty_marts_give_a_report_that_says_so(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    assert any("The marts are empty" in text for text in page.texts)
    assert "r2 is cut" in [text.strip() for text in page.texts]


def test_a_report_of_marts_that_are_behind_says_so(tmp_path: Path) -> None:
    database = make(tmp_path / "warehouse.duckdb", SESSIONS)
    with connect(database) as connection:
        connection.execute("UPDATE staging.stg_ledger__loads SET load_id = 1")
        connection.execute(
            "INSERT INTO raw_rudderstack.tracks (id, _load_id, _loaded_at, _file, _line) "
            "VALUES ('m', 2, $at, 'a', 1)",
            {"at": LOADED_AT},
        )
    report(database, tmp_path / "report.html")
    assert "Something was loaded after the marts were built" in (tmp_path / "report.html").read_text()


def test_without_a_database_there_is_no_report(tmp_path: Path) -> None:
    result = report(tmp_path / "none.duckdb", tmp_path / "report.html")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "There is no database at" in result.stderr
    assert not (tmp_path / "report.html").exists()


def test_marts_that_are_not_built_are_told_with_exit_code_3(tmp_path: Path) -> None:
    connect(tmp_path / "warehouse.duckdb").close()
    result = report(tmp_path / "warehouse.duckdb", tmp_path / "report.html")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("NotReadyError: The marts are not built in ")
    assert "Run dbt build first." in result.stderr


def test_marts_of_another_shape_are_told_with_exit_code_3(tmp_path: Path) -> None:
    database = make(tmp_path / "warehouse.duckdb", SESSIONS)
    with connect(database) as connection:
        connection.execute("ALTER TABLE marts.fct_sessions DROP COLUMN first_event")
    result = report(database, tmp_path / "report.html")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "first_event" in result.stderr
    assert "Run dbt build" in result.stderr


def test_a_database_in_use_is_told_with_exit_code_3(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "LOCK_WAIT_SECONDS", 0.3)
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        result = report(database, tmp_path / "report.html")
        holder.kill()
    assert result.exit_code == 3
    assert result.stderr.startswith(f"DatabaseLockedError: {database} is in use by another process")


@pytest.mark.parametrize(
    ("output", "told"), [("nowhere/report.html", "does not exist; create it first"), ("plain", "is a folder")]
)
def test_an_output_that_cannot_be_a_file_is_wrong_usage(
    database: Path, tmp_path: Path, output: str, told: str
) -> None:
    result = report(database, tmp_path / output)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_failed_write_leaves_the_old_report_and_nothing_beside_it(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "report.html"
    output.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    result = report(database, output)
    assert result.exit_code == 3
    assert result.stderr == f"NotReadyError: Cannot write {output}: No space left on device.\n"
    assert output.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hostile", "plain", "report.html"]


def test_reading_changes_nothing_in_the_database(database: Path, tmp_path: Path) -> None:
    before = database.read_bytes()
    report(database, tmp_path / "report.html")
    assert database.read_bytes() == before
    with duckdb.connect(str(database)):
        pass


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", [LIGHT_GROUND, DARK_GROUND])
@pytest.mark.parametrize("mark", sorted({*MARKS, *STATUS_MARKS.values(), GREY}))
def test_every_mark_stands_out_from_either_ground(mark: str, ground: str) -> None:
    assert contrast(mark, ground) >= 3


def test_every_text_has_the_contrast_that_reading_needs() -> None:
    style = (ROOT / "reporting" / "page" / "report.css").read_text()
    pairs = {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", style)
    }
    for theme in (0, 1):
        colours = {name: pair[theme] for name, pair in pairs.items()}
        for ground in ("ground", "panel"):
            for text in ("text", "soft", "accent"):
                assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["text"], colours["notice"]) >= 4.5
    assert pairs["panel"] == (LIGHT_GROUND, DARK_GROUND)
    dark = themes()["dark"]["layout"]
    assert contrast(dark["font"]["color"], dark["paper_bgcolor"]) >= 4.5


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (None, "-"),
        (0, "0 s"),
        (0.99, "59 s"),
        (1, "1 min 00 s"),
        (59.999, "1 h 00 min"),
        (90.5, "1 h 30 min"),
    ],
)
def test_lengths_are_told_as_people_say_them(minutes: float | None, told: str) -> None:
    assert duration(minutes) == told


@pytest.mark.parametrize(
    ("minutes", "told"), [(0, "0 minutes"), (1, "1 minute"), (119, "1 hour"), (2 * 24 * 60, "2 days")]
)
def test_ages_are_told_in_their_largest_unit(minutes: int, told: str) -> None:
    assert age(MONDAY, MONDAY + timedelta(minutes=minutes)) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (None, "(no name)"),
        ("", '""'),
        ("a\nb", "a\\nb"),
        ("x" * 300, "x" * 199 + "…"),
        ("\u202egpj", "\\u202egpj"),
    ],
)
def test_names_are_told_in_one_line_and_not_without_end(name: str | None, told: str) -> None:
    assert name_of(name) == told
    assert len(label_of(name)) <= LONGEST_LABEL
