"""A whole database or file system that goes is seldom tidying by a hand; programs clear test databases every night."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.trait import Trait
from tests.unit.core.providers.acting import judged
from tests.unit.core.providers.gcp.test_readers import entry

STORES = [
    ("spanner.googleapis.com", "google.spanner.admin.database.v1.DatabaseAdmin.DropDatabase"),
    ("spanner.googleapis.com", "google.spanner.admin.instance.v1.InstanceAdmin.DeleteInstance"),
    ("bigtableadmin.googleapis.com", "google.bigtable.admin.v2.BigtableInstanceAdmin.DeleteInstance"),
    ("firestore.googleapis.com", "google.firestore.admin.v1.FirestoreAdmin.DeleteDatabase"),
    ("file.googleapis.com", "google.cloud.filestore.v1.CloudFilestoreManager.DeleteInstance"),
    ("alloydb.googleapis.com", "google.cloud.alloydb.v1.AlloyDBAdmin.DeleteCluster"),
    ("netapp.googleapis.com", "google.cloud.netapp.v1.NetApp.DeleteVolume"),
]
DATASET = ("bigquery.googleapis.com", "google.cloud.bigquery.v2.DatasetService.DeleteDataset")
PROGRAM = "nightly@acme.iam.gserviceaccount.com"


def _deleted(service: str, method: str, **more: Any) -> tuple[Verdict, frozenset[Trait]]:
    (one,) = judged("gcp-audit", entry(service, method, **more))
    return one.verdict, one.event.traits


@pytest.mark.parametrize(("service", "method"), STORES)
def test_a_store_deleted_by_a_person_alarms_and_by_a_program_is_unknown(service: str, method: str) -> None:
    by_hand, traits = _deleted(service, method)
    assert (by_hand, {Trait.DESTROYS_STORE, Trait.DELETES_DATA} <= traits) == (Verdict.UNPLANNED, True)
    assert _deleted(service, method, email=PROGRAM)[0] is Verdict.UNKNOWN


def test_a_dataset_is_a_store_where_it_goes_with_its_tables() -> None:
    assert Trait.DESTROYS_STORE not in _deleted(*DATASET)[1]
    verdict, traits = _deleted(*DATASET, request={"deleteContents": True})
    assert (verdict, Trait.DESTROYS_STORE in traits) == (Verdict.UNPLANNED, True)


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("redis.googleapis.com", "google.cloud.redis.v1.CloudRedis.DeleteInstance"),
        ("alloydb.googleapis.com", "google.cloud.alloydb.v1.AlloyDBAdmin.DeleteInstance"),
        ("bigtableadmin.googleapis.com", "google.bigtable.admin.v2.BigtableTableAdmin.DeleteTable"),
    ],
)
def test_a_cache_a_part_or_a_table_is_no_whole_store(service: str, method: str) -> None:
    verdict, traits = _deleted(service, method)
    assert (verdict, Trait.DESTROYS_STORE in traits) == (Verdict.UNKNOWN, False)
