"""What a rule may ask of the ways into a cluster that Ingress and service meshes keep. Each is pure."""

import re
from collections.abc import Callable, Iterator, Mapping

from core.kube.subject import Subject, items, mapping

_NGINX = "nginx.ingress.kubernetes.io/"
# Annotations that hold one value, into which no directive of nginx belongs: CVE-2025-24514, CVE-2025-1097 and CVE-2025-1098.
_VALUES = tuple(f"{_NGINX}{name}" for name in ("auth-url", "auth-tls-match-cn", "mirror-target", "mirror-host"))
_DIRECTIVE_INSIDE = re.compile(r"[;\n]")
# What the controller's own block list keeps out of snippets that hold directives: CVE-2021-25742 and
# https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/#annotation-value-word-blocklist
_CODE = re.compile(
    r"\bload_module\b|\blua_package|_by_lua|serviceaccount|/var/run/secrets|\bssl_engine\b|\b(alias|root)\s+/", re.IGNORECASE
)


def _annotations(subject: Subject) -> Iterator[tuple[str, str]]:
    for key, value in mapping(subject.after, "metadata", "annotations").items():
        if isinstance(value, str):
            yield str(key), value


def _ingress_injects(subject: Subject) -> bool:
    return any(
        (key.startswith(_NGINX) and key.endswith("-snippet") and _CODE.search(value))
        or (key in _VALUES and _DIRECTIVE_INSIDE.search(value))
        for key, value in _annotations(subject)
    )


def _allow_list_opened(subject: Subject) -> bool:
    """The list of who may come in is taken away, or names every address."""
    return any(
        str(key).endswith("list-source-range") and (value is None or any(one.strip().endswith("/0") for one in str(value).split(",")))
        for key, value in mapping(subject.after, "metadata", "annotations").items()
    )


def _authorizes_all(subject: Subject) -> bool:
    """A rule without from, to and when fits every request. https://istio.io/latest/docs/concepts/security/#allow-nothing-deny-all-and-allow-all-policy"""
    spec = mapping(subject.after, "spec")
    return spec.get("action", "ALLOW") == "ALLOW" and any(
        isinstance(rule, dict) and not any(rule.get(key) for key in ("from", "to", "when")) for rule in items(spec, "rules")
    )


def _traffic_led(subject: Subject) -> bool:
    """Of a status that is written: where a service's traffic comes in, or where a node's kubelet answers."""
    status = mapping(subject.after, "status")
    return bool(mapping(status, "loadBalancer") or items(status, "addresses") or mapping(status, "daemonEndpoints"))


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "ingress_injects": _ingress_injects,
    "authorizes_all": _authorizes_all,
}
# Of what a patch itself tells, whatever stood before.
STANDING: Mapping[str, Callable[[Subject], bool]] = {
    "traffic_led": _traffic_led,
    "allow_list_opened": _allow_list_opened,
}
