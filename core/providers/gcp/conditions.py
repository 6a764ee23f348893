"""The conditions that rules/traits.yaml may name, each a question about one Subject. Field names are those of Google's APIs."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping

from core.event import ChangeType
from core.json import JsonValue
from core.providers.gcp.subject import Subject, find

WORLD = {"0.0.0.0/0", "::/0", "*"}
EVERYONE = {"allusers", "allauthenticatedusers"}
# Roles that are (near) unlimited, or that let their holder give itself more:
# https://cloud.google.com/iam/docs/roles-overview#basic and https://cloud.google.com/iam/docs/understanding-roles
_ADMIN_ROLES = {
    "roles/owner", "roles/editor", "roles/iam.securityadmin", "roles/resourcemanager.organizationadmin",
    "roles/resourcemanager.projectiamadmin",
    "roles/resourcemanager.folderadmin", "roles/iam.organizationroleadmin", "roles/iam.serviceaccountadmin", "roles/compute.admin",
    "roles/container.admin", "roles/container.clusteradmin", "roles/storage.admin", "roles/cloudkms.admin", "roles/iam.roleadmin",
    "roles/orgpolicy.policyadmin", "roles/accesscontextmanager.policyadmin", "roles/secretmanager.admin", "roles/logging.admin",
}  # fmt: skip
_IMPERSONATING_ROLES = {
    "roles/iam.serviceaccounttokencreator", "roles/iam.serviceaccountkeyadmin", "roles/iam.serviceaccountuser",
    "roles/iam.workloadidentityuser",
    "roles/iam.serviceaccountopenidtokencreator",
}  # fmt: skip
# Who holds a basic role of the project anyway; a new bucket names them by default.
# https://cloud.google.com/storage/docs/access-control/iam#convenience-values
_CONVENIENCE = ("projectowner:", "projecteditor:", "projectviewer:")
# What holds data and neither code nor an identity, so that a role on it reaches no further.
# https://cloud.google.com/iam/docs/resource-types-with-policies
_SINGLE = (
    "storage.googleapis.com/Bucket", "storage.googleapis.com/Object", "bigquery.googleapis.com/", "pubsub.googleapis.com/",
)  # fmt: skip
# Public mail providers: an account there belongs to no organisation.
_PERSONAL_DOMAINS = {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "yahoo.com", "proton.me", "protonmail.com", "icloud.com"}


# Systems made for attacks name themselves in what programs on them send; tools do too.
# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html#pentest-iam-kalilinux
_ATTACK_TOOL = re.compile(r"\b(kali|parrot|pentoo|blackarch)\b|\bkali\d|gcploit|scoutsuite|trufflehog", re.IGNORECASE)


# https://datatracker.ietf.org/doc/html/rfc1918#section-3 and https://datatracker.ietf.org/doc/html/rfc4193#section-3.1
_OWN_V4 = tuple(ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_OWN_V6 = ipaddress.IPv6Network("fc00::/7")


def _added(subject: Subject) -> Iterable[tuple[str, str]]:
    return ((b.role.lower(), b.member.lower()) for b in subject.bindings if b.action == "ADD")


def _domain(member: str) -> str:
    """A person's or group's domain; empty for machine identities and for who is not told by address."""
    kind, _, address = member.lower().rpartition(":")
    domain = address.rpartition("@")[2] if "@" in address else ""
    return "" if kind not in ("", "user", "group") or domain.endswith("gserviceaccount.com") else domain


def _grants_to_other_domain(subject: Subject) -> bool:
    """A person gives a role to a person or group of another domain. A subdomain of one's own is not another."""
    own = _domain(subject.caller)
    return bool(own) and any(
        domain and domain != own and not domain.endswith("." + own) and not own.endswith("." + domain)
        for domain in (_domain(member) for _, member in _added(subject))
    )


def _truth(value: JsonValue) -> bool:
    return value is True or str(value).lower() in ("true", "yes", "on", "enabled")


def _became(subject: Subject, wanted: bool, *names: str) -> bool:
    """Is a switch of these names now `wanted`, and was it not before (as far as one can see)?"""
    now = [_truth(value) for value in find(subject.after, *names) if not isinstance(value, Mapping | list)]
    was = [_truth(value) for value in find(subject.before, *names) if not isinstance(value, Mapping | list)]
    return wanted in now and (not subject.before or not was or wanted not in was)


