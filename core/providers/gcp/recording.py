"""Conditions about what is recorded and watched: audit configuration, sinks, logs, detectors. Field names are those of Google's APIs."""

from collections.abc import Callable, Mapping

from core.json import JsonValue
from core.providers.gcp.subject import Subject, find
from core.providers.gcp.switches import became, sets_only, turned_off, was_on


def _audit_config_narrowed(subject: Subject) -> bool:
    if any(
        str(delta.get("action")).upper() == "REMOVE" or delta.get("exemptedMember")
        for deltas in find(subject.metadata, "auditConfigDeltas")
        if isinstance(deltas, list)
        for delta in deltas
        if isinstance(delta, Mapping)
    ):
        return True
    if not any(path.startswith(("iam.auditConfigs", "iam.audit_configs")) for path in subject.changed):
        return False
    (was, exempt), (now, exempt_now) = _recorded(subject.before), _recorded(subject.after)
    return bool(was - now) or bool(exempt_now - exempt)


def _recorded(state: JsonValue) -> tuple[set[tuple[str, str]], set[str]]:
    """The types of log of each service that are kept, and who is exempt. https://cloud.google.com/iam/docs/reference/rest/v1/Policy#AuditConfig"""
    kept: set[tuple[str, str]] = set()
    exempt: set[str] = set()
    configs = [one for told in find(state, "auditConfigs") if isinstance(told, list) for one in told if isinstance(one, Mapping)]
    for config in configs:
        for kind in find(config, "logType"):
            kept.add((str(config.get("service")), str(kind)))
        exempt.update(str(one) for members in find(config, "exemptedMembers") if isinstance(members, list) for one in members)
    return kept, exempt


def _no_audit_config_left(subject: Subject) -> bool:
    """Only the audit configuration is replaced, and by none. https://cloud.google.com/iam/docs/reference/rest/v1/Policy#AuditConfig"""
    mask = {part.strip().lower() for value in find(subject.after, "updateMask") if isinstance(value, str) for part in value.split(",")}
    policies = [value for value in find(subject.after, "policy") if isinstance(value, Mapping)]
    told = any(True for _ in find(subject.metadata, "auditConfigDeltas"))
    return bool(policies) and mask - {"etag"} == {"auditconfigs"} and not told and not any(p.get("auditConfigs") for p in policies)


def _flow_logs_off(subject: Subject) -> bool:
    if subject.before:
        return was_on(subject, "enableFlowLogs") or (_logged(subject.before) and not _logged(subject.after))
    return became(subject, False, "enableFlowLogs") or any(
        isinstance(config, Mapping) and config.get("enable") is False for config in find(subject.after, "logConfig")
    )


def _logged(state: JsonValue) -> bool:
    return any(isinstance(config, Mapping) and config.get("enable") is True for config in find(state, "logConfig"))


def _kept_briefly(subject: Subject) -> bool:
    """Shorter than the default, and not longer than before. https://cloud.google.com/logging/quotas#logs_retention_periods"""
    now, was = _days(subject.after), _days(subject.before)
    return bool(now) and 0 < min(now) < 30 and (not was or min(now) < min(was))


def _days(state: JsonValue) -> list[int]:
    return [int(str(days)) for days in find(state, "retentionDays") if str(days).isdigit()]


def _detector_off(subject: Subject) -> bool:
    """https://cloud.google.com/security-command-center/docs/reference/security-center-management/rest/v1/SecurityCenterService"""
    states = ("serviceEnablementState", "moduleEnablementState", "intendedEnablementState", "enablementState")
    return any(str(value).upper().endswith("DISABLED") for value in find(subject.after, *states) if isinstance(value, str))


RECORDING: Mapping[str, Callable[[Subject], bool]] = {
    "audit_config_narrowed": _audit_config_narrowed,
    "no_audit_config_left": _no_audit_config_left,
    "flow_logs_off": _flow_logs_off,
    "kept_briefly": _kept_briefly,
    "query_logs_off": lambda s: became(s, False, "enableLogging"),
    "sink_disabled": lambda s: bool(s.before) and became(s, True, "disabled"),
    "detector_off": _detector_off,
    "alert_off": lambda s: turned_off(s, "enabled"),
    "sets_only_logging": lambda s: sets_only(s, "logConfig"),
}
