"""What a rule may ask of the guards of a cluster: what they let pass, and what they still tell of. Each is pure."""

import re
from collections.abc import Callable, Mapping

from core.kube.namespaces import is_system
from core.kube.subject import Subject, items, mapping, text

_GATEKEEPER_IGNORES = "admission.gatekeeper.sh/ignore"
_ENFORCE = "pod-security.kubernetes.io/enforce"
_LEVELS = {"privileged": 0, "baseline": 1, "restricted": 2}
# Of Falco's rules, a line that still looks for something: https://falco.org/docs/concepts/rules/basic-elements/
_RULE = re.compile(r"^\s*(-\s*)?(rule|macro|items)\s*:", re.MULTILINE)
# https://docs.fluentbit.io/manual/pipeline/outputs/null
_OUTPUT = re.compile(r"\[OUTPUT\][^\[]*?\bname[ \t]+(\S+)", re.IGNORECASE)


def _webhook_exempts(subject: Subject) -> bool:
    """Some namespaces or objects are told not to be asked about."""
    return any(
        text(one, "operator") in ("NotIn", "DoesNotExist")
        for hook in items(subject.after, "webhooks")
        for selector in ("namespaceSelector", "objectSelector")
        for one in items(hook, selector, "matchExpressions")
    )


def _namespace_ignored(subject: Subject) -> bool:
    """Gatekeeper's own and the cluster's carry the label from the day on that it is installed."""
    value = mapping(subject.after, "metadata", "labels").get(_GATEKEEPER_IGNORES)
    return value is not None and not is_system(subject.name)


def _every_namespace_excluded(subject: Subject) -> bool:
    return any(
        "*" in items(one, "excludedNamespaces") and not {"*", "webhook"}.isdisjoint(map(str, items(one, "processes")))
        for one in items(subject.after, "spec", "match")
    )


def _standards_loosened(subject: Subject) -> bool:
    """The level that pods are held to is lower than before, or taken away. A patch tells of the taking away too."""
    labels, known = mapping(subject.after, "metadata", "labels"), mapping(subject.before, "metadata", "labels")
    if not subject.before:
        return _ENFORCE in labels and labels[_ENFORCE] in (None, "privileged")
    taken_away = known.get(_ENFORCE) in ("baseline", "restricted") and _ENFORCE not in labels
    return taken_away or _LEVELS.get(str(labels.get(_ENFORCE)), 1) < _LEVELS.get(str(known.get(_ENFORCE)), 1)


def _rules_emptied(subject: Subject) -> bool:
    values = mapping(subject.after, "data").values()
    return bool(values) and not any(isinstance(value, str) and _RULE.search(value) for value in values)


def _carries_nowhere(subject: Subject) -> bool:
    outputs = [name.lower() for value in mapping(subject.after, "data").values() for name in _OUTPUT.findall(str(value))]
    return bool(outputs) and set(outputs) == {"null"}


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "webhook_exempts": _webhook_exempts,
    "namespace_ignored": _namespace_ignored,
    "every_namespace_excluded": _every_namespace_excluded,
}
# Of what a change itself tells, whatever stood before.
STANDING: Mapping[str, Callable[[Subject], bool]] = {
    "standards_loosened": _standards_loosened,
    "rules_emptied": _rules_emptied,
    "carries_nowhere": _carries_nowhere,
}
