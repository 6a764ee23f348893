"""The conditions that rules/traits.yaml may name, each a question about one Subject. Field names are those of AWS's APIs."""

import re
from collections.abc import Callable, Mapping

from core.json import JsonValue
from core.providers.aws.containers import asks_for_credentials, host_rights
from core.providers.aws.denying import only_denies, quarantines, trusts_only_own, trusts_only_services
from core.providers.aws.exposure import (
    everyone_in_acl,
    few_addresses,
    login_for_everyone,
    only_private,
    open_to_world,
    permissions_for_everyone,
    permissions_for_other_account,
    shared_with_everyone,
    shared_with_others,
)
from core.providers.aws.keeping import kept_briefly, lifecycle_empties, lifecycle_expires_soon, of_audit
from core.providers.aws.policies import (
    ACCOUNT,
    allowing,
    for_everyone,
    is_admin,
    is_admin_policy,
    is_reading_policy,
    only_lists,
    outside,
    policies,
    trust_policies,
)
from core.providers.aws.subject import Subject, find, texts
from core.providers.aws.switches import (
    balancer_unlogged,
    balancer_unprotected,
    grants_to_other_account,
    out_to_the_web,
    own_and_proved,
    plain_text_allowed,
    public_connectivity,
    token_deleted,
    upkeep_document,
)
from core.providers.aws.tampering import (
    customer_key,
    key_of_other_account,
    overrides_build,
    overrides_rights,
    overwrites_itself,
    selectors_whole,
    with_hand_tool,
)

# Systems made for attacks name themselves in what programs on them send; tools do too.
# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html#pentest-iam-kalilinux
_ATTACK_TOOL = re.compile(
    r"\b(kali|parrot|pentoo|blackarch)\b|\bkali\d|\bpacu\b|weirdaal|scoutsuite|cloudfox|trufflehog|stratus-red-team", re.IGNORECASE
)


def _truth(value: JsonValue) -> bool | None:
    if isinstance(value, Mapping):
        value = value.get("value", value.get("Value"))
    text = str(value).lower()
    return True if text in ("true", "enabled", "yes", "on") else False if text in ("false", "disabled", "no", "off", "suspended") else None


def _switched(subject: Subject, wanted: bool, *names: str) -> bool:
    """Is a switch of these names now `wanted`, and was it not so before (as far as one can see)?"""
    now = {_truth(value) for value in find(subject.after, *names)}
    was = {_truth(value) for value in find(subject.before, *names)}
    return wanted in now and wanted not in was


def _truth_of(value: JsonValue, *names: str) -> bool:
    return any(_truth(found) is True for found in find(value, *names))


def _brings_layers(subject: Subject) -> bool:
    """The request names layers; or it names no setting at all, and the answer, which is all there is to see, holds some."""
    if any(bool(found) for found in find(subject.after, "layers")):
        return True
    return subject.after.keys() <= {"functionName", "revisionId"} and any(bool(found) for found in find(subject.response, "layers"))


def _is_zero(subject: Subject, *names: str) -> bool:
    return "0" in set(texts(subject.after, *names)) and "0" not in set(texts(subject.before, *names))


def _public_block_off(subject: Subject) -> bool:
    names = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")
    return _switched(subject, False, *names)


def _statements_new(subject: Subject, asks: Callable[[Mapping[str, JsonValue]], bool]) -> bool:
    now = [one for one in allowing(policies(subject.after)) if asks(one)]
    return bool(now) and not any(asks(one) for one in allowing(policies(subject.before)))


def _trusts_outside(subject: Subject) -> bool:
    return any(outside(one, subject.account) or for_everyone(one) for one in allowing(trust_policies(subject.after)))


def _selectors_narrowed(subject: Subject) -> bool:
    """Management events left out, or read and write no longer both."""
    return (
        _switched(subject, False, "includeManagementEvents")
        or any(value.lower() in ("readonly", "writeonly") for value in texts(subject.after, "readWriteType"))
        or any(True for _ in texts(subject.after, "excludeManagementEventSources"))
    )


