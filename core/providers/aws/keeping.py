"""How long things are kept: questions about requests that set when logs and objects are deleted by age. Pure."""

import re
from collections.abc import Iterator, Mapping

from core.json import JsonObject, JsonValue
from core.providers.aws.subject import Subject, find, texts

# A week or less: what is found out later is found out without what was deleted.
_BRIEF_DAYS = 7
# A month: most mistakes are found by then, and test data is tidied away so.
_SOON_DAYS = 30
# Log groups as AWS's own guides name them, where what happened is kept:
# https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html, https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html
_AUDIT = re.compile(r"cloudtrail|audit|flow-?_?logs?\b|guardduty|/aws/eks/.+/cluster$|route53resolver", re.IGNORECASE)


def kept_briefly(subject: Subject) -> bool:
    return any(value.isdigit() and int(value) <= _BRIEF_DAYS for value in texts(subject.after, "retentionInDays"))


def of_audit(subject: Subject) -> bool:
    """Is it a log group whose name says that it holds what happened?"""
    return any(_AUDIT.search(name) for name in texts(subject.after, "logGroupName", "logGroupIdentifier"))


def lifecycle_expires_soon(subject: Subject) -> bool:
    """A rule that is on deletes objects within a month; what is kept for longer is what retention is for.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
    """
    return any(_within(rule, _SOON_DAYS) for rule in _expiring(subject))


def lifecycle_empties(subject: Subject) -> bool:
    """A rule that is on deletes the whole bucket's objects, or a trail's, within a week."""
    return any(_within(rule, _BRIEF_DAYS) and _wide(rule) for rule in _expiring(subject))


def _expiring(subject: Subject) -> Iterator[JsonObject]:
    for found in find(subject.after, "rule", "rules"):
        for rule in found if isinstance(found, list) else [found]:
            if isinstance(rule, dict) and _on(rule) and any(bool(one) for one in find(rule, "expiration", "noncurrentVersionExpiration")):
                yield rule


def _on(rule: JsonObject) -> bool:
    return not any(value.lower() == "disabled" for value in texts(rule, "status"))


def _within(rule: JsonObject, most: int) -> bool:
    ends = [one for one in find(rule, "expiration", "noncurrentVersionExpiration") if isinstance(one, Mapping)]
    days = (value for end in ends for value in texts(end, "days", "noncurrentDays"))
    return any(value.isdigit() and int(value) <= most for value in days) or any(True for end in ends for _ in texts(end, "date"))


def _wide(rule: JsonObject) -> bool:
    """Over everything, or over what a trail writes. A part by prefix, tag or size is somebody's own tidying."""
    parts: list[JsonValue] = [one for one in find(rule, "tag", "tags", "objectSizeGreaterThan", "objectSizeLessThan") if one]
    prefixes = [value.strip("*/") for value in texts(rule, "prefix")]
    return not parts and all(not prefix or "awslogs" in prefix.lower() for prefix in prefixes)
