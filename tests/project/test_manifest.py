"""The rules of the house, checked on dbt's own manifest of the project."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from loaders.warehouse import connect
from tests.conftest import ROOT, Workspace
from tests.project.conftest import Manifest

LAYERS = ("staging", "intermediate", "lifecycle", "marts")
PREFIXES = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("fct_", "dim_", "dbt_", "session_")}
NOT_REPEATABLE = re.compile(
    r"\b(now|random|uuid|gen_random_uuid|current_date|current_timestamp|current_time|get_current_timestamp|today)\s*\("
    r"|\bcurrent_(date|timestamp)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="session")
def models(manifest: Manifest) -> list[dict[str, Any]]:
    found = nodes_of(manifest, "model")
    assert len(found) > 40
    return found


@pytest.fixture(scope="module")
def raw_columns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The columns of each table that `sessionhouse load` makes."""
    with connect(tmp_path_factory.mktemp("raw") / "warehouse.duckdb") as connection:
        columns = connection.execute(
            "SELECT schema_name || '.' || table_name, list(column_name) FROM duckdb_columns() "
            "WHERE schema_name = 'raw' OR schema_name LIKE 'raw\\_%' ESCAPE '\\' GROUP BY ALL"
        ).fetchall()
    return {table: set(names) for table, names in columns}


def layer_of(model: dict[str, Any]) -> str:
    return str(model["fqn"][1])


def test_data_flows_one_way_from_staging_to_marts(manifest: Manifest, models: list[dict[str, Any]]) -> None:
    for model in models:
        for parent_id in model["depends_on"]["nodes"]:
            parent = manifest["nodes"].get(parent_id)
            if parent and parent["resource_type"] == "model":
                assert LAYERS.index(layer_of(parent)) <= LAYERS.index(layer_of(model)), (
                    f"{model['name']} reads {parent['name']} of a later layer"
                )


def test_only_staging_reads_raw_tables(models: list[dict[str, Any]]) -> None:
    for model in models:
        reads_raw = any(parent.startswith("source.") for parent in model["depends_on"]["nodes"])
        assert not reads_raw or layer_of(model) == "staging", f"{model['name']} reads a raw table"


def test_every_model_stands_on_another_model_or_a_raw_table(models: list[dict[str, Any]]) -> None:
    for model in models:
        assert model["depends_on"]["nodes"], f"{model['name']} depends on nothing"


def test_folder_layer_and_schema_have_one_name(models: list[dict[str, Any]]) -> None:
    for model in models:
        expected = (
            model["fqn"][2] if layer_of(model) == "marts" and len(model["fqn"]) > 3 else layer_of(model)
        )
        assert model["schema"] == expected, f"{model['name']} is in schema {model['schema']}"


def test_names_tell_the_layer(models: list[dict[str, Any]]) -> None:
    for model in models:
        prefixes = PREFIXES.get(layer_of(model))
        assert prefixes is None or model["name"].startswith(prefixes), f"{model['name']} in {layer_of(model)}"


def test_every_model_says_its_grain_and_describes_every_column(models: list[dict[str, Any]]) -> None:
    for model in models:
        assert model["description"].startswith("One row per "), (
            f"{model['name']}: {model['description'][:40]}"
        )
        assert model["columns"], f"{model['name']} has no described columns"
        for name, column in model["columns"].items():
            assert column["description"].strip(), f"{model['name']}.{name} has no description"


def test_staging_and_marts_have_contracts(models: list[dict[str, Any]]) -> None:
    for model in models:
        if layer_of(model) in ("staging", "marts"):
            assert model["config"]["contract"]["enforced"], f"{model['name']} has no contract"


def test_every_table_has_a_tested_key(manifest: Manifest, models: list[dict[str, Any]]) -> None:
    keyed = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("test_metadata", {}).get("name") in ("unique", "unique_combination")
    }
    for model in models:
        holds_rows = model["config"]["materialized"] in ("table", "incremental")
        if layer_of(model) == "staging" or holds_rows:
            assert model["unique_id"] in keyed, f"{model['name']} has no test that its key is unique"


def test_no_model_depends_on_the_clock_or_on_luck(manifest: Manifest) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] in ("model", "analysis"):
            found = NOT_REPEATABLE.search(node["raw_code"])
            assert not found, f"{node['name']} uses {found.group(0) if found else ''}"
    for macro in own_macros(manifest):
        assert not NOT_REPEATABLE.search(macro["macro_sql"]), macro["name"]


def test_every_source_table_and_schema_is_described(manifest: Manifest) -> None:
    assert len(manifest["sources"]) >= 20
    for source in manifest["sources"].values():
        assert source["source_description"].strip(), source["source_name"]
        assert source["description"].startswith("One row per "), source["name"]