def _admin_policy(subject: Subject) -> bool:
    named = any(is_admin_policy(arn) for arn in texts(subject.after, "policyArn", "policyArns"))
    written = any(is_admin(one) for one in allowing(policies(subject.after)))
    return named or (written and not any(is_admin(one) for one in allowing(policies(subject.before))))


def _reading_policy(subject: Subject) -> bool:
    """Every policy that is named is one of AWS's own that only read, and every one that is written only lists and describes."""
    named, written = list(texts(subject.after, "policyArn", "policyArns")), list(allowing(policies(subject.after)))
    return bool(named or written) and all(is_reading_policy(arn) for arn in named) and all(only_lists(one) for one in written)


def _trail_only_widened(subject: Subject) -> bool:
    """Switches that are all turned on, and nothing else that would send the trail elsewhere."""
    switches = {"includeGlobalServiceEvents", "isMultiRegionTrail", "enableLogFileValidation", "isOrganizationTrail"}
    named = {key for key in subject.after if key != "name"}
    return bool(named) and named <= switches and all(_truth(subject.after[key]) is True for key in named)


def _trail_only_named(subject: Subject) -> bool:
    """Nothing is asked for but a trail's name. A request of which nothing is shown says nothing."""
    return subject.after.keys() == {"name"}


def _replicates_outside(subject: Subject) -> bool:
    """A destination's owner is named, and it is another account.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Destination.html
    """
    owners = (owner for destination in find(subject.after, "destination") for owner in texts(destination, "account"))
    return any(owner != subject.account for owner in owners)


def _insights_left_out(subject: Subject) -> bool:
    return not any(bool(found) for found in find(subject.after, "insightSelectors"))


def _lock_loosened(subject: Subject) -> bool:
    """A legal hold taken off, a retention gone round, or a lock left without a rule."""
    held_off = any(value.lower() == "off" for held in find(subject.after, "legalHold") for value in texts(held, "status"))
    bypassed = any(_truth(value) is True for value in find(subject.after, "bypassGovernanceRetention", "x-amz-bypass-governance-retention"))
    locks = [found for found in find(subject.after, "objectLockConfiguration") if isinstance(found, Mapping)]
    return held_off or bypassed or (bool(locks) and not any(bool(found) for lock in locks for found in find(lock, "rule")))


def _names_other_account(subject: Subject) -> bool:
    """An account, or an ARN of one, that is not the caller's own."""
    named = texts(
        subject.after,
        "accountId",
        "sharedAccountId",
        "accountIds",
        "shareTarget",
        "arn",
        "destinationArn",
        "destinationLocationArn",
        "sourceLocationArn",
        "targetArn",
        "readonlyAccessAccounts",
        "s3BucketOwner",
        "peerOwnerId",
        "peerAccountId",
    )
    return bool(subject.account) and any(found != subject.account for one in named for found in ACCOUNT.findall(one))


def _cluster_logging_off(subject: Subject) -> bool:
    return any(_truth(value) is False for logging in find(subject.after, "clusterLogging") for value in find(logging, "enabled"))


def _password_policy_loose(subject: Subject) -> bool:
    loose = _switched(
        subject, False, "requireSymbols", "requireNumbers", "requireUppercaseCharacters", "requireLowercaseCharacters", "expirePasswords"
    )
    lengths = [int(value) for value in texts(subject.after, "minimumPasswordLength") if value.isdigit()]
    return loose or any(length < 8 for length in lengths)


