"""What public families of detection rules ask to be told of on Google Cloud has its trait and its verdict here.

Compared by the names of methods with Panther, Sigma, Elastic and Stratus Red Team; raw records through reader and bridge.
"""

from typing import Any

import pytest

from core.assessment import Verdict
from core.event import ActorKind, ChangeType, Via
from core.trait import Trait
from tests.unit.core.providers.acting import judged
from tests.unit.core.providers.gcp.test_readers import entry

CONFIG = "google.logging.v2.ConfigServiceV2"
RUN, PAM = "google.cloud.run.v2.Services", "google.cloud.privilegedaccessmanager.v1.PrivilegedAccessManager"
ALERTS, CHANNELS = "google.monitoring.v3.AlertPolicyService", "google.monitoring.v3.NotificationChannelService"
ALERT, SSL = {"resourceName": "projects/acme/alertPolicies/1"}, {"resourceName": "projects/acme/global/sslPolicies/s"}
KEY, SERVICE = {"resourceName": "projects/acme/locations/global/keys/k"}, {"resourceName": "projects/acme/locations/eu/services/s"}
BUCKET, SQL = {"resourceName": "projects/_/buckets/b"}, {"resourceName": "projects/acme/instances/db"}
OWNER = {"entitlement": {"privilegedAccess": {"gcpIamAccess": {"roleBindings": [{"role": "roles/owner"}]}}}}
# How a program sends a whole database to change its size.
WHOLE = {"tier": "t", "ipConfiguration": {"sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED", "ipv4Enabled": True}}
ALARMS: list[tuple[str, str, dict[str, Any], Trait]] = [
    ("logging.googleapis.com", f"{CONFIG}.UpdateBucket", {"request": {"bucket": {"retentionDays": 1}}}, Trait.STOPS_LOGGING),
    ("dns.googleapis.com", "dns.policies.patch", {"request": {"policy": {"enableLogging": False}}}, Trait.STOPS_LOGGING),
    ("dns.googleapis.com", "dns.policies.delete", {}, Trait.STOPS_LOGGING),
    (
        "binaryauthorization.googleapis.com",
        "google.cloud.binaryauthorization.v1.BinauthzManagementServiceV1.UpdatePolicy",
        {},
        Trait.WEAKENS_PROTECTION,
    ),
    ("compute.googleapis.com", "v1.compute.backendServices.setSecurityPolicy", {"request": {}}, Trait.WEAKENS_PROTECTION),
    ("compute.googleapis.com", "v1.compute.packetMirrorings.insert", {}, Trait.EXPORTS_DATA),
    ("compute.googleapis.com", "v1.compute.instances.setServiceAccount", {}, Trait.GRANTS_ACCESS),
    ("compute.googleapis.com", "v1.compute.vpnTunnels.delete", {}, Trait.DISMANTLES_NETWORK),
    (
        "osconfig.googleapis.com",
        "google.cloud.osconfig.v1.OsConfigZonalService.CreateOSPolicyAssignment",
        {},
        Trait.EXECUTES_IN_WORKLOAD,
    ),
    ("osconfig.googleapis.com", "google.cloud.osconfig.v1.OsConfigService.ExecutePatchJob", {}, Trait.EXECUTES_IN_WORKLOAD),
    (
        "notebooks.googleapis.com",
        "google.cloud.notebooks.v2.NotebookService.UpdateInstance",
        {"request": {"instance": {"gceSetup": {"metadata": {"post-startup-script": "gs://b/boot.sh"}}}}},
        Trait.RUNS_FOREIGN_CODE,
    ),
    ("iam.googleapis.com", "google.iam.admin.v1.EnableServiceAccountKey", {}, Trait.CHANGES_CREDENTIAL),
    ("cloudsql.googleapis.com", "cloudsql.users.update", {}, Trait.CHANGES_CREDENTIAL),
    ("clientauthconfig.googleapis.com", "google.cloud.clientauthconfig.v1.ClientAuthConfig.CreateClient", {}, Trait.CREATES_CREDENTIAL),
    ("admin.googleapis.com", "google.admin.AdminService.authorizeApiClientAccess", {}, Trait.CHANGES_TRUST),
    ("admin.googleapis.com", "google.admin.AdminService.turnOff2StepVerification", {}, Trait.WEAKENS_AUTHENTICATION),
    ("compute.googleapis.com", "v1.compute.firewallPolicies.removeAssociation", {}, Trait.REMOVES_NETWORK_GUARD),
    ("compute.googleapis.com", "v1.compute.securityPolicies.patchRule", {"request": {"preview": True}}, Trait.WEAKENS_PROTECTION),
    ("compute.googleapis.com", "v1.compute.firewalls.patch", {"request": {"logConfig": {"enable": False}}}, Trait.STOPS_LOGGING),
    ("compute.googleapis.com", "v1.compute.sslPolicies.patch", SSL | {"request": {"minTlsVersion": "TLS_1_0"}}, Trait.WEAKENS_PROTECTION),
    (
        "compute.googleapis.com",
        "v1.compute.projects.setCommonInstanceMetadata",
        {"metadata": {"projectMetadataDelta": {"addedMetadataKeys": ["shutdown-script"]}}},
        Trait.RUNS_FOREIGN_CODE,
    ),
    (
        "compute.googleapis.com",
        "v1.compute.instances.setMetadata",
        {"request": {"items": [{"key": "serial-port-enable", "value": "1"}]}},
        Trait.WEAKENS_PROTECTION,
    ),
    ("iam.googleapis.com", "google.iam.v3.PolicyBindings.DeletePolicyBinding", {}, Trait.WEAKENS_PROTECTION),
    ("privilegedaccessmanager.googleapis.com", f"{PAM}.CreateEntitlement", {"request": OWNER}, Trait.GRANTS_ADMIN),
    (
        "serviceusage.googleapis.com",
        "google.api.serviceusage.v1.ServiceUsage.DisableService",
        {"request": {"name": "projects/acme/services/containerscanning.googleapis.com"}},
        Trait.WEAKENS_PROTECTION,
    ),
    ("cloudresourcemanager.googleapis.com", "cloudresourcemanager.googleapis.com/projects.move", {}, Trait.LEAVES_ORGANISATION),
    (
        "cloudresourcemanager.googleapis.com",
        "UpdateProject",
        {"authorizationInfo": [{"permission": "resourcemanager.projects.move", "granted": True}]},
        Trait.LEAVES_ORGANISATION,
    ),
    ("monitoring.googleapis.com", f"{ALERTS}.UpdateAlertPolicy", ALERT | {"request": {"updateMask": "enabled"}}, Trait.STOPS_DETECTION),
    (
        "apikeys.googleapis.com",
        "google.api.apikeys.v2.ApiKeys.UpdateKey",
        KEY | {"request": {"restrictions": {}}},
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "run.googleapis.com",
        "google.cloud.run.v1.Services.ReplaceService",
        SERVICE | {"request": {"annotations": {"run.googleapis.com/binary-authorization-breakglass": "urgent"}, "template": {}}},
        Trait.WEAKENS_PROTECTION,
    ),
    ("run.googleapis.com", f"{RUN}.UpdateService", SERVICE | {"request": {"invokerIamDisabled": True}}, Trait.EXPOSES_PUBLICLY),
    (
        "run.googleapis.com",
        "google.cloud.run.v2.Jobs.CreateJob",
        SERVICE | {"request": {"containers": [{"image": "x", "args": ["-o", "pool.supportxmr.com:443"]}]}},
        Trait.USES_ATTACK_TOOL,
    ),
    ("appengine.googleapis.com", "google.appengine.v1.Instances.DebugInstance", {}, Trait.GRANTS_ACCESS),
    (
        "redis.googleapis.com",
        "google.cloud.redis.v1.CloudRedis.UpdateInstance",
        {"resourceName": "projects/acme/locations/eu/instances/r", "request": {"updateMask": {"paths": ["auth_enabled"]}}},
        Trait.WEAKENS_AUTHENTICATION,
    ),
    (
        "domains.googleapis.com",
        "google.cloud.domains.v1.Domains.ConfigureManagementSettings",
        {"request": {"managementSettings": {"transferLockState": "UNLOCKED"}}},
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "storage.googleapis.com",
        "storage.buckets.update",
        BUCKET | {"request": {"metadata": {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}}}}},
        Trait.WEAKENS_PROTECTION,
    ),
    ("storage.googleapis.com", "storage.buckets.update", BUCKET | {"request": {"metadata": {"logging": None}}}, Trait.STOPS_LOGGING),
    (
        "cloudsql.googleapis.com",
        "cloudsql.instances.patch",
        SQL | {"request": {"body": {"settings": {"ipConfiguration": {"requireSsl": False}}}}},
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "cloudsql.googleapis.com",
        "cloudsql.instances.patch",
        SQL | {"request": {"body": {"settings": {"databaseFlags": [{"name": "cloudsql.enable_pgaudit", "value": "off"}]}}}},
        Trait.STOPS_LOGGING,
    ),
]
WATCHED: list[tuple[str, str, dict[str, Any], Trait]] = [
    ("pubsub.googleapis.com", "google.pubsub.v1.Subscriber.DeleteSubscription", {}, Trait.DELETES_DATA),
    (
        "bigquery.googleapis.com",
        "google.cloud.bigquery.v2.JobService.InsertJob",
        {"metadata": {"jobInsertion": {"job": {"jobConfig": {"extractConfig": {"destinationUris": ["gs://b/t.csv"]}}}}}},
        Trait.COPIES_DATA,
    ),
    ("cloudresourcemanager.googleapis.com", "google.cloud.resourcemanager.v3.TagBindings.CreateTagBinding", {}, Trait.GRANTS_USE),
    ("cloudsql.googleapis.com", "cloudsql.users.create", {}, Trait.CREATES_IDENTITY),
]