def _adds_permissions(subject: Subject) -> bool:
    """What the record tells as added; where it tells nothing of that, what the request lists."""
    deltas = list(find(subject.metadata, "permissionDelta"))
    if deltas:
        return any(bool(added) for added in find(deltas, "addedPermissions"))
    return any(bool(listed) for listed in find(subject.after, "includedPermissions", "addedPermissions"))


def _holds_world(values: Iterable[JsonValue]) -> bool:
    return any((isinstance(v, str) and v in WORLD) or (isinstance(v, list) and any(str(x) in WORLD for x in v)) for v in values)


def _firewall_open(subject: Subject) -> bool:
    if "firewall" not in subject.kind.lower() and "firewall" not in subject.method:
        return False
    after = subject.after
    egress = any(str(v).upper() == "EGRESS" for v in find(after, "direction"))
    denies = not any(find(after, "allowed", "alloweds")) and any(find(after, "denied", "denieds"))
    disabled = any(_truth(v) for v in find(after, "disabled"))
    open_now = _holds_world(find(after, "sourceRanges", "sourceRange", "srcIpRanges")) and not (egress or denies or disabled)
    open_before = bool(subject.before) and _holds_world(find(subject.before, "sourceRanges", "srcIpRanges"))
    return open_now and not (
        open_before and not any("allowed" in path or "disabled" in path or "anges" in path for path in subject.changed)
    )


def _lets_in_insiders_only(subject: Subject) -> bool:
    """Every source range that is told is private (RFC 1918, RFC 4193), and some are."""
    told = [
        value for below in find(subject.after, "sourceRanges", "srcIpRanges") for value in (below if isinstance(below, list) else [below])
    ]
    return bool(told) and all(_private(str(one)) for one in told)


def _private(range_: str) -> bool:
    try:
        found = ipaddress.ip_network(range_, strict=False)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Network):
        return any(found.subnet_of(own) for own in _OWN_V4)
    return found.subnet_of(_OWN_V6)


def _database_open(subject: Subject) -> bool:
    def worldly(state: JsonValue) -> bool:
        return any(_holds_world(find(networks, "value")) for networks in find(state, "authorizedNetworks", "cidrBlocks"))

    return worldly(subject.after) and not worldly(subject.before)


def _metadata_keys(subject: Subject) -> list[str]:
    delta = [
        str(key)
        for keys in find(subject.metadata, "addedMetadataKeys", "modifiedMetadataKeys", "addedMetadataKey")
        for key in (keys if isinstance(keys, list) else [keys])
    ]
    before = {
        str(item.get("key")): item.get("value")
        for items in find(subject.before, "items")
        if isinstance(items, list)
        for item in items
        if isinstance(item, Mapping)
    }
    items = [
        str(item.get("key"))
        for items in find(subject.after, "items")
        if isinstance(items, list)
        for item in items
        if isinstance(item, Mapping) and before.get(str(item.get("key")), ...) != item.get("value")
    ]
    return [key.lower() for key in (*delta, *items)]


def _audit_config_narrowed(subject: Subject) -> bool:
    if any(
        str(delta.get("action")).upper() == "REMOVE" or delta.get("exemptedMember")
        for deltas in find(subject.metadata, "auditConfigDeltas")
        if isinstance(deltas, list)
        for delta in deltas
        if isinstance(delta, Mapping)
    ):
        return True
    return any(path.startswith(("iam.auditConfigs", "iam.audit_configs")) for path in subject.changed)


def _flow_logs_off(subject: Subject) -> bool:
    return _became(subject, False, "enableFlowLogs") or any(
        isinstance(config, Mapping) and config.get("enable") is False for config in find(subject.after, "logConfig")
    )


def _backups_off(subject: Subject) -> bool:
    if subject.change_type is ChangeType.DELETED or subject.change_type is ChangeType.CREATED:
        return False
    for name in ("backupConfiguration", "versioning", "pointInTimeRecovery"):
        for state in find(subject.after, name):
            if (
                isinstance(state, Mapping)
                and state.get("enabled") is False
                and not any(isinstance(old, Mapping) and old.get("enabled") in (False, None) for old in find(subject.before, name))
            ):
                return True
    return any(
        str(v) in ("0", "0s") for policy in find(subject.after, "softDeletePolicy") for v in find(policy, "retentionDurationSeconds")
    )


def _public_access_prevention_off(subject: Subject) -> bool:
    now = [str(v).lower() for v in find(subject.after, "publicAccessPrevention")]
    was = [str(v).lower() for v in find(subject.before, "publicAccessPrevention")]
    return "enforced" not in now and bool(now) and (not was or "enforced" in was) and subject.change_type is ChangeType.MODIFIED


