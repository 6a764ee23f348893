"""BigQuery's own record of an act decides over the method that it came by."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.event import ChangeType
from core.trait import Trait
from tests.unit.core.providers.acting import judged, reads
from tests.unit.core.providers.gcp.test_readers import entry

JOBS = "google.cloud.bigquery.v2.JobService"
TABLE = "projects/acme/datasets/d/tables/t"


def told(method: str, resource: str = TABLE, **metadata: Any) -> dict[str, Any]:
    record = entry("bigquery.googleapis.com", method, resourceName=resource, metadata=metadata)
    return {**record, "resource": {"type": "bigquery_dataset", "labels": {"project_id": "acme", "dataset_id": "d"}}}


@pytest.mark.parametrize("method", [f"{JOBS}.Query", f"{JOBS}.InsertJob"])
def test_a_table_that_a_query_drops_is_gone(method: str) -> None:
    (event,) = reads("gcp-audit", told(method, tableDeletion={"reason": "QUERY"}))
    assert (event.change_type, event.resource.kind, event.resource.name) == (ChangeType.DELETED, "bigquery.googleapis.com/Table", "t")
    assert {Trait.DELETES_DATA, Trait.DELETES_RESOURCE} <= event.traits


@pytest.mark.parametrize("method", [f"{JOBS}.Query", f"{JOBS}.InsertJob"])
@pytest.mark.parametrize("member", ["allUsers", "allAuthenticatedUsers"])
def test_a_dataset_that_a_query_opens_to_everyone_alarms(method: str, member: str) -> None:
    deltas = [{"action": "ADD", "role": "roles/bigquery.dataViewer", "member": member}]
    (one,) = judged("gcp-audit", told(method, "projects/acme/datasets/d", datasetChange={"bindingDeltas": deltas, "reason": "QUERY"}))
    assert Trait.EXPOSES_PUBLICLY in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


def test_a_view_is_made_though_its_text_only_reads() -> None:
    view = {"table": {"tableName": TABLE, "view": {"query": "select 1"}}}
    (event,) = reads("gcp-audit", told("google.cloud.bigquery.v2.TableService.InsertTable", tableCreation=view))
    assert event.change_type is ChangeType.CREATED


@pytest.mark.parametrize("happened", ["tableDataChange", "tableDataRead", "modelDataChange", "modelDataRead"])
def test_rows_that_come_and_go_are_no_change(happened: str) -> None:
    metadata: dict[str, Any] = {happened: {"reason": "JOB"}}
    assert reads("gcp-audit", told(f"{JOBS}.InsertJob", **metadata)) == []


def test_the_kept_results_of_queries_are_no_tables_of_anybody() -> None:
    results = "projects/acme/datasets/_4f2/tables/anon1"
    assert reads("gcp-audit", told(f"{JOBS}.Query", results, tableCreation={"reason": "QUERY"})) == []


def test_a_statement_that_drops_is_a_change_by_either_method_and_one_that_writes_rows_is_none_by_query() -> None:
    def run(statement: str) -> dict[str, Any]:
        return told(f"{JOBS}.Query", jobChange={"job": {"jobConfig": {"queryConfig": {"query": "x", "statementType": statement}}}})

    (event,) = reads("gcp-audit", run("TRUNCATE_TABLE"))
    assert (event.change_type, Trait.DELETES_DATA in event.traits) == (ChangeType.EXECUTED, True)
    assert reads("gcp-audit", run("INSERT")) == []


@pytest.mark.parametrize(("project", "copies"), [("elsewhere", True), ("acme", False)])
def test_a_table_copied_into_another_project_is_a_copy_of_data(project: str, copies: bool) -> None:
    config = {"sourceTables": [TABLE], "destinationTable": f"projects/{project}/datasets/x/tables/t"}
    (event,) = reads("gcp-audit", told(f"{JOBS}.InsertJob", jobChange={"job": {"jobConfig": {"tableCopyConfig": config}}}))
    assert (Trait.COPIES_DATA in event.traits) is copies