@pytest.mark.parametrize(("service", "method", "payload", "trait"), ALARMS, ids=[row[1].rpartition(".")[2] for row in ALARMS])
def test_an_act_that_attacks_consist_of_alarms_when_nothing_explains_it(
    service: str, method: str, payload: dict[str, Any], trait: Trait
) -> None:
    (one,) = judged("gcp-audit", entry(service, method, **payload))
    assert trait in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


@pytest.mark.parametrize(("service", "method", "payload", "trait"), WATCHED, ids=[row[1].rpartition(".")[2] for row in WATCHED])
def test_daily_work_that_is_watched_is_unknown_and_never_calm(service: str, method: str, payload: dict[str, Any], trait: Trait) -> None:
    (one,) = judged("gcp-audit", entry(service, method, **payload))
    assert trait in one.event.traits
    assert one.verdict is Verdict.UNKNOWN
    assert not one.assessment.comfort.reassures


@pytest.mark.parametrize(
    ("service", "method", "payload"),
    [
        ("logging.googleapis.com", f"{CONFIG}.UpdateBucket", {"request": {"bucket": {"retentionDays": 400}}}),
        ("dns.googleapis.com", "dns.policies.patch", {"request": {"policy": {"enableLogging": True}}}),
        ("compute.googleapis.com", "v1.compute.backendServices.setSecurityPolicy", {"request": {"securityPolicy": "global/p"}}),
        (
            "notebooks.googleapis.com",
            "google.cloud.notebooks.v2.NotebookService.UpdateInstance",
            {"request": {"instance": {"gceSetup": {"metadata": {"idle-timeout-seconds": "60"}}}}},
        ),
        (
            "bigquery.googleapis.com",
            "google.cloud.bigquery.v2.JobService.InsertJob",
            {"metadata": {"jobInsertion": {"job": {"jobConfig": {"loadConfig": {"sourceUris": ["gs://b/t"]}}}}}},
        ),
        ("compute.googleapis.com", "v1.compute.securityPolicies.patchRule", {"request": {"preview": False}}),
        ("compute.googleapis.com", "v1.compute.sslPolicies.patch", SSL | {"request": {"minTlsVersion": "TLS_1_2"}}),
        (
            "compute.googleapis.com",
            "v1.compute.instances.setMetadata",
            {"request": {"items": [{"key": "enable-oslogin", "value": "TRUE"}]}},
        ),
        ("compute.googleapis.com", "v1.compute.firewalls.patch", {"request": {"logConfig": {"enable": True}}}),
        ("cloudresourcemanager.googleapis.com", "UpdateProject", {"request": {"project": {"name": "p", "parent": {}, "labels": {}}}}),
        ("monitoring.googleapis.com", f"{ALERTS}.UpdateAlertPolicy", ALERT | {"request": {"enabled": True, "updateMask": "enabled"}}),
        ("monitoring.googleapis.com", f"{ALERTS}.UpdateAlertPolicy", ALERT | {"request": {"enabled": False, "updateMask": "conditions"}}),
        ("monitoring.googleapis.com", f"{CHANNELS}.DeleteNotificationChannel", {"request": {"force": True}}),
        ("apikeys.googleapis.com", "google.api.apikeys.v2.ApiKeys.UpdateKey", KEY | {"request": {"updateMask": "display_name"}}),
        ("run.googleapis.com", f"{RUN}.UpdateService", SERVICE | {"request": {"invokerIamDisabled": True, "template": {}}}),
        ("storage.googleapis.com", "storage.buckets.update", BUCKET | {"request": {"metadata": {"logging": {"logBucket": "l"}}}}),
        ("cloudsql.googleapis.com", "cloudsql.instances.update", SQL | {"request": {"body": {"settings": WHOLE}}}),
    ],
)
def test_the_same_method_the_other_way_round_is_no_alarm(service: str, method: str, payload: dict[str, Any]) -> None:
    (one,) = judged("gcp-audit", entry(service, method, **payload))
    assert one.verdict is Verdict.UNKNOWN
    assert not one.event.traits & {
        Trait.STOPS_LOGGING, Trait.WEAKENS_PROTECTION, Trait.RUNS_FOREIGN_CODE, Trait.COPIES_DATA, Trait.STOPS_DETECTION,
        Trait.EXPOSES_PUBLICLY, Trait.OPENS_NETWORK, Trait.LEAVES_ORGANISATION,
    }  # fmt: skip