def test_every_raw_table_is_a_source_whose_described_columns_are_there(
    manifest: Manifest, raw_columns: dict[str, set[str]]
) -> None:
    described = {f"{source['schema']}.{source['name']}": source for source in manifest["sources"].values()}
    assert set(described) == set(raw_columns)
    for table, source in described.items():
        assert set(source["columns"]) <= raw_columns[table], table
        for name, column in source["columns"].items():
            assert column["description"].strip(), f"{table}.{name} has no description"


def test_where_a_raw_row_comes_from_is_described(
    manifest: Manifest, raw_columns: dict[str, set[str]]
) -> None:
    for source in manifest["sources"].values():
        columns = raw_columns[f"{source['schema']}.{source['name']}"]
        # Columns of vendors are described where they are renamed and typed, in staging.
        needed = {name for name in columns if name.startswith("_") or source["schema"] == "raw"}
        assert needed <= set(source["columns"]), f"{source['schema']}.{source['name']}"


def test_every_seed_is_described_with_its_columns_and_their_types(manifest: Manifest) -> None:
    seeds = nodes_of(manifest, "seed")
    assert len(seeds) == len(list((ROOT / "seeds").glob("*.csv")))
    for seed in seeds:
        header = (ROOT / "seeds" / f"{seed['name']}.csv").read_text().splitlines()[0].split(",")
        assert seed["description"].startswith("One row per "), seed["name"]
        assert list(seed["columns"]) == list(seed["config"]["column_types"]) == header, seed["name"]
        for name, column in seed["columns"].items():
            assert column["description"].strip(), f"{seed['name']}.{name} has no description"


def test_every_singular_and_generic_test_says_what_it_demands(manifest: Manifest) -> None:
    singular = [test for test in nodes_of(manifest, "test") if not test.get("test_metadata")]
    assert len(singular) == len(list((ROOT / "tests" / "dbt" / "singular").glob("*.sql")))
    generic = [macro for macro in own_macros(manifest, "tests") if macro["name"].startswith("test_")]
    assert len(generic) == len(list((ROOT / "tests" / "dbt" / "generic").glob("*.sql")))
    for test in (*singular, *generic):
        assert test["description"].strip(), f"test {test['name']} has no description"


def test_every_macro_is_described_with_its_arguments(manifest: Manifest) -> None:
    for macro in own_macros(manifest):
        if re.match(r"(duckdb|default)__", macro["name"]):
            continue
        assert macro["description"].strip(), f"macro {macro['name']} has no description"
        # dbt makes an argument of the languages that a materialization supports.
        for argument in macro["arguments"] if not macro["name"].startswith("materialization_") else ():
            assert argument["type"], f"{macro['name']}({argument['name']}) has no type"
            assert argument["description"].strip(), f"{macro['name']}({argument['name']}) has no description"


def test_every_analysis_has_its_question(manifest: Manifest) -> None:
    analyses = nodes_of(manifest, "analysis")
    assert len(analyses) == len(list((ROOT / "analysis").glob("*.sql")))
    for analysis in analyses:
        assert analysis["description"].endswith("?"), analysis["name"]


def test_every_var_has_its_reason_above_it() -> None:
    _, _, declared = (ROOT / "dbt_project.yml").read_text().partition("\nvars:\n")
    lines = declared.splitlines()
    names = [number for number, line in enumerate(lines) if re.match(r"    \w+:", line)]
    assert len(names) > 15
    for number in names:
        assert lines[number - 1].strip().startswith("# "), f"{lines[number].strip()} says no reason"


def test_the_selector_of_models_brings_no_tests_along(workspace_factory: Callable[[str], Workspace]) -> None:
    listed = workspace_factory("selected").dbt(
        "--quiet", "ls", "--selector", "models_only", "--output", "path"
    )
    paths = listed.stdout.split()
    assert len(paths) == len(list((ROOT / "models").rglob("*.sql")))
    assert all(path.endswith(".sql") for path in paths)


def test_every_selector_is_described() -> None:
    for selector in yaml.safe_load((ROOT / "selectors.yml").read_text())["selectors"]:
        assert selector["description"].strip(), selector["name"]


def test_unit_tests_cover_the_rules(manifest: Manifest) -> None:
    covered = {test["model"] for test in manifest["unit_tests"].values()}
    rules = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
    }
    assert len(rules) > 12
    assert rules <= covered, rules - covered


def test_engine_functions_stand_in_macros_only() -> None:
    engine_words = re.compile(
        r"\b(epoch_us|epoch_ms|arg_max|arg_min|md5|list_sort|json_extract\w*|unnest)\s*\("
    )
    for path in sorted((ROOT / "models").rglob("*.sql")):
        found = engine_words.search(path.read_text())
        assert not found, f"{path.relative_to(ROOT)} calls {found.group(1) if found else ''}"


def nodes_of(manifest: Manifest, resource_type: str) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == resource_type]


def own_macros(manifest: Manifest, folder: str = "macros") -> list[dict[str, Any]]:
    return [
        macro
        for macro in manifest["macros"].values()
        if macro["package_name"] == "sessionhouse" and Path(macro["path"]).parts[0] == folder
    ]
