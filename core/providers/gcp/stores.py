"""Conditions about the guards of databases and buckets that are taken off. Field names are those of Google's APIs.

Programs and consoles often send a store's whole configuration to change one field of it: a request tells only where it sets no other.
"""

from collections.abc import Callable, Mapping

from core.event import ChangeType
from core.json import JsonValue
from core.providers.gcp.subject import Subject, find
from core.providers.gcp.switches import became, cleared, gone, loosened, part_off, sets_only, was_on

_LAX = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
# What has a database write its audit log: https://cloud.google.com/sql/docs/postgres/pg-audit and
# https://cloud.google.com/sql/docs/mysql/db-audit
_AUDIT_FLAGS = ("cloudsql.enable_pgaudit", "pgaudit.log", "cloudsql_mysql_audit")
_OFF = ("off", "none", "0", "false")


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
    if was_on(subject, "pointInTimeRecoveryEnabled") or _recovery_alone_off(subject):
        return True
    return any(
        str(v) in ("0", "0s") for policy in find(subject.after, "softDeletePolicy") for v in find(policy, "retentionDurationSeconds")
    )


def _recovery_alone_off(subject: Subject) -> bool:
    off = became(subject, False, "pointInTimeRecoveryEnabled")
    return off and sets_only(subject, "pointInTimeRecoveryEnabled", "enabled")


def _encryption_in_transit_off(subject: Subject) -> bool:
    """https://cloud.google.com/sql/docs/postgres/configure-ssl-instance#enforcing-ssl"""
    modes = [str(value).upper() for value in find(subject.after, "sslMode")]
    if not subject.before:
        off = _LAX in modes or (not modes and became(subject, False, "requireSsl"))
        return off and sets_only(subject, "sslMode", "requireSsl")
    asked_before = was_on(subject, "requireSsl") and not any(mode != _LAX for mode in modes)
    return asked_before or (_LAX in modes and _LAX not in [str(value).upper() for value in find(subject.before, "sslMode")])


def _public_address_on(subject: Subject) -> bool:
    return became(subject, True, "ipv4Enabled") and (bool(subject.before) or sets_only(subject, "ipv4Enabled"))


def _audit_flags_off(subject: Subject) -> bool:
    now, was = _audit_flags(subject.after), _audit_flags(subject.before)
    if subject.before:
        return any(value not in _OFF and now.get(name, "off") in _OFF for name, value in was.items())
    return any(value in _OFF for value in now.values()) and sets_only(subject, "databaseFlags")


def _audit_flags(state: JsonValue) -> dict[str, str]:
    return {
        str(flag["name"]): str(flag.get("value") or "").lower()
        for flags in find(state, "databaseFlags")
        if isinstance(flags, list)
        for flag in flags
        if isinstance(flag, Mapping) and flag.get("name") in _AUDIT_FLAGS
    }


def _public_access_prevention_off(subject: Subject) -> bool:
    now = [str(v).lower() for v in find(subject.after, "publicAccessPrevention")]
    was = [str(v).lower() for v in find(subject.before, "publicAccessPrevention")]
    return "enforced" not in now and bool(now) and (not was or "enforced" in was) and subject.change_type is ChangeType.MODIFIED


def _bucket_guard_off(subject: Subject) -> bool:
    """Its retention, its own key, the rule that only its policy decides, or the addresses that it is kept to."""
    lists_decide = part_off(subject, "uniformBucketLevelAccess") and (
        bool(subject.before) or sets_only(subject, "uniformBucketLevelAccess")
    )
    unfiltered = loosened(subject, ("ipFilter",), "mode", ("Disabled", "DISABLED")) and (
        bool(subject.before) or sets_only(subject, "ipFilter")
    )
    return cleared(subject, "retentionPolicy") or gone(subject, "defaultKmsKeyName") or lists_decide or unfiltered


STORES: Mapping[str, Callable[[Subject], bool]] = {
    "backups_off": _backups_off,
    "encryption_in_transit_off": _encryption_in_transit_off,
    "public_address_on": _public_address_on,
    "audit_flags_off": _audit_flags_off,
    "public_access_prevention_off": _public_access_prevention_off,
    "bucket_guard_off": _bucket_guard_off,
    "access_logs_off": lambda s: cleared(s, "logging"),
}