def test_what_only_takes_rights_away_or_lets_in_ones_own_networks_opens_nothing() -> None:
    removed: dict[str, Any] = {
        "serviceData": {"policyDelta": {"bindingDeltas": [{"action": "REMOVE", "role": "roles/viewer", "member": "user:x@acme.example"}]}}
    }
    (revoked,) = judged("gcp-audit", entry("cloudresourcemanager.googleapis.com", "SetIamPolicy", **removed))
    assert (Trait.GRANTS_ACCESS in revoked.event.traits, Trait.REVOKES_ACCESS in revoked.event.traits) == (False, True)
    inside: dict[str, Any] = {"request": {"sourceRanges": ["10.0.0.0/8"], "alloweds": [{"IPProtocol": "tcp", "ports": ["443"]}]}}
    (rule,) = judged("gcp-audit", entry("compute.googleapis.com", "v1.compute.firewalls.patch", **inside))
    assert Trait.OPENS_NETWORK not in rule.event.traits
    assert rule.verdict is Verdict.UNKNOWN


def test_a_tag_taken_off_a_project_does_not_close_it() -> None:
    method = "google.cloud.resourcemanager.v3.TagBindings.DeleteTagBinding"
    (one,) = judged("gcp-audit", entry("cloudresourcemanager.googleapis.com", method, resourceName="projects/acme"))
    assert not one.event.traits & {Trait.CLOSES_ACCOUNT, Trait.DELETES_DATA}


def test_deployment_manager_is_declared_machinery_though_it_works_as_an_agent() -> None:
    by = {"email": "123456789@cloudservices.gserviceaccount.com", "agent": "Google-Deployment-Manager"}
    (one,) = judged("gcp-audit", entry("compute.googleapis.com", "v1.compute.instances.bulkInsert", **by))
    assert (one.event.actor.kind, one.event.actor.via) == (ActorKind.AUTOMATION, Via.IAC)
    assert one.event.change_type is ChangeType.CREATED
    assert one.verdict is Verdict.PLANNED