def _cluster_guard_off(subject: Subject) -> bool:
    if "cluster" not in subject.kind.lower() or subject.change_type is ChangeType.CREATED:
        return False
    legacy = any(
        isinstance(v, Mapping) and v.get("enabled") is True for v in find(subject.after, "legacyAbac", "desiredLegacyAbac")
    ) and not any(isinstance(v, Mapping) and v.get("enabled") is True for v in find(subject.before, "legacyAbac"))
    return legacy or _became(subject, False, "enablePrivateEndpoint", "enablePrivateNodes")


def _sets_startup_script(subject: Subject) -> bool:
    named = any("startup-script" in key or "user-data" in key for key in _metadata_keys(subject))
    return named and subject.change_type is not ChangeType.CREATED


def _notebook_script(subject: Subject) -> bool:
    return any(
        isinstance(found, Mapping) and any("startup-script" in str(key).lower() or str(key).lower() == "startup_script" for key in found)
        for found in find(subject.after, "metadata")
    )


def _kept_briefly(subject: Subject) -> bool:
    """Shorter than the default. https://cloud.google.com/logging/quotas#logs_retention_periods"""
    return any(str(days).isdigit() and 0 < int(str(days)) < 30 for days in find(subject.after, "retentionDays"))


def _policy_taken_off(subject: Subject) -> bool:
    """A backend is left without its policy, or the policy without a rule."""
    named = [value for value in find(subject.after, "securityPolicy") if isinstance(value, str)]
    return any(value == [] for value in find(subject.after, "rules")) or ("setsecuritypolicy" in subject.method and not any(named))


def _deletion_protection_off(subject: Subject) -> bool:
    return subject.change_type is ChangeType.MODIFIED and _became(subject, False, "deletionProtection", "deletionProtectionEnabled")


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "grants_to_everyone": lambda s: any(member in EVERYONE for _, member in _added(s)),
    "grants_admin_role": lambda s: any(role in _ADMIN_ROLES for role, _ in _added(s)),
    "grants_impersonation": lambda s: any(role in _IMPERSONATING_ROLES for role, _ in _added(s)),
    "grants_role": lambda s: any(not member.startswith(_CONVENIENCE) for _, member in _added(s)),
    "grants_to_personal_account": lambda s: any(member.rpartition("@")[2] in _PERSONAL_DOMAINS for _, member in _added(s)),
    "grants_to_other_domain": _grants_to_other_domain,
    "of_one_resource": lambda s: s.kind.startswith(_SINGLE),
    "revokes_role": lambda s: any(b.action == "REMOVE" for b in s.bindings),
    "only_revokes": lambda s: bool(s.bindings) and all(b.action == "REMOVE" for b in s.bindings),
    "adds_permissions": _adds_permissions,
    "adds_ssh_key": lambda s: any(key.startswith(("ssh-keys", "sshkeys")) for key in _metadata_keys(s)),
    "sets_startup_script": _sets_startup_script,
    "firewall_open_to_world": _firewall_open,
    "lets_in_insiders_only": _lets_in_insiders_only,
    "database_open_to_world": _database_open,
    "audit_config_narrowed": _audit_config_narrowed,
    "flow_logs_off": _flow_logs_off,
    "backups_off": _backups_off,
    "deletion_protection_off": _deletion_protection_off,
    "public_access_prevention_off": _public_access_prevention_off,
    "cluster_guard_off": _cluster_guard_off,
    "notebook_script": _notebook_script,
    "kept_briefly": _kept_briefly,
    "query_logs_off": lambda s: _became(s, False, "enableLogging"),
    "policy_taken_off": _policy_taken_off,
    "extracts": lambda s: any(isinstance(value, Mapping) and bool(value) for value in find(s.after, "extract", "tableExtract")) or any(
        isinstance(value, Mapping) and bool(value) for value in find(s.metadata, "extractConfig", "extract")
    ),
    "attack_tool": lambda s: bool(_ATTACK_TOOL.search(s.agent)),
    "key_disabled": lambda s: any(str(v).upper() == "DISABLED" for v in find(s.after, "state")),
    "overwrites": lambda s: "storage.objects.delete" in s.permissions,
    "from_inventory": lambda s: not s.method,
    "is_new": lambda s: s.change_type is ChangeType.CREATED,
    "is_deleted": lambda s: s.change_type is ChangeType.DELETED,
    "only_labels_changed": lambda s: bool(s.changed) and all(
        ".labels" in path or ".tags" in path or path.endswith("abelFingerprint") for path in s.changed
    ),
}  # fmt: skip
