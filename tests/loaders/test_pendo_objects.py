from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loaders.exports import Status
from loaders.loading import Outcome
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.pendo_delivery import (
    APPLICATION,
    SUBSCRIPTION,
    Delivery,
    ObjectDelivery,
    day_export,
    write_avro,
)
from tests.loaders.test_pendo_landing import cut_behind_a_block

ACCOUNTS = "SELECT account_id, name FROM raw_pendo.accounts ORDER BY ALL"
FIELDS = (
    "SELECT object_kind, field_group, field_name, display_name FROM raw_pendo.metadata_fields ORDER BY ALL"
)


@pytest.fixture
def accounts(landing_folder: Path) -> ObjectDelivery:
    return ObjectDelivery(landing_folder, "account")


@pytest.fixture
def visitors(landing_folder: Path) -> ObjectDelivery:
    return ObjectDelivery(landing_folder, "visitor")


def verdicts(outcomes: list[Outcome]) -> dict[str, tuple[str, str]]:
    """Status and reason by the export id without its subscription."""
    entries = [outcome.entry for outcome in outcomes]
    return {entry.export_id.partition("/")[2]: (str(entry.status), entry.reason) for entry in entries}


def statuses(outcomes: list[Outcome]) -> dict[str, str]:
    return {name: status for name, (status, _) in verdicts(outcomes).items()}


def field(name: str, group: str | None = "agent", title: str = "", **keys: Any) -> dict[str, Any]:
    return {"group": group, "name": name, "displayName": title or name, **keys}


