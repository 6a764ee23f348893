"""What happens in the cloud account and its Terraform state: applies, drift, upkeep, security events, clean-ups."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.json import JsonObject, JsonValue
from tests.simulator import gcp_records as gcp
from tests.simulator.organisation import Person
from tests.simulator.scribe import CLOUD, STATE, Scribe
from tests.simulator.truth import Meant, Truth

RUNNER = f"infra-conveyor@{gcp.PROJECT}.iam.gserviceaccount.com"
FIREWALLS = tuple(f"fw-{name}" for name in ("till", "ledger", "maps", "mail", "office", "probe"))
SUBNETS = tuple(f"net-{name}" for name in ("a", "b", "c", "d"))
HEALTHY = ((4.0, True), (9.0, True))
_COMPUTE = "compute.googleapis.com"


def _path(kind: str, name: str) -> str:
    where = "global/firewalls" if kind == "google_compute_firewall" else "regions/europe-west3/subnetworks"
    return f"projects/{gcp.PROJECT}/{where}/{name}"


@dataclass
class Code:
    """The one state that CI applies."""

    serial: int = 40
    values: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = {("google_compute_firewall", one): 1 for one in FIREWALLS} | {
            ("google_compute_subnetwork", one): 1 for one in SUBNETS
        }

    def state(self) -> JsonObject:
        rows: list[JsonValue] = []
        for (kind, name), value in sorted(self.values.items()):
            link = f"https://www.googleapis.com/compute/v1/{_path(kind, name)}"
            attributes: JsonObject = {
                "id": _path(kind, name), "self_link": link, "name": name, "project": gcp.PROJECT, "description": f"rev {value}"
            }  # fmt: skip
            rows.append({
                "mode": "managed", "type": kind, "name": name.replace("-", "_"),
                "provider": 'provider["registry.terraform.io/hashicorp/google"]',
                "instances": [{"schema_version": 1, "attributes": attributes, "sensitive_attributes": []}],
            })  # fmt: skip
        return {
            "version": 4, "terraform_version": "1.9.8", "serial": self.serial, "lineage": "5b1f0c1e-8d0e-4c5c-9a7d-1f2e3d4c5b6a",
            "outputs": {}, "resources": rows, "check_results": None,
        }  # fmt: skip


def apply(scribe: Scribe, code: Code, at: datetime, size: int, who: str = RUNNER, address: str = "192.0.2.77") -> datetime:
    """Calls one after the other, then the state is written."""
    truth = scribe.cause("apply" if who == RUNNER else "apply_by_hand", Meant.PLANNED, healthy=True)
    for kind, name in scribe.chance.sample(sorted(code.values), size):
        code.values[kind, name] += 1
        _edit(scribe, at, truth, kind, name, who, gcp.TERRAFORM_AGENT, address, HEALTHY)
        at += timedelta(seconds=scribe.chance.uniform(3, 25))
    code.serial += 1
    scribe.write(STATE, at, code.state(), truth)
    return at


def _edit(
    scribe: Scribe,
    at: datetime,
    truth: Truth,
    kind: str,
    name: str,
    who: str,
    agent: str,
    address: str,
    vitals: tuple[tuple[float, bool], ...] = (),
) -> None:
    noun = "firewalls" if kind.endswith("firewall") else "subnetworks"
    record = gcp.entry(
        scribe.id(), at, service=_COMPUTE, method=f"v1.compute.{noun}.patch", name=_path(kind, name), who=who, agent=agent, address=address,
        type="gce_firewall_rule" if noun == "firewalls" else "gce_subnetwork",
        request={"description": f"rev {scribe.chance.randrange(999)}"},
        operation=f"operation-{scribe.id()}",
    )  # fmt: skip
    scribe.write(CLOUD, at, record, truth, vitals)


def drift(scribe: Scribe, person: Person, at: datetime) -> None:
    """By console, what code owns."""
    truth = scribe.cause("drift", Meant.UNPLANNED)
    for name in scribe.chance.sample(FIREWALLS, scribe.chance.choice((1, 1, 2))):
        _edit(scribe, at, truth, "google_compute_firewall", name, person.mail, gcp.CONSOLE_AGENT, person.address)
        at += timedelta(minutes=1)


def upkeep(scribe: Scribe, at: datetime, instance: str) -> None:
    truth = scribe.cause("backup", Meant.ROUTINE)
    record = gcp.entry(
        scribe.id(), at, service="cloudsql.googleapis.com", method="cloudsql.instances.automatedBackup", who="", agent="", address="",
        name=f"projects/{gcp.PROJECT}/instances/{instance}", type="cloudsql_database", labels={"database_id": f"{gcp.PROJECT}:{instance}"},
        log="system_event",
    )  # fmt: skip
    scribe.write(CLOUD, at, record, truth)


def vendor(scribe: Scribe, at: datetime) -> None:
    """The vendor moves machines about."""
    truth = scribe.cause("vendor", Meant.ROUTINE)
    for n in scribe.chance.sample(range(8), 2):
        record = gcp.entry(
            scribe.id(), at, service=_COMPUTE, method="compute.instances.migrateOnHostMaintenance", who="system@google.com",
            agent="", address="",
            name=f"projects/{gcp.PROJECT}/zones/europe-west3-a/instances/node-{n}", type="gce_instance", log="system_event",
            operation=f"systemevent-{scribe.causes}",
        )  # fmt: skip
        scribe.write(CLOUD, at, record, truth)
        at += timedelta(seconds=40)


def notebook(scribe: Scribe, at: datetime) -> None:
    """The data team's own program makes a machine in the morning and takes it away: no rule names it."""
    who = f"morning-crunch@{gcp.PROJECT}.iam.gserviceaccount.com"
    for method, hours in (("insert", 0.0), ("delete", 2.0)):
        truth = scribe.cause("notebook", Meant.ROUTINE)
        moment = at + timedelta(hours=hours)
        record = gcp.entry(
            scribe.id(), moment, service=_COMPUTE, method=f"v1.compute.instances.{method}", who=who, agent=gcp.CLIENT_AGENT,
            address="10.9.1.4",
            name=f"projects/{gcp.PROJECT}/zones/europe-west3-b/instances/crunch", type="gce_instance", operation=f"operation-{scribe.id()}",
        )  # fmt: skip
        scribe.write(CLOUD, moment, record, truth)


