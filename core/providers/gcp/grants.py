"""Conditions about roles: which are given, to whom, and how far they reach. Field names are those of Google's APIs."""

import re
from collections.abc import Callable, Iterable, Mapping

from core.event import ChangeType
from core.providers.gcp.actors import GOOGLES
from core.providers.gcp.subject import Binding, Subject, find, parameter
from core.providers.gcp.switches import masks, more

EVERYONE = {"allusers", "allauthenticatedusers"}
# Roles that are (near) unlimited, or that let their holder give itself more:
# https://cloud.google.com/iam/docs/roles-overview#basic and https://cloud.google.com/iam/docs/understanding-roles
_ADMIN_ROLES = {
    "roles/owner", "roles/editor", "roles/iam.securityadmin", "roles/resourcemanager.organizationadmin",
    "roles/resourcemanager.projectiamadmin",
    "roles/resourcemanager.folderadmin", "roles/iam.organizationroleadmin", "roles/iam.serviceaccountadmin", "roles/compute.admin",
    "roles/container.admin", "roles/container.clusteradmin", "roles/storage.admin", "roles/cloudkms.admin", "roles/iam.roleadmin",
    "roles/orgpolicy.policyadmin", "roles/accesscontextmanager.policyadmin", "roles/secretmanager.admin", "roles/logging.admin",
    "roles/iam.denyadmin", "roles/iam.workloadidentitypooladmin", "roles/iam.workforcepooladmin", "roles/billing.admin",
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
# What is no single thing: a role there reaches everything below, or every web application and machine of the project.
# https://cloud.google.com/iam/docs/resource-hierarchy-access-control and https://cloud.google.com/iap/docs/managing-access
_WIDE = ("cloudresourcemanager.googleapis.com", "cloudbilling.googleapis.com", "iap.googleapis.com/Iap_")
# What a role on leads further: a secret is mostly a credential, and a service account is somebody to act as.
# https://cloud.google.com/secret-manager/docs/access-control and https://cloud.google.com/iam/docs/service-account-permissions
_LEADING_ON = ("secretmanager.googleapis.com/", "iam.googleapis.com/")
# Roles of services that administer, hand on, deploy code, log in to machines or read secrets, by the word in their name.
# https://cloud.google.com/iam/docs/understanding-roles
_REACHING_WORDS = ("admin", "owner", "roles/editor", "developer", "oslogin", "secretaccessor")
# Roles that only use what they are given on: call it, read or write its data, look.
# https://cloud.google.com/iam/docs/understanding-roles
_USING_ENDINGS = (
    "viewer", "reader", "invoker", "user", "publisher", "subscriber", "encrypter", "decrypter", "encrypterdecrypter", "verifier",
)  # fmt: skip
# What a machine's name says of its project: https://cloud.google.com/iam/docs/service-account-types and, of workloads,
# https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity
_OF_PROJECT = re.compile(
    r"^serviceaccount:(?:"
    rf"(?:service-|p)?(?P<number>\d+)@(?:{GOOGLES}\.iam|cloudservices|cloudbuild)\.gserviceaccount\.com"
    r"|(?P<compute>\d+)-compute@developer\.gserviceaccount\.com"
    r"|[\w.-]+@(?P<named>[\w-]+)\.iam\.gserviceaccount\.com"
    r"|(?P<engine>[\w-]+)@appspot\.gserviceaccount\.com"
    r"|(?P<pool>[\w-]+)\.svc\.id\.goog\[.*)$"
    r"|^project(?:owner|editor|viewer):(?P<basic>[\w-]+)$"
)
# Public mail providers: an account there belongs to no organisation.
_PERSONAL_DOMAINS = {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "yahoo.com", "proton.me", "protonmail.com", "icloud.com"}
# Roles that change nothing: https://cloud.google.com/iam/docs/roles-overview#basic
_LOOKING_ROLES = ("roles/viewer", "roles/browser")
_LOOKING_ENDING = ".viewer"


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


def _only_looks(subject: Subject) -> bool:
    """Every role that is given changes nothing: the basic or a service's own Viewer, or Browser."""
    roles = [role for role, _ in _added(subject)]
    return bool(roles) and all(role in _LOOKING_ROLES or role.endswith(_LOOKING_ENDING) for role in roles)


def _reaches_on(role: str) -> bool:
    """May its holder give itself or others more, act as somebody, or run what it likes? A custom role does not tell what it holds."""
    role = role.lower()
    return (
        not role.startswith("roles/")
        or role in _ADMIN_ROLES
        or role in _IMPERSONATING_ROLES
        or any(word in role for word in _REACHING_WORDS)
    )


def _is_inside(member: str, subject: Subject) -> bool:
    """Is it told that the member belongs here: a person or group by the domain of who gives, a machine by the resource's project?"""
    member = member.lower()
    told = _OF_PROJECT.match(member)
    if told:
        return next(filter(None, told.groups()), "") in subject.projects
    own, domain = _domain(subject.caller), _domain(member)
    return bool(own and domain) and own not in _PERSONAL_DOMAINS and (domain == own or domain.endswith("." + own))


def _used_inside(subject: Subject, bindings: Iterable[Binding]) -> bool:
    """Of one thing that leads no further, every member is told to belong here, and no role reaches on."""
    standing = _standing(bindings)
    return (
        bool(standing)
        and not subject.kind.startswith((*_WIDE, *_LEADING_ON))
        and not subject.method.startswith(_WIDE)
        and not any(_reaches_on(one.role) for one in standing)
        and all(_is_inside(one.member, subject) for one in standing)
    )


def _policy_of_use(subject: Subject) -> bool:
    """The whole policy is told and not what changed in it, and all that it lets anybody do is use this one thing, inside."""
    policy = subject.policy or ()
    return not subject.bindings and _only_uses(policy) and _used_inside(subject, policy)


def _adds_use(subject: Subject) -> bool:
    """Every role that is given only uses this one thing, inside."""
    added = [one for one in subject.bindings if one.action == "ADD"]
    return _only_uses(added) and _used_inside(subject, added)


def _only_uses(bindings: Iterable[Binding]) -> bool:
    return all(one.role.lower().endswith(_USING_ENDINGS) for one in _standing(bindings))


def _standing(bindings: Iterable[Binding]) -> list[Binding]:
    """Without members that are gone. https://cloud.google.com/iam/docs/principal-identifiers#deleted"""
    return [one for one in bindings if not one.member.startswith("deleted:")]


def _tells_no_policy(subject: Subject) -> bool:
    """Neither what changed nor the policy is in the record, and it is that of one thing: of a project's something must be said."""
    return (
        not subject.kind.startswith(_WIDE)
        and not subject.bindings
        and subject.policy is None
        and not any(True for _ in find(subject.metadata, "policyDelta"))
    )


def _grants_nobody(subject: Subject) -> bool:
    """The whole policy is told and binds nobody. https://cloud.google.com/iam/docs/reference/rest/v1/Policy"""
    policies = [value for value in find(subject.after, "policy") if isinstance(value, Mapping)]
    return bool(policies) and not any(policy.get("bindings") for policy in policies) and not any(True for _ in _added(subject))


def _stays_inside(subject: Subject) -> bool:
    """Every member that is told is a person or group of the domain of who gives."""
    own, members = _domain(subject.caller), [_domain(member) for _, member in _added(subject)]
    return bool(own and members) and all(domain == own for domain in members)


def _outsider_joins(subject: Subject) -> bool:
    """A group gets a member of another domain than its own."""
    member, group = _domain(parameter(subject.metadata, "USER_EMAIL")), _domain(parameter(subject.metadata, "GROUP_EMAIL"))
    return bool(member and group) and member != group and not member.endswith("." + group) and not group.endswith("." + member)


def _adds_permissions(subject: Subject) -> bool:
    """What the record tells as added, or a snapshot holds anew; where neither is told, what the request lists."""
    if subject.before:
        return more(subject, "includedPermissions")
    deltas = list(find(subject.metadata, "permissionDelta"))
    if deltas:
        return any(bool(added) for added in find(deltas, "addedPermissions"))
    return any(bool(listed) for listed in find(subject.after, "includedPermissions", "addedPermissions"))


def _entitles_admins(subject: Subject) -> bool:
    """Whoever may ask gets an administering role with nobody's approval. https://cloud.google.com/iam/docs/pam-overview"""
    roles = [str(role).lower() for access in find(subject.after, "privilegedAccess") for role in find(access, "role")]
    approved = any(bool(steps) for workflow in find(subject.after, "approvalWorkflow") for steps in find(workflow, "steps"))
    decides = subject.change_type is ChangeType.CREATED or masks(subject, "privilegedAccess", "eligibleUsers", "approvalWorkflow")
    return decides and not approved and any(role in _ADMIN_ROLES for role in roles)


GRANTS: Mapping[str, Callable[[Subject], bool]] = {
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
    "only_looks": _only_looks,
    "grants_nobody": _grants_nobody,
    "policy_of_use": _policy_of_use,
    "adds_use": _adds_use,
    "tells_no_policy": _tells_no_policy,
    "stays_inside": _stays_inside,
    "outsider_joins": _outsider_joins,
    "entitles_admins": _entitles_admins,
}