def test_an_account_and_a_visitor_land_with_their_keys_and_whole(
    accounts: ObjectDelivery, visitors: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    accounts.export(1, ("acme", "Acme"))
    visitors.export(1, ("ada@example.com", "Ada"))
    outcomes = load_folder("pendo")
    assert [outcome.entry.export_id for outcome in outcomes] == [
        f"{SUBSCRIPTION}/account/1",
        f"{SUBSCRIPTION}/visitor/1",
    ]
    assert rows("SELECT * EXCLUDE (record, _loaded_at) FROM raw_pendo.accounts") == [
        (SUBSCRIPTION, "acme", "Acme", 1, f"datasync/{SUBSCRIPTION}/account/export-1/accounts.avro", 1)
    ]
    assert rows("SELECT subscription_id, visitor_id, account_id, name, _load_id FROM raw_pendo.visitors") == [
        (SUBSCRIPTION, "ada@example.com", "acme", "Ada", 2)
    ]
    ((record,),) = rows("SELECT record FROM raw_pendo.visitors")
    assert json.loads(record) == {
        "id": "ada@example.com",
        "accountId": "acme",
        "name": "Ada",
        "seats": 2**53 + 1,
    }


def test_a_later_export_replaces_what_comes_again_and_leaves_the_rest(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    accounts.export(1, ("a", "A"), ("b", "B"))
    load_folder("pendo")
    accounts.export(2, ("b", "renamed"), ("c", "C"))
    load_folder("pendo")
    assert rows(ACCOUNTS) == [("a", "A"), ("b", "renamed"), ("c", "C")]


def test_one_subscription_never_touches_another(
    accounts: ObjectDelivery, landing_folder: Path, load_folder: LoadFolder, rows: Rows
) -> None:
    other = ObjectDelivery(landing_folder, "account", subscription="77")
    accounts.export(1, ("a", "first"))
    other.export(4, ("a", "other"))
    load_folder("pendo")
    accounts.export(2, ("a", "second"))
    load_folder("pendo")
    assert rows("SELECT subscription_id, name FROM raw_pendo.accounts ORDER BY ALL") == [
        (SUBSCRIPTION, "second"),
        ("77", "other"),
    ]


def test_metadata_fields_are_replaced_by_group_and_name_and_kind(
    accounts: ObjectDelivery, visitors: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    both = [field("plan", title="Plan"), field("plan", "custom"), field("lone", None, "Lone")]
    accounts.export(1, **accounts.write_fields(1, "metadataschema.avro", *both))
    visitors.export(1, **visitors.write_fields(1, "metadataschema.avro", field("plan", title="Of visitors")))
    load_folder("pendo")
    changed = [
        field("plan", title="Tariff", isDeleted=True, isPerApp=False, avroFieldName="agent_plan"),
        field("lone", None, "Alone", type="string", elementType="time", elementFormat="milli"),
    ]
    accounts.export(2, **accounts.write_fields(2, "metadataschema.avro", *changed))
    load_folder("pendo")
    assert rows(FIELDS) == [
        ("account", "agent", "plan", "Tariff"),
        ("account", "custom", "plan", "plan"),
        ("account", None, "lone", "Alone"),
        ("visitor", "agent", "plan", "Of visitors"),
    ]
    assert rows(
        "SELECT is_deleted, is_per_app, avro_field_name, field_type, element_type, element_format "
        "FROM raw_pendo.metadata_fields WHERE _load_id = 3 ORDER BY field_name DESC"
    ) == [(True, False, "agent_plan", None, None, None), (None, None, None, "string", "time", "milli")]


def test_accounts_visitors_and_events_count_on_their_own(
    accounts: ObjectDelivery, visitors: ObjectDelivery, landing_folder: Path, load_folder: LoadFolder
) -> None:
    day_export(Delivery(landing_folder), 5)
    accounts.export(1, ("a", "A"))
    accounts.export(3, ("a", "A"))
    visitors.export(7, ("v", "V"))
    found = verdicts(load_folder("pendo"))
    status, reason = found.pop("account/3")
    assert (status, "counter 2 is missing between counter 1 and this one" in reason) == ("rejected", True)
    assert "a one-time export in Pendo for the changes they held" in reason
    assert {name: status for name, (status, _) in found.items()} == {
        f"{APPLICATION}/5": "loaded",
        "account/1": "loaded",
        "visitor/7": "loaded",
    }
    assert statuses(load_folder("pendo", allow_gap=True))["account/3"] == "loaded"


def test_counters_load_in_ascending_order_and_never_an_older_one_behind_a_newer(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    accounts.export(3, ("a", "third"))
    accounts.export(2, ("a", "second"))
    load_folder("pendo")
    accounts.export(1, ("a", "first"))
    assert verdicts(load_folder("pendo"))["account/1"][1].startswith("older than counter 3, which is loaded")
    assert rows(ACCOUNTS) == [("a", "third")]


def test_exports_without_counters_are_known_by_their_folder_and_load_as_they_were_finished(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    for number, name in ((5, "fifth"), (3, "third")):
        del accounts.export(number, ("a", name))["counter"]
    accounts.entries[1]["finishTime"] += "Z"
    accounts.write_manifest()
    assert statuses(load_folder("pendo")) == {"account/export-3": "loaded", "account/export-5": "loaded"}
    assert rows(ACCOUNTS) == [("a", "fifth")]
    del accounts.export(4, ("a", "fourth"))["counter"]
    del accounts.export(9, ("a", "ninth"))["counter"]
    accounts.write_manifest()
    outcomes = load_folder("pendo")
    assert statuses(outcomes) == {
        "account/export-3": "loaded",
        "account/export-4": "skipped",
        "account/export-5": "loaded",
        "account/export-9": "loaded",
    }
    assert "older than one that is loaded" in verdicts(outcomes)["account/export-4"][1]
    assert [outcome.is_new for outcome in outcomes] == [False, True, False, True]
    assert rows(ACCOUNTS) == [("a", "ninth")]


def test_an_export_without_a_counter_waits_for_the_one_before_it(
    accounts: ObjectDelivery, load_folder: LoadFolder
) -> None:
    for number in (1, 2):
        del accounts.export(number, ("a", "A"))["counter"]
    accounts.write_manifest()
    accounts.path(1, "accounts.avro").unlink()
    found = verdicts(load_folder("pendo"))
    assert found["account/export-1"] == (
        "incomplete",
        "1 of 1 listed files are not in export-1/ yet: accounts.avro",
    )
    assert found["account/export-2"] == ("incomplete", "waits for export export-1")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"finishTime": None}, "number 1 has neither a counter nor a finishTime"),
        ({"finishTime": "soon"}, "number 1 has neither a counter nor a finishTime"),
        ({"rootUrl": None}, "number 1 has no counter, and rootUrl is null"),
    ],
)
def test_without_a_place_in_the_order_the_whole_manifest_is_refused(
    accounts: ObjectDelivery, load_folder: LoadFolder, change: dict[str, Any], reason: str
) -> None:
    entry = accounts.export(1, ("a", "A"))
    del entry["counter"]
    entry.update(change)
    accounts.write_manifest()
    status, told = verdicts(load_folder("pendo"))["account"]
    assert (status, reason in told) == ("rejected", True)


def test_where_some_exports_have_counters_all_must(accounts: ObjectDelivery, load_folder: LoadFolder) -> None:
    accounts.export(1, ("a", "A"))
    del accounts.export(2, ("a", "A"))["counter"]
    accounts.write_manifest()
    assert "the counter of its export number 2 is null" in verdicts(load_folder("pendo"))["account"][1]


def test_what_the_manifest_leaves_out_is_taken_from_the_bill(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    entry = accounts.export(1, ("a", "A"))
    bill = {"accounts": entry.pop("accounts"), **accounts.write_fields(1, "fields.avro", field("plan"))}
    accounts.write_manifest()
    assert verdicts(load_folder("pendo"))["account/1"] == (
        "incomplete",
        "1 of 1 listed files are not in export-1/ yet: billofmaterials.json",
    )
    accounts.path(1, "billOfMaterials.json").write_text("{", encoding="utf-8")
    status, reason = verdicts(load_folder("pendo"))["account/1"]
    assert (status, "its billofmaterials.json cannot be used" in reason) == ("rejected", True)
    accounts.path(1, "billOfMaterials.json").write_text(json.dumps(bill), encoding="utf-8")
    assert statuses(load_folder("pendo")) == {"account/1": "loaded"}
    assert (rows(ACCOUNTS), len(rows(FIELDS))) == ([("a", "A")], 1)


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"accounts": None, "visitors": {"files": ["accounts.avro"]}}, "it holds visitors, but lies in"),
        ({"timeDependent": [{"periodId": "2024-04-14"}]}, "it holds timeDependent, but lies in"),
        ({"subscription": {"id": "99"}}, "it is an export of 99/account"),
        ({"exportType": ["Weekly"]}, 'exportType is ["Weekly"]'),
        ({"accounts": {"files": ["../accounts.avro"]}}, "outside the export's own folder"),
        ({"accounts": {"files": ["accounts.avro"], "eventCount": 3}}, "its accounts must be 3"),
    ],
)
def test_what_contradicts_itself_is_rejected_and_leaves_nothing(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows, keys: dict[str, Any], reason: str
) -> None:
    accounts.export(1, ("a", "A"), **keys)
    status, told = verdicts(load_folder("pendo"))["account/1"]
    assert status == "rejected"
    assert reason in told
    assert rows(ACCOUNTS) == rows("FROM raw.load_files") == []


