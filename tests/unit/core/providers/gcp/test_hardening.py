"""What keeps a GKE cluster apart, and what is seen of it: each way to take it off, and the same request the other way round."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.event import ChangeType
from core.providers.gcp.conditions import CONDITIONS
from core.providers.gcp.subject import Subject
from core.trait import Trait
from tests.unit.core.providers.acting import judged
from tests.unit.core.providers.gcp.test_conditions import CLUSTER, became
from tests.unit.core.providers.gcp.test_readers import entry

MANAGER = "google.container.v1.ClusterManager"
NAME = "projects/acme/locations/eu/clusters/main"
SYSTEM = {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]}}
NOTHING: dict[str, Any] = {"componentConfig": {}}


def _told(method: str, request: dict[str, Any], name: str = NAME) -> tuple[Verdict, frozenset[Trait]]:
    (one,) = judged("gcp-audit", entry("container.googleapis.com", f"{MANAGER}.{method}", resourceName=name, request=request))
    return one.verdict, one.event.traits


@pytest.mark.parametrize(
    ("off", "on", "trait"),
    [
        ({"desiredEnablePrivateEndpoint": False}, {"desiredEnablePrivateEndpoint": True}, Trait.WEAKENS_PROTECTION),
        (
            {"desiredBinaryAuthorization": {"evaluationMode": "DISABLED"}},
            {"desiredBinaryAuthorization": {"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"}},
            Trait.WEAKENS_PROTECTION,
        ),
        (
            {"desiredWorkloadIdentityConfig": {"workloadPool": ""}},
            {"desiredWorkloadIdentityConfig": {"workloadPool": "acme.svc.id.goog"}},
            Trait.WEAKENS_PROTECTION,
        ),
        (
            {"desiredWorkloadIdentityConfig": {}},
            {"desiredWorkloadIdentityConfig": {"workloadPool": "acme.svc.id.goog"}},
            Trait.WEAKENS_PROTECTION,
        ),
        (
            {"desiredDatabaseEncryption": {"state": "DECRYPTED"}},
            {"desiredDatabaseEncryption": {"state": "ENCRYPTED", "keyName": "k"}},
            Trait.WEAKENS_PROTECTION,
        ),
        (
            {"desiredSecurityPostureConfig": {"mode": "DISABLED"}},
            {"desiredSecurityPostureConfig": {"mode": "BASIC"}},
            Trait.WEAKENS_PROTECTION,
        ),
        (
            {"desiredSecurityPostureConfig": {"vulnerabilityMode": "VULNERABILITY_DISABLED"}},
            {"desiredSecurityPostureConfig": {"vulnerabilityMode": "VULNERABILITY_BASIC"}},
            Trait.WEAKENS_PROTECTION,
        ),
        ({"desiredLoggingConfig": NOTHING}, {"desiredLoggingConfig": SYSTEM}, Trait.STOPS_LOGGING),
        ({"desiredMonitoringConfig": NOTHING}, {"desiredMonitoringConfig": SYSTEM}, Trait.STOPS_DETECTION),
        ({"desiredMonitoringConfig": NOTHING}, {"desiredMonitoringConfig": {"managedPrometheusConfig": {}}}, Trait.STOPS_DETECTION),
    ],
)
def test_a_cluster_s_guard_taken_off_alarms_and_put_on_does_not(off: dict[str, Any], on: dict[str, Any], trait: Trait) -> None:
    verdict, traits = _told("UpdateCluster", {"update": off})
    assert (verdict, trait in traits) == (Verdict.UNPLANNED, True)
    verdict, traits = _told("UpdateCluster", {"update": on})
    assert (verdict, trait in traits) == (Verdict.UNKNOWN, False)


def test_workloads_that_may_ask_the_machine_s_metadata_server_for_its_identity_are_apart_no_more() -> None:
    pool = f"{NAME}/nodePools/p"
    verdict, traits = _told("UpdateNodePool", {"workloadMetadataConfig": {"mode": "GCE_METADATA"}}, pool)
    assert (verdict, Trait.WEAKENS_PROTECTION in traits) == (Verdict.UNPLANNED, True)
    verdict, traits = _told("UpdateNodePool", {"workloadMetadataConfig": {"mode": "GKE_METADATA"}}, pool)
    assert (verdict, Trait.WEAKENS_PROTECTION in traits) == (Verdict.UNKNOWN, False)


def test_a_cluster_that_is_no_longer_measured_alarms() -> None:
    verdict, traits = _told("SetMonitoringService", {"monitoringService": "none"})
    assert (verdict, Trait.STOPS_DETECTION in traits) == (Verdict.UNPLANNED, True)
    assert _told("SetMonitoringService", {"monitoringService": "monitoring.googleapis.com/kubernetes"})[0] is Verdict.UNKNOWN


ENCRYPTED, DECRYPTED = {"databaseEncryption": {"state": "ENCRYPTED"}}, {"databaseEncryption": {"state": "DECRYPTED"}}
POOL = {"workloadIdentityConfig": {"workloadPool": "acme.svc.id.goog"}}


@pytest.mark.parametrize(
    ("name", "subject", "holds"),
    [
        ("cluster_guard_off", became(CLUSTER, ENCRYPTED, DECRYPTED), True),
        ("cluster_guard_off", became(CLUSTER, DECRYPTED, DECRYPTED), False),
        ("cluster_guard_off", became(CLUSTER, {"name": "c"}, DECRYPTED), False),
        ("cluster_guard_off", became(CLUSTER, POOL, {"name": "c"}), True),
        ("cluster_guard_off", Subject(change_type=ChangeType.DELETED, kind=CLUSTER, before=POOL), False),
        ("cluster_logs_off", became(CLUSTER, {"loggingConfig": SYSTEM}, {"loggingConfig": NOTHING}), True),
        ("cluster_logs_off", became(CLUSTER, {"loggingConfig": NOTHING}, {"loggingConfig": NOTHING}), False),
    ],
)
def test_of_two_snapshots_only_what_was_on_is_taken_off(name: str, subject: Subject, holds: bool) -> None:
    assert CONDITIONS[name](subject) is holds
