"""Conditions about guards that are taken off or loosened, and which way. Field names are those of Google's APIs."""

from collections.abc import Callable, Mapping

from core.event import ChangeType
from core.json import JsonValue
from core.providers.gcp.subject import Subject, find
from core.providers.gcp.switches import became, fewer, gone, more, part_off, was_on

_KEY_OFF = ("DISABLED", "DESTROY_SCHEDULED", "DESTROYED")


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
    if was_on(subject, "pointInTimeRecoveryEnabled"):
        return True
    return any(
        str(v) in ("0", "0s") for policy in find(subject.after, "softDeletePolicy") for v in find(policy, "retentionDurationSeconds")
    )


def _public_access_prevention_off(subject: Subject) -> bool:
    now = [str(v).lower() for v in find(subject.after, "publicAccessPrevention")]
    was = [str(v).lower() for v in find(subject.before, "publicAccessPrevention")]
    return "enforced" not in now and bool(now) and (not was or "enforced" in was) and subject.change_type is ChangeType.MODIFIED


def _policy_taken_off(subject: Subject) -> bool:
    """A backend is left without its policy, or the policy without a rule."""
    if subject.before:
        return fewer(subject, "rules") or gone(subject, "securityPolicy")
    named = [value for value in find(subject.after, "securityPolicy") if isinstance(value, str)]
    return any(value == [] for value in find(subject.after, "rules")) or ("setsecuritypolicy" in subject.method and not any(named))


def _deletion_protection_off(subject: Subject) -> bool:
    return subject.change_type is ChangeType.MODIFIED and became(subject, False, "deletionProtection", "deletionProtectionEnabled")


def _encryption_in_transit_off(subject: Subject) -> bool:
    """https://cloud.google.com/sql/docs/postgres/configure-ssl-instance#enforcing-ssl"""
    lax = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
    modes = [str(value).upper() for value in find(subject.after, "sslMode")]
    loosened = lax in modes and lax not in [str(value).upper() for value in find(subject.before, "sslMode")]
    asked_before = was_on(subject, "requireSsl") and not any(mode != lax for mode in modes)
    return bool(subject.before) and (asked_before or loosened)


def _rail_tightened(subject: Subject) -> bool:
    enforced, denied, allowed = _rail(subject.after)
    return (True in enforced or denied) and False not in enforced and not allowed


def _rail_loosened(subject: Subject) -> bool:
    enforced, _, allowed = _rail(subject.after)
    enforced_before, denied_before, allowed_before = _rail(subject.before)
    if not subject.before:
        return False in enforced or allowed
    return (True in enforced_before and True not in enforced) or (allowed and not allowed_before) or (denied_before and allowed)


def _rail(state: JsonValue) -> tuple[list[bool], bool, bool]:
    """Of a policy of the organisation: what it enforces, whether it denies all, whether it allows all.

    https://cloud.google.com/resource-manager/docs/organization-policy/understanding-constraints
    """
    enforced = [value for value in find(state, "enforce", "enforced") if isinstance(value, bool)]
    everything = [str(value).upper() for value in find(state, "allValues")]
    denied = any(value is True for value in find(state, "denyAll")) or "DENY" in everything
    allowed = any(value is True for value in find(state, "allowAll")) or "ALLOW" in everything
    return enforced, denied, allowed


def _perimeter_loosened(subject: Subject) -> bool:
    """A perimeter guards less, or lets more in or out. https://cloud.google.com/vpc-service-controls/docs/service-perimeters"""
    return fewer(subject, "restrictedServices", "resources") or more(subject, "accessLevels", "ingressPolicies", "egressPolicies")


def _expires_soon(subject: Subject) -> bool:
    """Objects are deleted when a week old or younger, and were not before. https://cloud.google.com/storage/docs/lifecycle"""
    return _deletes_within(subject.after, 7) and not _deletes_within(subject.before, 7)


def _deletes_within(state: JsonValue, days: int) -> bool:
    return any(
        isinstance(rule, Mapping)
        and any(str(kind).lower() == "delete" for kind in find(rule.get("action"), "type"))
        and any(str(age).isdigit() and int(str(age)) <= days for age in find(rule.get("condition"), "age"))
        for lifecycle in find(state, "lifecycle")
        for rules in find(lifecycle, "rule")
        if isinstance(rules, list)
        for rule in rules
    )


def _key_disabled(subject: Subject) -> bool:
    was = [str(v).upper() for v in find(subject.before, "state")]
    return any(str(v).upper() in _KEY_OFF for v in find(subject.after, "state")) and not any(state in _KEY_OFF for state in was)


def _names_signed_no_more(subject: Subject) -> bool:
    """https://cloud.google.com/dns/docs/dnssec-config"""

    def off(state: JsonValue) -> bool:
        return any(str(value).upper() == "OFF" for config in find(state, "dnssecConfig") for value in find(config, "state"))

    return off(subject.after) and not off(subject.before)


GUARDS: Mapping[str, Callable[[Subject], bool]] = {
    "backups_off": _backups_off,
    "deletion_protection_off": _deletion_protection_off,
    "public_access_prevention_off": _public_access_prevention_off,
    "policy_taken_off": _policy_taken_off,
    "encryption_in_transit_off": _encryption_in_transit_off,
    "shield_off": lambda s: became(s, False, "enableSecureBoot", "enableVtpm", "enableIntegrityMonitoring"),
    "bucket_guard_off": lambda s: gone(s, "retentionPolicy") or gone(s, "defaultKmsKeyName") or (
        bool(s.before) and part_off(s, "uniformBucketLevelAccess")
    ),
    "proxy_off": lambda s: part_off(s, "iap"),
    "second_factor_off": lambda s: any(
        str(state).upper() == "DISABLED" for part in find(s.after, "mfa", "mfaConfig") for state in find(part, "state")
    ),
    "rail_tightened": _rail_tightened,
    "rail_loosened": _rail_loosened,
    "perimeter_loosened": _perimeter_loosened,
    "expires_soon": _expires_soon,
    "key_disabled": _key_disabled,
    "names_signed_no_more": _names_signed_no_more,
}  # fmt: skip