@pytest.mark.parametrize("files", ["accounts.avro", ["accounts.avro"], {"files": "accounts.avro"}])
def test_a_single_name_or_a_bare_list_is_tolerated(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows, files: Any
) -> None:
    accounts.export(1, ("a", "A"), accounts=files, metadataSchemaFile=None)
    assert statuses(load_folder("pendo")) == {"account/1": "loaded"}
    assert rows(ACCOUNTS) == [("a", "A")]


@pytest.mark.parametrize("nothing", [None, [], {}, {"files": []}, {"files": None}])
def test_an_export_of_no_accounts_changes_none(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows, nothing: Any
) -> None:
    accounts.export(1, ("a", "A"))
    accounts.export(2, ("b", "B"), accounts=nothing)
    assert statuses(load_folder("pendo")) == {"account/1": "loaded", "account/2": "loaded"}
    assert rows(ACCOUNTS) == [("a", "A")]


def test_batched_files_are_all_loaded(accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows) -> None:
    for number in range(3):
        accounts.write_records(1, f"accounts-{number:03}.avro", (f"a{number}", f"A{number}"))
    accounts.export(1, accounts={"files": [f"accounts-{number:03}.avro" for number in range(3)]})
    load_folder("pendo")
    assert rows(ACCOUNTS) == [("a0", "A0"), ("a1", "A1"), ("a2", "A2")]


