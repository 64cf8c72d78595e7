"""Names on their way from the seeds into the views of the `monetate` schema."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.metadata.contract import LOOKUPS
from loaders.metadata.seeds import write_seeds
from loaders.warehouse import connect
from tests.conftest import ROOT, Workspace

PROJECT = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "analysis", "tests/dbt")
NAMES = [
    'say "hi", once',
    "two\nlines",
    "Größe 😀",
    " padded ",
    "NULL",
    "7",
    "007",
    "{{ ref }}",
    "-- x",
    "a\\b",
    "true",
]
VIEWS = ("session_offers", "session_page_event_ids", "session_custom_targets")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, whose seeds a test may fill."""
    folder = tmp_path_factory.mktemp("project")
    for name in PROJECT:
        source = ROOT / name
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


@pytest.fixture(scope="module")
def workspace(workspace_factory: Callable[[str], Workspace]) -> Workspace:
    made = workspace_factory("seeds")
    connection = connect(made.database)
    connection.execute(
        "INSERT INTO raw_monetate.sessions (session_id, start_time, offers, page_event_ids, custom_targets, "
        "window_started_at, window_ended_at, window_sequence, _load_id, _loaded_at, _file, _line) "
        "SELECT 's', t, '{\"1\": 1, \"99\": 1}', '{\"1\": 1}', '{\"1\": 1}', t, t, 1, 1, t, 'f', 1 "
        "FROM (SELECT TIMESTAMP '2026-01-01' AS t)"
    )
    connection.close()
    return made


def test_a_run_without_seeds_finds_their_tables_empty(project: Path, workspace: Workspace) -> None:
    selection = [f"+{view}" for view in VIEWS]
    workspace.dbt(
        "run", "--project-dir", str(project), "--profiles-dir", str(project), "--select", *selection
    )
    assert workspace.rows("select offer_id, experience_name from monetate.session_offers order by id") == [
        ("1", None),
        ("99", None),
    ]


def test_a_first_build_makes_the_seeds_itself(
    project: Path, workspace_factory: Callable[[str], Workspace]
) -> None:
    fresh = workspace_factory("first")
    connect(fresh.database).close()
    options = ("--project-dir", str(project), "--profiles-dir", str(project))
    fresh.dbt("build", *options, "--select", "resource_type:seed", *VIEWS, "--resource-type", "seed")
    for lookup in LOOKUPS:
        assert fresh.rows(f"select count(*) from seeds.{Path(lookup.seed).stem}") == [(0,)]


def test_names_reach_the_views_exactly_as_they_were_fetched(project: Path, workspace: Workspace) -> None:
    write_seeds(
        project / "seeds",
        {
            lookup: {
                str(number): {
                    key: "true" if key.startswith(("is_", "collects_")) else name for key in lookup.keys
                }
                for number, name in enumerate(NAMES)
            }
            for lookup in LOOKUPS
        },
    )
    options = ("--project-dir", str(project), "--profiles-dir", str(project))
    for _ in range(2):
        workspace.dbt("seed", *options)
    for lookup in LOOKUPS:
        (name, *_) = (key for key in lookup.keys if key.endswith(("name", "title")))
        assert workspace.rows(
            f"select {lookup.id_column}, {name} from seeds.{Path(lookup.seed).stem} "
            f"order by try_cast({lookup.id_column} as bigint)"
        ) == [(str(number), name) for number, name in enumerate(NAMES)]
    workspace.dbt("run", *options, "--select", *(f"+{view}" for view in VIEWS))
    assert workspace.rows(
        "select offer_id, experience_name, split_name from monetate.session_offers order by id"
    ) == [
        ("1", NAMES[1], NAMES[1]),
        ("99", None, None),
    ]
    assert workspace.rows("select event_title from monetate.session_page_event_ids") == [(NAMES[1],)]
    assert workspace.rows("select custom_target_title from monetate.session_custom_targets") == [(NAMES[1],)]
