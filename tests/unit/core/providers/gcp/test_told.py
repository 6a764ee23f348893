"""What records of tools, policies and consoles say of an act beyond its method: which way it goes, and what it leads to."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.event import ChangeType
from core.trait import Trait
from tests.unit.core.providers.acting import judged, reads
from tests.unit.core.providers.gcp.test_readers import entry

CRM, STORAGE, ADMIN = "cloudresourcemanager.googleapis.com", "storage.googleapis.com", "admin.googleapis.com"
SCC = "google.cloud.securitycenter.settings.v1beta1.SecurityCenterSettingsService.UpdateServiceSettings"
OBJECT = "projects/_/buckets/b/objects"


def workspace(method: str, **parameters: str) -> dict[str, Any]:
    told = [{"name": name, "value": value} for name, value in parameters.items()]
    event = {"event": [{"parameter": told}]}
    return entry(ADMIN, f"google.admin.AdminService.{method}", metadata=event, resourceName="organizations/1/groupSettings")


def delta(role: str, member: str) -> dict[str, Any]:
    return {"serviceData": {"policyDelta": {"bindingDeltas": [{"action": "ADD", "role": role, "member": member}]}}}


def used(*permissions: str) -> dict[str, Any]:
    return {"authorizationInfo": [{"granted": True, "permission": one} for one in permissions]}


def cluster(method: str, **request: Any) -> dict[str, Any]:
    name = "projects/acme/locations/europe-west1/clusters/main"
    return entry("container.googleapis.com", f"google.container.v1.ClusterManager.{method}", request=request, resourceName=name)


ALARMS: list[tuple[dict[str, Any], Trait]] = [
    (entry("deploymentmanager.googleapis.com", "v2.deployments.insert", **used("iam.serviceAccountKeys.create")), Trait.CREATES_CREDENTIAL),
    (
        entry("deploymentmanager.googleapis.com", "v2.deployments.insert", **used("cloudfunctions.functions.update")),
        Trait.RUNS_FOREIGN_CODE,
    ),
    (
        entry("iap.googleapis.com", "google.cloud.iap.v1.IdentityAwareProxyOAuthService.CreateIdentityAwareProxyClient"),
        Trait.CREATES_CREDENTIAL,
    ),
    (entry("securitycenter.googleapis.com", SCC, request={"settings": {"serviceEnablementState": "DISABLED"}}), Trait.STOPS_DETECTION),
    (entry("compute.googleapis.com", "v1.compute.networkEdgeSecurityServices.delete"), Trait.REMOVES_NETWORK_GUARD),
    (entry("appengine.googleapis.com", "google.appengine.v1.Firewall.DeleteIngressRule"), Trait.REMOVES_NETWORK_GUARD),
    (entry("appengine.googleapis.com", "google.appengine.v1.Firewall.CreateIngressRule"), Trait.OPENS_NETWORK),
    (entry("iam.googleapis.com", "google.iam.v2.Policies.DeletePolicy"), Trait.WEAKENS_PROTECTION),
    (
        entry(
            "orgpolicy.googleapis.com",
            "google.cloud.orgpolicy.v2.OrgPolicy.CreatePolicy",
            request={"spec": {"rules": [{"allowAll": True}]}},
        ),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        entry(
            "compute.googleapis.com",
            "v1.compute.instances.setMetadata",
            metadata={"instanceMetadataDelta": {"addedMetadataKeys": ["windows-keys"]}},
        ),
        Trait.CHANGES_CREDENTIAL,
    ),
    (entry(CRM, "SetIamPolicy", request={"policy": {"etag": "x"}, "updateMask": "auditConfigs"}), Trait.STOPS_LOGGING),
    (entry(STORAGE, "storage.objects.create", resourceName=f"{OBJECT}/HOW_TO_DECRYPT.txt"), Trait.DELETES_DATA),
    (
        entry(
            STORAGE,
            "storage.objects.create",
            resourceName=f"{OBJECT}/a.csv",
            agent="apitools gsutil/5.35 (linux) command/rewrite-k google-cloud-sdk/548.0.0",
            **used("storage.objects.create", "storage.objects.delete"),
        ),
        Trait.CHANGES_ENCRYPTION_KEY,
    ),
    (entry("cloudsql.googleapis.com", "cloudsql.instances.delete"), Trait.DESTROYS_BACKUP),
    (workspace("changeGroupSetting", SETTING_NAME="WHO_CAN_JOIN", NEW_VALUE="ANYONE_CAN_JOIN"), Trait.EXPOSES_PUBLICLY),
    (workspace("toggleSsoEnabled", NEW_VALUE="false"), Trait.CHANGES_TRUST),
    (entry("backupdr.googleapis.com", "expireBackup"), Trait.DESTROYS_BACKUP),
    (entry("compute.googleapis.com", "v1.compute.disks.removeResourcePolicies"), Trait.WEAKENS_PROTECTION),
    (entry("compute.googleapis.com", "v1.compute.networks.addPeering"), Trait.OPENS_NETWORK),
    (entry(CRM, "google.cloud.resourcemanager.v1.Liens.DeleteLien"), Trait.WEAKENS_PROTECTION),
    (entry("alloydb.googleapis.com", "google.cloud.alloydb.v1.AlloyDBAdmin.DeleteBackup"), Trait.DESTROYS_BACKUP),
    (entry("ids.googleapis.com", "google.cloud.ids.v1.IDS.DeleteEndpoint"), Trait.STOPS_DETECTION),
    (entry("cloudasset.googleapis.com", "google.cloud.asset.v1.AssetService.DeleteFeed"), Trait.STOPS_DETECTION),
    (entry("cloudbuild.googleapis.com", "google.devtools.cloudbuild.v1.CloudBuild.UpdateBuildTrigger"), Trait.RUNS_FOREIGN_CODE),
    (
        entry("networksecurity.googleapis.com", "google.cloud.networksecurity.v1.FirewallActivation.DeleteFirewallEndpoint"),
        Trait.REMOVES_NETWORK_GUARD,
    ),
    (
        entry(
            "identitytoolkit.googleapis.com",
            "google.cloud.identitytoolkit.admin.v2.ProjectConfigService.UpdateConfig",
            request={"config": {"mfa": {"state": "DISABLED"}}},
        ),
        Trait.WEAKENS_AUTHENTICATION,
    ),
    (
        entry(
            "compute.googleapis.com",
            "v1.compute.backendServices.patch",
            request={"iap": {"enabled": False}},
            resourceName="projects/acme/global/backendServices/web",
        ),
        Trait.WEAKENS_PROTECTION,
    ),
    (cluster("SetMasterAuth", action="SET_PASSWORD"), Trait.CHANGES_CREDENTIAL),
    (cluster("SetLegacyAbac", enabled=True), Trait.WEAKENS_PROTECTION),
    (cluster("SetNetworkPolicy", networkPolicy={"enabled": False}), Trait.WEAKENS_PROTECTION),
    (cluster("SetLoggingService", loggingService="none"), Trait.STOPS_LOGGING),
    (workspace("addGroupMember", USER_EMAIL="eve@gmail.com", GROUP_EMAIL="admins@acme.example"), Trait.SHARES_OUTSIDE),
    (workspace("allowStrongAuthentication", NEW_VALUE="false"), Trait.WEAKENS_AUTHENTICATION),
    (
        workspace("changeApplicationSetting", SETTING_NAME="Password Management - Enforce strong password", NEW_VALUE="off"),
        Trait.WEAKENS_AUTHENTICATION,
    ),
    (entry("login.googleapis.com", "google.login.LoginService.2svDisable", log="data_access"), Trait.WEAKENS_AUTHENTICATION),
]


@pytest.mark.parametrize(("record", "trait"), ALARMS, ids=[f"{row[1]}-{at}" for at, row in enumerate(ALARMS)])
def test_what_leads_to_harm_alarms_when_nothing_explains_it(record: dict[str, Any], trait: Trait) -> None:
    (one,) = judged("gcp-audit", record)
    assert trait in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


@pytest.mark.parametrize(
    "record",
    [
        entry(CRM, "SetIamPolicy", **delta("roles/viewer", "user:ben@acme.example")),
        entry(CRM, "SetIamPolicy", **delta("roles/logging.viewer", "group:ops@acme.example")),
        entry("iap.googleapis.com", "google.cloud.iap.v1.IdentityAwareProxyAdminService.SetIamPolicy", request={"policy": {"etag": "x"}}),
        entry("iam.googleapis.com", "google.iam.v1.WorkloadIdentityPools.DeleteWorkloadIdentityPoolProvider"),
        entry("clientauthconfig.googleapis.com", "CreateBrand"),
        entry("compute.googleapis.com", "v1.compute.firewalls.patch", request={"denieds": [{"IPProtocol": "all"}]}),
        entry(
            "orgpolicy.googleapis.com", "google.cloud.orgpolicy.v2.OrgPolicy.UpdatePolicy", request={"spec": {"rules": [{"enforce": True}]}}
        ),
        entry("oslogin.googleapis.com", "google.cloud.oslogin.v1.OsLoginService.ImportSshPublicKey"),
        entry("securitycenter.googleapis.com", SCC, request={"settings": {"serviceEnablementState": "ENABLED"}}),
        workspace("addGroupMember", USER_EMAIL="ben@acme.example", GROUP_EMAIL="team@acme.example"),
        workspace("changeApplicationSetting", SETTING_NAME="Password Management - Enforce strong password", NEW_VALUE="on"),
        entry(STORAGE, "storage.objects.create", resourceName=f"{OBJECT}/recovery_plan.pdf"),
        cluster("SetLegacyAbac", enabled=False),
        entry("storagetransfer.googleapis.com", "google.storagetransfer.v1.StorageTransferService.CreateTransferJob"),
        entry("essentialcontacts.googleapis.com", "google.cloud.essentialcontacts.v1.EssentialContactsService.DeleteContact"),
        entry("pubsub.googleapis.com", "google.pubsub.v1.Subscriber.DeleteSnapshot"),
        cluster("SetNetworkPolicy", networkPolicy={"enabled": True}),
        entry("monitoring.googleapis.com", "google.monitoring.v3.NotificationChannelService.DeleteNotificationChannel"),
        entry("logging.googleapis.com", "google.logging.v2.MetricsServiceV2.DeleteLogMetric"),
        workspace("removeGroupMember", USER_EMAIL="ben@acme.example", GROUP_EMAIL="team@acme.example"),
    ],
    ids=lambda record: str(record["protoPayload"]["methodName"]).rpartition(".")[2],
)
def test_daily_work_and_guards_tightened_are_no_alarm(record: dict[str, Any]) -> None:
    (one,) = judged("gcp-audit", record)
    assert one.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("member", "outside"), [("user:eve@gmail.com", True), ("user:ben@acme.example", False)])
def test_an_owner_who_is_invited_has_the_rights_at_once_and_is_outside_only_where_the_domain_is_another(member: str, outside: bool) -> None:
    (one,) = judged("gcp-audit", entry(CRM, "InsertProjectOwnershipInvite", request={"member": member}))
    assert Trait.GRANTS_ADMIN in one.event.traits
    assert (Trait.SHARES_OUTSIDE in one.event.traits) is outside
    assert one.verdict is Verdict.UNPLANNED


def job(config: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"jobInsertion": {"job": {"jobConfig": config}}}
    return entry("bigquery.googleapis.com", "google.cloud.bigquery.v2.JobService.InsertJob", log="data_access", metadata=told, **more)


@pytest.mark.parametrize(
    "record",
    [
        job({"queryConfig": {"query": "select 1"}}),
        job({"queryConfig": {"query": "WITH a AS (SELECT 1) SELECT * FROM a", "statementType": "SELECT"}}),
        job({"queryConfig": {"query": "select broken"}}, status={"code": 11, "message": "Syntax error"}),
        entry(
            "bigquery.googleapis.com",
            "jobservice.insert",
            log="data_access",
            serviceData={"jobInsertRequest": {"resource": {"jobConfiguration": {"dryRun": True, "query": {"query": "drop table d.t"}}}}},
        ),
        entry("bigquery.googleapis.com", "google.cloud.bigquery.v2.TableDataService.InsertAll", log="data_access"),
        entry("bigquery.googleapis.com", "google.cloud.bigquery.storage.v1.BigQueryRead.CreateReadSession", log="data_access"),
        entry("spanner.googleapis.com", "google.spanner.v1.Spanner.DeleteSession", log="data_access"),
        entry("bigtable.googleapis.com", "google.bigtable.v2.Bigtable.MutateRow", log="data_access"),
        entry("cloudtasks.googleapis.com", "google.cloud.tasks.v2.CloudTasks.CreateTask", log="data_access"),
        entry(ADMIN, "google.admin.AdminService.alertCenterView"),
    ],
)
def test_queries_rows_and_looks_are_no_change(record: dict[str, Any]) -> None:
    assert reads("gcp-audit", record) == []


@pytest.mark.parametrize(
    "config",
    [
        {"queryConfig": {"query": "DROP TABLE d.t", "statementType": "DROP_TABLE"}},
        {"queryConfig": {"query": "insert d.t select 1", "statementType": "INSERT"}},
        {"loadConfig": {"sourceUris": ["gs://b/t"]}},
    ],
)
def test_a_job_that_writes_is_a_change(config: dict[str, Any]) -> None:
    (event,) = reads("gcp-audit", job(config))
    assert event.change_type is ChangeType.EXECUTED
    assert (Trait.DELETES_DATA in event.traits) is ("DROP" in str(config))


@pytest.mark.parametrize("method", ["disks.removeResourcePolicies", "instances.deleteAccessConfig", "networks.removePeering"])
def test_what_is_taken_off_a_thing_leaves_the_thing(method: str) -> None:
    (event,) = reads("gcp-audit", entry("compute.googleapis.com", f"v1.compute.{method}"))
    assert event.change_type is ChangeType.MODIFIED
    assert not event.traits & {Trait.DELETES_RESOURCE, Trait.DELETES_DATA}


def test_a_machine_that_is_preempted_stands_still_and_is_not_gone() -> None:
    (event,) = reads("gcp-audit", entry("compute.googleapis.com", "compute.instances.preempted", log="system_event"))
    assert event.change_type is ChangeType.STOPPED


def test_a_service_left_out_is_told_by_what_was_audited() -> None:
    record = entry("", "google.logging.v2.ConfigServiceV2.DeleteSink")
    del record["protoPayload"]["serviceName"]
    record["resource"] = {"type": "audited_resource", "labels": {"service": "logging.googleapis.com", "project_id": "acme"}}
    (event,) = reads("gcp-audit", record)
    assert Trait.STOPS_LOGGING in event.traits


def test_a_change_of_one_group_is_not_of_another() -> None:
    team, admins = (
        reads("gcp-audit", {**workspace("addGroupMember", GROUP_EMAIL=f"{name}@acme.example"), "insertId": name, "resource": {}})[0]
        for name in ("team", "admins")
    )
    assert (team.resource.name, admins.resource.name) == ("team@acme.example", "admins@acme.example")
    assert team.resource.uid != admins.resource.uid