def test_names_of_other_case_are_found_with_a_warning(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    accounts.write_fields(1, "metadataSchema.avro", field("plan"))
    accounts.export(1, ("a", "A"), metadataSchemaFile="metadataschema.avro")
    (outcome,) = load_folder("pendo")
    assert outcome.warnings == (
        f"metadataschema.avro was found as datasync/{SUBSCRIPTION}/account/export-1/metadataSchema.avro",
    )
    assert len(rows(FIELDS)) == 1


def test_records_without_an_id_and_fields_without_a_name_are_quarantined(
    visitors: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    visitors.export(1, ("", "nobody"), ("v", "V"), **visitors.write_fields(1, "m.avro", {"group": "agent"}))
    (outcome,) = load_folder("pendo")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (1, 2)
    assert rows("SELECT line, reason FROM raw.rejected_lines ORDER BY reason") == [
        (1, "id is missing"),
        (1, "name is missing"),
    ]


def test_ids_may_be_numbers_or_spelt_as_in_events(
    visitors: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    visitors.export(1)
    types = {"visitorId": "long", "accountIds": {"type": "array", "items": "string"}}
    records = [{"visitorId": -(2**53) - 1, "accountIds": ["first", "second"]}]
    write_avro(visitors.path(1, "visitors.avro"), records, types)
    load_folder("pendo")
    assert rows("SELECT visitor_id, account_id FROM raw_pendo.visitors") == [("-9007199254740993", "first")]


def test_a_cut_file_rejects_the_export_and_leaves_the_rows_as_they_were(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    accounts.export(1, ("a", "A"))
    load_folder("pendo")
    accounts.export(2, ("a", "changed"))
    path = accounts.path(2, "accounts.avro")
    path.write_bytes(path.read_bytes()[:-3])
    status, reason = verdicts(load_folder("pendo"))["account/2"]
    assert (status, "is damaged: it is cut" in reason) == ("rejected", True)
    assert rows(ACCOUNTS) == [("a", "A")]


def test_a_file_cut_at_the_end_of_a_block_is_noticed_where_a_count_is_given(
    accounts: ObjectDelivery, load_folder: LoadFolder
) -> None:
    accounts.export(1, accounts={"files": ["accounts.avro"], "eventCount": 90})
    records = [{"id": f"a{number}"} for number in range(90)]
    path = write_avro(accounts.path(1, "accounts.avro"), records, {"id": "string"}, sync_interval=50)
    cut_behind_a_block(path, blocks=2)
    status, reason = verdicts(load_folder("pendo"))["account/1"]
    assert (status, "must be 90 by its eventCount" in reason) == ("rejected", True)


def test_test_exports_and_counter_zero_are_skipped(
    accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows
) -> None:
    accounts.export(0)
    accounts.export(1, ("a", "test"), exportType=["Test"])
    accounts.export(2, ("b", "B"))
    assert statuses(load_folder("pendo")) == {
        "account/0": "skipped",
        "account/1": "skipped",
        "account/2": "loaded",
    }
    assert rows(ACCOUNTS) == [("b", "B")]


def test_loading_again_changes_nothing(accounts: ObjectDelivery, load_folder: LoadFolder, rows: Rows) -> None:
    accounts.export(1, ("a", "A"), **accounts.write_fields(1, "m.avro", field("plan")))
    load_folder("pendo")
    before = [rows(f"FROM raw_pendo.{table}") for table in ("accounts", "metadata_fields")]
    assert not load_folder("pendo")[0].is_new
    assert [rows(f"FROM raw_pendo.{table}") for table in ("accounts", "metadata_fields")] == before


def test_folders_without_a_manifest_are_orphans_until_it_comes(
    accounts: ObjectDelivery, load_folder: LoadFolder
) -> None:
    accounts.export(1, ("a", "A"))
    accounts.path(1, "billofmaterials.json").write_text("{}", encoding="utf-8")
    (accounts.folder / "exportmanifest.json").unlink()
    assert statuses(load_folder("pendo")) == {"account": "orphan"}
    accounts.write_manifest()
    assert verdicts(load_folder("pendo")) == {
        "account": ("skipped", "its manifest can be read now"),
        "account/1": ("loaded", ""),
    }
    assert statuses(load_folder("pendo")) == {"account/1": "loaded"}


def test_the_older_layout_without_a_subscription_takes_the_id_from_the_entry(
    landing_folder: Path, load_folder: LoadFolder
) -> None:
    accounts = ObjectDelivery(landing_folder, "account")
    accounts.folder = landing_folder / "datasync" / "Account"
    accounts.export(1, ("a", "A"))
    (outcome,) = load_folder("pendo")
    assert (outcome.entry.export_id, outcome.entry.status) == (f"{SUBSCRIPTION}/account/1", Status.LOADED)
