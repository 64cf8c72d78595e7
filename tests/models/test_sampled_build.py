"""What must hold of the sample exports once they are loaded and built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT, VENDORS, Workspace


def test_events_of_every_vendor_reach_the_marts(sampled: Workspace) -> None:
    found = dict(sampled.rows("select source, count(*) from marts.fct_events group by all"))
    assert set(found) == set(VENDORS)
    assert min(found.values()) > 50


def test_every_staged_event_is_accepted_or_rejected_with_a_reason(sampled: Workspace) -> None:
    staged = dict(
        sampled.rows(
            "select 'pendo', count(*) from staging.stg_pendo__events union all "
            "select 'rudderstack', count(*) from staging.stg_rudderstack__tracks union all "
            "select 'snowplow', count(*) from staging.stg_snowplow__events union all "
            "select 'leanplum', count(*) from staging.stg_leanplum__events"
        )
    )
    settled = dict(
        sampled.rows(
            "select source, count(*) from (select source from marts.fct_events union all "
            "select source from intermediate.int_events_rejected) where source <> 'monetate' group by all"
        )
    )
    assert settled == staged


def test_each_hard_case_of_the_samples_is_rejected_for_its_reason(sampled: Workspace) -> None:
    reasons = {
        (source, reason)
        for source, reason in sampled.rows(
            "select distinct source, reason from intermediate.int_events_rejected"
        )
    }
    assert {
        ("rudderstack", "late"),
        ("rudderstack", "missing_identity"),
        ("rudderstack", "beyond_session_cap"),
        ("snowplow", "missing_device_time"),
        ("snowplow", "missing_session"),
        ("snowplow", "beyond_session_cap"),
    } <= reasons


def test_every_vendor_session_record_is_one_session(sampled: Workspace) -> None:
    for vendor, model in (("leanplum", "stg_leanplum__sessions"), ("monetate", "stg_monetate__sessions")):
        (counts,) = sampled.rows(
            f"select count(*), count(distinct s.session_id), count(f.session_id) "
            f"from staging.{model} s left join marts.fct_sessions f "
            f"on f.source = '{vendor}' and f.session_id = s.session_id"
        )
        assert counts[0] == counts[1] == counts[2] > 0


def test_offline_records_are_sessions_but_no_interactions(sampled: Workspace) -> None:
    assert sampled.rows(
        "select bool_and(not f.is_interaction), count(*) > 0 from marts.fct_sessions f "
        "join staging.stg_leanplum__sessions s using (session_id) "
        "where not s.is_session and f.source = 'leanplum'"
    ) == [(True, True)]


def test_long_sessions_are_quarantined_and_keep_their_events_up_to_the_cap(sampled: Workspace) -> None:
    found = sampled.rows(
        "select q.source, q.rejected_event_count, max(e.occurred_at) <= any_value(q.capped_at) "
        "from lifecycle.quarantined_sessions q join marts.fct_events e using (session_key) group by all"
    )
    assert {source for source, _, _ in found} >= {"rudderstack", "snowplow"}
    assert all(rejected > 0 and kept for _, rejected, kept in found)


def test_logins_join_devices(sampled: Workspace) -> None:
    (joined,) = sampled.rows(
        "select count(*) from marts.dim_visitors where source = 'rudderstack' and number_of_aliases >= 3"
    )
    assert joined[0] >= 1


@pytest.mark.parametrize("path", sorted((ROOT / "analysis").glob("*.sql")), ids=lambda path: path.stem)
def test_every_analysis_answers(sampled: Workspace, compiled_analyses: Path, path: Path) -> None:
    sql = (compiled_analyses / path.name).read_text()
    assert sampled.rows(sql), f"{path.name} found nothing in the samples"


def test_the_monetate_views_have_the_types_of_the_vendor_tables(sampled: Workspace) -> None:
    types = dict(
        sampled.rows(
            "select column_name, data_type from information_schema.columns "
            "where table_schema = 'monetate' and table_name = 'session_sessions'"
        )
    )
    assert types["start_time"] == "BIGINT"
    assert types["session_value"] == "DECIMAL(16,4)"
    (row,) = sampled.rows("select count(*), min(start_time) > 1000000000000 from monetate.session_sessions")
    assert row[0] > 0
    assert row[1]


def test_descriptions_reach_the_database(sampled: Workspace) -> None:
    (comment,) = sampled.rows(
        "select comment from duckdb_columns() where schema_name = 'marts' and table_name = 'fct_sessions' "
        "and column_name = 'session_key'"
    )
    assert "128-bit key" in comment[0]


@pytest.fixture(scope="module")
def compiled_analyses(sampled: Workspace, workspace_factory: Callable[[str], Workspace]) -> Path:
    # Compiling needs no rows: a database of its own keeps the shared one free for readers. It has the same
    # file name, since dbt writes that into what it compiles.
    compiling = Workspace(workspace_factory("compiled").folder, sampled.database_name)
    duckdb.connect(str(compiling.database)).close()
    compiling.dbt("--quiet", "compile", "--select", "resource_type:analysis")
    folder = compiling.folder / "target" / "compiled" / "sessionhouse" / "analysis"
    assert folder.is_dir()
    return folder