def cleanup(scribe: Scribe, person: Person, at: datetime) -> None:
    """Disks nobody uses are deleted, as announced."""
    truth = scribe.cause("cleanup", Meant.PLANNED, healthy=None)
    scribe.announce("Delete unused disks", at - timedelta(minutes=10), at + timedelta(hours=1), person)
    for n in range(scribe.chance.randrange(5, 15)):
        record = gcp.entry(
            scribe.id(), at, service=_COMPUTE, method="v1.compute.disks.delete", who=person.mail, agent=gcp.GCLOUD_AGENT,
            address=person.address,
            name=f"projects/{gcp.PROJECT}/zones/europe-west3-a/disks/old-{scribe.causes}-{n}", type="gce_disk",
            operation=f"operation-{scribe.id()}",
        )  # fmt: skip
        scribe.write(CLOUD, at, record, truth)
        at += timedelta(seconds=scribe.chance.uniform(5, 40))


def exposure(scribe: Scribe, person: Person, at: datetime) -> None:
    truth = scribe.cause("exposure", Meant.UNPLANNED, harm=True)
    record = gcp.entry(
        scribe.id(), at, service="storage.googleapis.com", method="storage.setIamPermissions", who=person.mail, agent=gcp.CONSOLE_AGENT,
        address=person.address, name=f"projects/_/buckets/lumbra-share-{scribe.chance.randrange(9)}", type="gcs_bucket",
        more=gcp.policy_delta(("ADD", "roles/storage.objectViewer", "allUsers")),
    )  # fmt: skip
    scribe.write(CLOUD, at, record, truth)


def owner(scribe: Scribe, person: Person, at: datetime) -> None:
    truth = scribe.cause("owner_grant", Meant.UNPLANNED, harm=True)
    record = gcp.entry(
        scribe.id(), at, service="cloudresourcemanager.googleapis.com", method="SetIamPolicy", who=person.mail, agent=gcp.GCLOUD_AGENT,
        address=person.address, name=f"projects/{gcp.PROJECT}", type="project", more=gcp.policy_delta(("ADD", "roles/owner",
        "user:helper@elsewhere.example")),
    )  # fmt: skip
    scribe.write(CLOUD, at, record, truth)


def logging_off(scribe: Scribe, person: Person, at: datetime) -> None:
    truth = scribe.cause("logging_off", Meant.UNPLANNED, harm=True)
    record = gcp.entry(
        scribe.id(), at, service="logging.googleapis.com", method="google.logging.v2.ConfigServiceV2.DeleteSink", who=person.mail,
        agent=gcp.GCLOUD_AGENT, address=person.address, name=f"projects/{gcp.PROJECT}/sinks/audit-archive", type="logging_sink",
    )  # fmt: skip
    scribe.write(CLOUD, at, record, truth)


def probing(scribe: Scribe, at: datetime) -> None:
    """A service's key in strange hands: everything is refused."""
    truth = scribe.cause("probing", Meant.UNPLANNED, harm=True)
    who = f"postbox-app@{gcp.PROJECT}.iam.gserviceaccount.com"
    for n in range(16):
        record = gcp.entry(
            scribe.id(), at + timedelta(seconds=5 * n), service="iam.googleapis.com",
            method="google.iam.admin.v1.CreateServiceAccountKey", who=who,
            agent=gcp.CLIENT_AGENT, address="203.0.113.90", name=f"projects/-/serviceAccounts/{100 + n}", type="service_account",
            refused="iam.serviceAccountKeys.create",
        )  # fmt: skip
        scribe.write(CLOUD, at + timedelta(seconds=5 * n), record, truth)


def glance(scribe: Scribe, person: Person, at: datetime) -> None:
    """A read."""
    method = scribe.chance.choice(("v1.compute.instances.list", "v1.compute.firewalls.get", "beta.compute.disks.aggregatedList"))
    record = gcp.entry(
        scribe.id(), at, service=_COMPUTE, method=method, who=person.mail, agent=gcp.CONSOLE_AGENT, address=person.address,
        name=f"projects/{gcp.PROJECT}", log="data_access",
    )  # fmt: skip
    scribe.write(CLOUD, at, record, None)