def _only_tags(subject: Subject) -> bool:
    return bool(subject.changed) and all(path.lower().startswith(("tags", "tag")) for path in subject.changed)


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "open_to_world": open_to_world,
    "shared_with_everyone": shared_with_everyone,
    "shared_with_others": shared_with_others,
    "everyone_in_acl": everyone_in_acl,
    "permissions_for_everyone": permissions_for_everyone,
    "login_for_everyone": login_for_everyone,
    "policy_for_everyone": lambda s: _statements_new(s, lambda one: for_everyone(dict(one))),
    "policy_for_other_account": lambda s: _statements_new(s, lambda one: outside(dict(one), s.account)),
    "trusts_outside": _trusts_outside,
    "admin_policy": _admin_policy,
    "reading_policy": _reading_policy,
    "public_block_off": _public_block_off,
    "publicly_accessible": lambda s: _switched(s, True, "publiclyAccessible", "publicIpEnabled", "endpointPublicAccess"),
    "deletion_protection_off": lambda s: _switched(
        s, False, "deletionProtection", "deletionProtectionEnabled", "disableApiTermination", "deletionProtectionConfiguration"
    ),
    "encryption_off": lambda s: _switched(s, False, "storageEncrypted", "encrypted", "sseEnabled", "atRestEncryptionEnabled"),
    "versioning_off": lambda s: any(v.lower() in ("suspended", "disabled") for v in texts(s.after, "status", "versioning")),
    "mfa_delete_off": lambda s: any(v.lower() == "disabled" for v in texts(s.after, "mfaDelete")),
    "backups_off": lambda s: (
        _is_zero(s, "backupRetentionPeriod", "snapshotRetentionLimit", "automatedSnapshotRetentionPeriod")
        or _switched(s, False, "pointInTimeRecoveryEnabled")
    ),
    "skips_final_snapshot": lambda s: _switched(
        s, True, "skipFinalSnapshot", "skipFinalClusterSnapshot", "skipFinalBackup", "deleteAutomatedBackups"
    ),
    "selectors_narrowed": _selectors_narrowed,
    "logging_emptied": lambda s: not any(True for _ in find(s.after, "loggingEnabled", "targetBucket")),
    "enables_nothing": lambda s: (
        _switched(s, False, "enable", "enabled")
        or any(v.lower() in ("disabled", "paused") for v in texts(s.after, "status", "controlStatus", "associationStatus"))
    ),
    "switched_off": lambda s: _switched(s, False, "enabled"),
    "desired_count": lambda s: any(True for _ in texts(s.after, "desiredCount", "desiredCapacity", "minSize", "maxSize", "desiredSize")),
    "new_revision": lambda s: any(True for _ in texts(s.after, "taskDefinition", "imageUri", "launchTemplateVersion", "releaseVersion")),
    "forces_deployment": lambda s: _switched(s, True, "forceNewDeployment"),
    "user_data": lambda s: any(bool(v) for v in find(s.after, "userData")),
    "new_password": lambda s: any(True for _ in texts(s.after, "masterUserPassword")) or _switched(s, True, "rotateMasterUserPassword"),
    "password_policy_loose": _password_policy_loose,
    "only_private": only_private,
    "denies": lambda s: any(value.lower() == "deny" for value in texts(s.after, "ruleAction")),
    "own_login": lambda s: bool(s.caller) and s.caller in set(texts(s.after, "userName")),
    "for_oneself": lambda s: all(name == s.caller for name in texts(s.after, "userName")),
    "with_second_factor": lambda s: s.second_factor == "true",
    "must_be_changed": lambda s: _switched(s, True, "passwordResetRequired"),
    "publishes_seldom": lambda s: any(value.upper() == "SIX_HOURS" for value in texts(s.after, "findingPublishingFrequency")),
    "made_public": lambda s: _truth_of(s.response, "publiclyAccessible"),
    "brings_layers": _brings_layers,
    "by_service": lambda s: s.by_service,
    "key_inactive": lambda s: any(v.lower() == "inactive" for v in texts(s.after, "status")),
    "key_active": lambda s: any(v.lower() == "active" for v in texts(s.after, "status")),
    "force_delete": lambda s: _switched(s, True, "forceDeleteWithoutRecovery", "force"),
    "imdsv1": lambda s: any(v.lower() == "optional" for v in texts(s.after, "httpTokens")),
    "only_tags": _only_tags,
    "records_less": lambda s: _switched(s, False, "allSupported", "includeGlobalResourceTypes"),
    "without_rules": lambda s: any(value == [] for value in find(s.after, "rules")),
    "trail_only_widened": _trail_only_widened,
    "trail_only_named": _trail_only_named,
    "replicates_outside": _replicates_outside,
    "into_other_account": lambda s: not s.abroad.isdisjoint(texts(s.after, "bucketName")),
    "shares_something": lambda s: any(bool(one) for one in find(s.after, "resourceArns", "principals")),
    "lifecycle_expires_soon": lifecycle_expires_soon,
    "trusts_only_own": trusts_only_own,
    "insights_left_out": _insights_left_out,
    "lock_loosened": _lock_loosened,
    "termination_unprotected": lambda s: _switched(s, False, "terminationProtected", "enableTerminationProtection"),
    "boundary_of_admin": lambda s: any(is_admin_policy(arn) for arn in texts(s.after, "permissionsBoundary")),
    "attaches_full_access": lambda s: "p-FullAWSAccess" in set(texts(s.after, "policyId")),
    "mfa_optional": lambda s: any(value.upper() in ("OFF", "OPTIONAL") for value in texts(s.after, "mfaConfiguration")),
    "finding_put_aside": lambda s: any(
        value.upper() in ("SUPPRESSED", "ARCHIVED", "FALSE_POSITIVE", "BENIGN_POSITIVE")
        for value in texts(s.after, "status", "recordState", "verificationState")
    ),
    "customer_key": customer_key,
    "attack_tool": lambda s: bool(_ATTACK_TOOL.search(s.agent)),
    "names_other_account": _names_other_account,
    "key_of_other_account": key_of_other_account,
    "kept_briefly": kept_briefly,
    "cluster_logging_off": _cluster_logging_off,
    "asks_for_credentials": asks_for_credentials,
    "host_rights": host_rights,
    "visible_to_all": lambda s: "public_read" in {v.lower() for v in texts(s.after, "projectVisibility")},
    "public_sharing": lambda s: _switched(s, True, "publicSharingEnabled"),
    "block_mode_off": lambda s: any(v.lower() == "off" for v in texts(s.after, "internetGatewayBlockMode")),
    "guests_allowed": lambda s: _switched(s, True, "allowUnauthenticatedIdentities"),
    "scan_off": lambda s: _switched(s, False, "scanOnPush"),
    "tags_may_move": lambda s: any(v.lower() == "mutable" for v in texts(s.after, "imageTagMutability")),
    "protection_off": lambda s: _switched(s, False, "deleteProtection", "subnetChangeProtection", "firewallPolicyChangeProtection"),
    "ransom_note": lambda s: any(
        any(word in value.lower() for word in ("ransom", "decrypt", "recover", "restore-", "how_to", "how-to", "howto", "pay_", "bitcoin"))
        and value.lower().endswith((".txt", ".html", ".hta", ".md", ".note"))
        for value in texts(s.after, "key")
    ),
    "permissions_for_other_account": permissions_for_other_account,
    "trusts_only_services": trusts_only_services,
    "only_denies": only_denies,
    "quarantines": quarantines,
    "lifecycle_empties": lifecycle_empties,
    "of_audit": of_audit,
    "snapshots_too": lambda s: _switched(s, True, "deleteAssociatedSnapshots"),
    "selectors_whole": selectors_whole,
    "overrides_rights": overrides_rights,
    "overrides_build": overrides_build,
    "overwrites_itself": overwrites_itself,
    "with_hand_tool": with_hand_tool,
    "balancer_unprotected": balancer_unprotected,
    "balancer_unlogged": balancer_unlogged,
    "plain_text_allowed": plain_text_allowed,
    "token_deleted": token_deleted,
    "public_connectivity": public_connectivity,
    "grants_to_other_account": grants_to_other_account,
    "out_to_the_web": out_to_the_web,
    "upkeep_document": upkeep_document,
    "own_and_proved": own_and_proved,
    "few_addresses": few_addresses,
}
