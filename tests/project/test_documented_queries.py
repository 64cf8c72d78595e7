"""Every query that the texts show runs on sample exports, and has an answer there."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.conftest import ROOT, Workspace
from tests.project.documents import PAGES, Block, blocks

QUERIES = [block for page in PAGES for block in blocks(page) if block.language == "sql"]
MARTS = sorted(path.stem for path in (ROOT / "models" / "marts").glob("*.sql"))


@pytest.fixture(scope="module")
def connection(
    sampled: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database as a client opens it, with the marts published into the folder that texts name."""
    folder = tmp_path_factory.mktemp("documented")
    sampled.run("sessionhouse", "publish", str(folder / "published"))
    with duckdb.connect(str(sampled.database), read_only=True) as opened:
        opened.execute("SET file_search_path = $folder", {"folder": str(folder)})
        yield opened


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.place)
def test_every_query_has_an_answer(query: Block, connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.execute(query.text).fetchone(), query.text


@pytest.mark.parametrize("mart", MARTS)
def test_every_mart_has_its_questions_and_its_place_in_the_overview(mart: str) -> None:
    section = (
        (ROOT / "docs" / "questions.md").read_text().partition(f"\n## {mart}\n")[2].partition("\n## ")[0]
    )
    assert "```sql" in section, f"docs/questions.md asks nothing of {mart}"
    assert f"`{mart}`" in (ROOT / "models" / "overview.md").read_text()
