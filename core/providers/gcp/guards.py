"""Conditions about guards that are taken off or loosened, and which way. Field names are those of Google's APIs."""

from collections.abc import Callable, Mapping

from core.event import ChangeType
from core.json import JsonValue
from core.providers.gcp.subject import Subject, find
from core.providers.gcp.switches import became, fewer, gone, has_mask, loosened, masks, more, part_off, turned_off

_OLD_TLS = ("TLS_1_0", "TLS_1_1")
_BREAKGLASS = ("breakglassJustification", "run.googleapis.com/binary-authorization-breakglass")
_UNCHECKED = ("invokerIamDisabled", "run.googleapis.com/invoker-iam-disabled")
_KEY_OFF = ("DISABLED", "DESTROY_SCHEDULED", "DESTROYED")


def _policy_taken_off(subject: Subject) -> bool:
    """A backend is left without its policy, or the policy without a rule."""
    if subject.before:
        return fewer(subject, "rules") or gone(subject, "securityPolicy")
    named = [value for value in find(subject.after, "securityPolicy") if isinstance(value, str)]
    return any(value == [] for value in find(subject.after, "rules")) or ("setsecuritypolicy" in subject.method and not any(named))


def _rule_loosened(subject: Subject) -> bool:
    """A rule of Cloud Armor only notes what it matches, or lets the same in that it kept out.

    https://cloud.google.com/armor/docs/security-policy-overview#preview_mode
    """
    if "patchrule" not in subject.method:
        return False
    lets_in = any(str(value).lower() == "allow" for value in find(subject.after, "action"))
    return became(subject, True, "preview") or (lets_in and not any(bool(value) for value in find(subject.after, "match")))


def _old_tls(subject: Subject) -> bool:
    """https://cloud.google.com/load-balancing/docs/ssl-policies-concepts"""
    now, was = ([str(value).upper() for value in find(state, "minTlsVersion")] for state in (subject.after, subject.before))
    return any(value in _OLD_TLS for value in now) and not any(value in _OLD_TLS for value in was)


def _key_unrestricted(subject: Subject) -> bool:
    """Whoever has the key may call every service from everywhere. https://cloud.google.com/docs/authentication/api-keys#securing"""
    if subject.before:
        return gone(subject, "restrictions")
    told = list(find(subject.after, "restrictions"))
    return not any(bool(value) for value in told) and (masks(subject, "restrictions") if has_mask(subject) else bool(told))


def _check_skipped(subject: Subject) -> bool:
    """Somebody says why this image runs though no policy admits it. https://cloud.google.com/binary-authorization/docs/run/using-breakglass-cloud-run"""
    now, was = ([value for value in find(state, *_BREAKGLASS) if value] for state in (subject.after, subject.before))
    return bool(now) and not was


def _callers_unchecked(subject: Subject) -> bool:
    """Who calls a service needs no role any more. A deployment sends this with all the rest, however long it has been so.

    https://cloud.google.com/run/docs/securing/managing-access#invoker_check
    """
    if not became(subject, True, *_UNCHECKED):
        return False
    deploys = any(True for _ in find(subject.after, "template"))
    told = bool(subject.before) or subject.change_type is ChangeType.CREATED or not deploys
    return told or masks(subject, "invokerIamDisabled")


def _deletion_protection_off(subject: Subject) -> bool:
    return subject.change_type is ChangeType.MODIFIED and became(subject, False, "deletionProtection", "deletionProtectionEnabled")


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
    "deletion_protection_off": _deletion_protection_off,
    "policy_taken_off": _policy_taken_off,
    "rule_loosened": _rule_loosened,
    "old_tls": _old_tls,
    "key_unrestricted": _key_unrestricted,
    "check_skipped": _check_skipped,
    "callers_unchecked": _callers_unchecked,
    "asks_no_password": lambda s: turned_off(s, "authEnabled"),
    "transfer_unlocked": lambda s: loosened(s, ("managementSettings",), "transferLockState", ("UNLOCKED",)),
    "shield_off": lambda s: became(s, False, "enableSecureBoot", "enableVtpm", "enableIntegrityMonitoring"),
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
