"""The report in a browser: it draws, filters and changes its theme, alone and on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from reporting.report import write_report
from reporting.words import name_of
from tests.reporting.house import Session, make
from tests.reporting.names import HOSTILE_NAMES, MARKUP_NAMES

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
MONDAY = datetime(2026, 2, 2, 9)
LONGEST_WAIT_MILLISECONDS = 90_000
SESSIONS = [
    *(
        Session("pendo", f"v{number % 7}", MONDAY + timedelta(hours=9 * number), ("load", "click", "leave"))
        for number in range(20)
    ),
    *(
        Session(
            "rudderstack", f"w{number}", MONDAY + timedelta(hours=7 * number), (name, f"{name} again", "bye")
        )
        for number, name in enumerate(HOSTILE_NAMES)
    ),
    *(
        Session("snowplow", f"x{number}", MONDAY + timedelta(hours=number), (name, name))
        for number, name in enumerate(MARKUP_NAMES)
    ),
]


@dataclass
class Visit:
    """A page and what it did besides showing itself."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def choose(self, source: str) -> None:
        self.page.select_option("#source", source)

    def drawn(self, chart: str) -> None:
        """Scroll to a chart and wait until it is drawn."""
        self.page.locator(f"#{chart}-chart").scroll_into_view_if_needed()
        self.page.wait_for_selector(f"#{chart}-chart .main-svg")

    def texts(self, chart: str) -> list[str]:
        self.drawn(chart)
        return [text.strip() for text in self.page.locator(f"#{chart}-chart text").all_text_contents()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not found:
        pytest.skip(f"no browser on this machine: looked for {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        # Chromium refuses to put itself into a sandbox for the superuser.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = playwright.chromium.launch(executable_path=found, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    database = make(folder / "warehouse.duckdb", SESSIONS, [("pendo", "late")])
    write_report(database, folder / "report.html")
    return folder / "report.html"


@contextmanager
def visiting(browser: Browser, report: Path, width: int = 1280, scheme: str = "light") -> Iterator[Visit]:
    """Open the report; whatever the visit does, it must neither complain nor ask for anything."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        offline=True,
    )
    context.set_default_timeout(LONGEST_WAIT_MILLISECONDS)
    visit = Visit(context.new_page())
    visit.page.on("console", lambda message: visit.messages.append(message.text))
    visit.page.on("pageerror", lambda error: visit.messages.append(str(error)))
    visit.page.on("dialog", lambda dialog: visit.messages.append(dialog.message))
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    visit.page.goto(report.as_uri())
    visit.page.wait_for_selector("#activity-days-chart .main-svg")
    yield visit
    assert visit.messages == []
    assert [url for url in visit.requests if not url.startswith(("data:", "blob:"))] == [report.as_uri()]
    context.close()


def test_every_chart_is_drawn_when_it_is_reached(browser: Browser, report: Path) -> None:
    with visiting(browser, report) as visit:
        charts = visit.page.eval_on_selector_all("[data-chart]", "all => all.map(each => each.dataset.chart)")
        assert len(charts) >= 8
        for chart in charts:
            visit.drawn(chart)
        assert visit.page.title() == "Sessions report, 2026-02-10 06:30 UTC"


def test_a_source_filters_charts_tables_and_totals(browser: Browser, report: Path) -> None:
    with visiting(browser, report) as visit:
        assert visit.page.locator(".tiles:visible dd").first.inner_text() == "38"
        assert "load" in visit.texts("top-events")
        visit.choose("rudderstack")
        assert visit.page.locator(".tiles:visible dd").first.inner_text() == "12"
        assert "load" not in visit.texts("top-events")
        assert "load" not in visit.page.locator("[data-choice=rudderstack]").all_text_contents()
        assert visit.page.locator("[data-choice=all]:visible").count() == 0
        assert visit.page.locator("#told").inner_text() == "Showing RudderStack"
        visit.choose("leanplum")
        assert visit.page.locator("#activity-days-chart").is_hidden()
        assert visit.page.locator("text=Nothing to show.").locator("visible=true").count() > 0
        visit.choose("all")
        assert "load" in visit.texts("top-events")


@pytest.mark.parametrize(("scheme", "other"), [("light", "dark"), ("dark", "light")])
def test_the_theme_is_that_of_the_system_until_the_button_changes_it(
    browser: Browser, report: Path, scheme: str, other: str
) -> None:
    grounds = {"light": "rgb(245, 247, 250)", "dark": "rgb(15, 18, 22)"}
    charts = {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 27, 34)"}
    with visiting(browser, report, scheme=scheme) as visit:

        def shown() -> tuple[str, str]:
            ground, chart = (
                visit.page.eval_on_selector(selector, "element => getComputedStyle(element).backgroundColor")
                for selector in ("body", "#activity-days-chart .main-svg")
            )
            return ground, chart

        button = visit.page.get_by_role("button", name=f"{other.title()} theme")
        assert shown() == (grounds[scheme], charts[scheme])
        button.focus()
        visit.page.keyboard.press("Enter")
        visit.page.get_by_role("button", name=f"{scheme.title()} theme").wait_for()
        assert shown() == (grounds[other], charts[other])


def test_the_keyboard_reaches_the_report_the_source_and_every_table(browser: Browser, report: Path) -> None:
    with visiting(browser, report) as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.className") == "skip"
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.id") == "source"
        visit.page.locator("summary:visible").first.focus()
        visit.page.keyboard.press("Enter")
        assert visit.page.locator("details[open] table:visible").count() == 1


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_no_width_needs_scrolling_to_the_side(browser: Browser, report: Path, width: int) -> None:
    with visiting(browser, report, width) as visit:
        for choice in ("all", "rudderstack"):
            visit.choose(choice)
            for chart in ("flows", "retention-days", "last-events", "rejected-events"):
                if visit.page.locator(f"#{chart}-chart").is_visible():
                    visit.drawn(chart)
            visit.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_names_are_shown_as_they_stand_and_run_nothing(browser: Browser, report: Path) -> None:
    with visiting(browser, report) as visit:
        visit.choose("rudderstack")
        labels = [*visit.texts("top-events"), *visit.texts("first-events"), *visit.texts("flows")]
        assert "<a href='https://exampl…" in labels
        assert "2026-01-01" in labels
        assert r"%{customdata} $\frac{1}…" in labels
        assert visit.page.locator(".chart a, .chart img, .chart script").count() == 0
        visit.page.locator("#top-events-chart .point path >> nth=1").hover(force=True)
        visit.page.wait_for_selector("#top-events-chart .hoverlayer text")
        hover = visit.page.locator("#top-events-chart .hoverlayer").all_text_contents()
        assert any(name_of(name) in told for told in hover for name in HOSTILE_NAMES), hover
        assert visit.page.evaluate("window.hit") is None


@pytest.mark.parametrize("chart", ["top-events", "first-events", "flows"])
def test_markup_in_a_name_is_shown_and_means_nothing(browser: Browser, report: Path, chart: str) -> None:
    with visiting(browser, report) as visit:
        visit.choose("snowplow")
        assert set(MARKUP_NAMES) <= set(visit.texts(chart))
        assert visit.page.locator(".chart a").count() == 0


def test_without_javascript_the_tables_are_there(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("noscript p").is_visible()
    assert page.locator("table").count() > 8
    assert page.locator("[data-choice=pendo]:visible").count() == 0
    context.close()
