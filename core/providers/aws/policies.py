"""What a policy document gives, and to whom. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html"""

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from core.json import JsonObject, JsonValue
from core.providers.aws.subject import document, find, statements

# Managed policies that are (near) unlimited, or that let their holder give itself more:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
_ADMIN_POLICIES = (
    "*/AdministratorAccess*", "*/IAMFullAccess", "*/PowerUserAccess", "*/AWSOrganizationsFullAccess", "*/AWSSSO*Administrator",
    "*/SystemAdministrator",
    "*/AmazonEKSClusterAdminPolicy", "*/AmazonEKSAdminPolicy",
)  # fmt: skip
# AWS's own policies of which each action only reads: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
_READING_POLICIES = (
    "arn:aws*:iam::aws:policy/*ReadOnly*", "arn:aws*:iam::aws:policy/job-function/ViewOnlyAccess", "arn:aws*:iam::aws:policy/SecurityAudit",
    "arn:aws*:iam::aws:policy/job-function/Billing*ReadOnly*", "arn:aws*:iam::aws:policy/*ViewOnly*",
)  # fmt: skip
# AWS attaches the first by itself where a key was found in the open: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantineV3.html
# It once wrote one into the user instead, under these names.
_QUARANTINE = "arn:aws*:iam::aws:policy/AWSCompromisedKeyQuarantine*"
_QUARANTINES = (_QUARANTINE, "AWSCompromisedKeyQuarantine*", "AWSExposedCredentialPolicy*")
_DENYING_POLICIES = (_QUARANTINE, "arn:aws*:iam::aws:policy/AWSDenyAll")
# Actions with which one can become anybody: https://attack.mitre.org/techniques/T1098/003/
_ADMIN_ACTIONS = ("*", "*:*", "iam:*", "sts:*", "organizations:*", "kms:*")
# Conditions that tie a statement to somebody, so that "*" is not everyone:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
_TYING = (
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "aws:sourceaccount", "aws:sourcearn",
    "aws:sourceowner",
    "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "kms:calleraccount", "kms:viaservice", "s3:dataaccesspointaccount",
    "aws:sourceorgid",
)  # fmt: skip
ACCOUNT = re.compile(r"(?<!\d)(\d{12})(?!\d)")


def policies(value: JsonValue) -> Iterator[JsonObject]:
    """Every policy document inside, whether an object or text."""
    names = (
        "policyDocument",
        "policy",
        "policyText",
        "bucketPolicy",
        "resourcePolicy",
        "assumeRolePolicyDocument",
        "keyPolicy",
        "attributeValue",
        "inlinePolicy",
        "policyInJson",
        "accessPolicies",
    )
    for found in find(value, *names):
        parsed = document(found)
        if parsed.get("Statement"):
            yield parsed
    for attributes in find(value, "attributes"):
        if isinstance(attributes, Mapping):
            yield from (parsed for one in attributes.values() if (parsed := document(one)).get("Statement"))


def trust_policies(value: JsonValue) -> Iterator[JsonObject]:
    for found in find(value, "assumeRolePolicyDocument", "policyDocument"):
        parsed = document(found)
        if any("assumerole" in action.lower() for one in statements(parsed) for action in _listed(one.get("Action"))):
            yield parsed


def allowing(found: Iterable[JsonObject]) -> Iterator[JsonObject]:
    for policy in found:
        yield from (one for one in statements(policy) if str(one.get("Effect")).lower() == "allow")


def for_everyone(statement: JsonObject) -> bool:
    """Does the statement allow anyone on earth?"""
    if "*" not in _principals(statement):
        return False
    tied = {str(key).lower() for keys in _listed_objects(statement.get("Condition")) for key in keys}
    return not any(key in _TYING for key in tied) and not _narrow_address(statement.get("Condition"))


def outside(statement: JsonObject, account: str) -> bool:
    """Does the statement allow a named account other than `account`?"""
    if not account:
        return False
    return any(found != account for one in _principals(statement) for found in ACCOUNT.findall(one))


def is_admin(statement: JsonObject) -> bool:
    actions = [action.lower() for action in _listed(statement.get("Action"))]
    everything = any(action in _ADMIN_ACTIONS for action in actions) or ("NotAction" in statement and str(statement.get("Resource")) == "*")
    return everything and any(str(one).endswith("*") for one in _listed(statement.get("Resource")) or ["*"])


def only_lists(statement: JsonObject) -> bool:
    """Does it allow nothing but to see what there is? Reading contents is more: objects, secrets, parameters.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html
    """
    actions = [action.partition(":")[2].lower() for action in _listed(statement.get("Action"))]
    return bool(actions) and all(action.startswith(("list", "describe")) for action in actions)


def only_services(statement: JsonObject) -> bool:
    """Does the statement let nobody in but services of AWS?"""
    principal = statement.get("Principal")
    return isinstance(principal, Mapping) and set(principal) == {"Service"}


def only_own(statement: JsonObject, account: str) -> bool:
    """Does it let in nobody but principals that are named by an ARN of this account, or the account itself?"""
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping) or not set(principal) <= {"AWS", "Service"}:
        return False
    named = _principals(statement)
    return bool(named) and all((one.split(":")[4] if one.count(":") >= 5 else one) == account for one in named)


def is_denying_policy(arn: str) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in _DENYING_POLICIES)


def is_quarantine(policy: str) -> bool:
    """By a managed policy's ARN, or the name of one that is written into a user."""
    return any(fnmatchcase(policy, pattern) for pattern in _QUARANTINES)


def is_admin_policy(arn: str) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in _ADMIN_POLICIES)


def is_reading_policy(arn: str) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in _READING_POLICIES)


def _principals(statement: JsonObject) -> list[str]:
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        return [str(one) for key, value in principal.items() if key != "Service" for one in _listed(value)]
    return _listed(principal)


def _listed(value: JsonValue) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None or isinstance(value, Mapping) else [str(value)]


def _listed_objects(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    return [one for one in value.values() if isinstance(one, Mapping)] if isinstance(value, Mapping) else []


def _narrow_address(condition: JsonValue) -> bool:
    sources = [
        str(one)
        for keys in _listed_objects(condition)
        for key, value in keys.items()
        if str(key).lower() == "aws:sourceip"
        for one in _listed(value)
    ]
    return bool(sources) and not any(one in ("0.0.0.0/0", "::/0") for one in sources)
