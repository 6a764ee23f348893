"""Switches that sit in lists of keys and values, or are words: what a request turns off or lets through. Pure."""

from collections.abc import Iterator, Mapping

from core.providers.aws.policies import ACCOUNT
from core.providers.aws.subject import Subject, find, texts

_WEB = frozenset({"80", "443"})
# Parameters with which an engine asks its clients for TLS:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
_ASKS_FOR_TLS = frozenset({"rds.force_ssl", "require_secure_transport", "require_ssl"})
# Documents of AWS's own that bring no command of the caller's:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager-ssm-documents.html
_UPKEEP_DOCUMENTS = frozenset({"AWS-UpdateSSMAgent", "AWS-GatherSoftwareInventory", "AWS-RunPatchBaseline", "AWS-RefreshAssociation"})


def _pairs(subject: Subject, holder: str, key: str, value: str) -> Iterator[tuple[str, str]]:
    """The rows of a list such as [{key: …, value: …}], in lower case."""
    for found in find(subject.after, holder):
        for row in found if isinstance(found, list) else []:
            if isinstance(row, Mapping):
                names, values = list(texts(row, key)), [str(one) for one in find(row, value)]
                yield from ((name.lower(), one.lower()) for name in names for one in values)


def balancer_unprotected(subject: Subject) -> bool:
    return ("deletion_protection.enabled", "false") in set(_pairs(subject, "attributes", "key", "value"))


def balancer_unlogged(subject: Subject) -> bool:
    return ("access_logs.s3.enabled", "false") in set(_pairs(subject, "attributes", "key", "value"))


def plain_text_allowed(subject: Subject) -> bool:
    """Clients are asked for TLS no more: by an engine's parameter, or a domain's setting."""
    parameters = _pairs(subject, "parameters", "parameterName", "parameterValue")
    asked = any(name in _ASKS_FOR_TLS and value in ("0", "off", "false") for name, value in parameters)
    return asked or any(str(value).lower() == "false" for value in find(subject.after, "enforceHTTPS"))


def token_deleted(subject: Subject) -> bool:
    return any(value.upper() == "DELETE" for value in texts(subject.after, "authTokenUpdateStrategy"))


def public_connectivity(subject: Subject) -> bool:
    kinds = (kind for access in find(subject.after, "publicAccess") for kind in texts(access, "type"))
    return any(kind.upper() != "DISABLED" for kind in kinds)


def grants_to_other_account(subject: Subject) -> bool:
    named = texts(subject.after, "granteePrincipal", "retiringPrincipal")
    return bool(subject.account) and any(found != subject.account for one in named for found in ACCOUNT.findall(one))


def out_to_the_web(subject: Subject) -> bool:
    """A rule for what may go out, and only to the ports of web servers."""
    ports = set(texts(subject.after, "fromPort", "toPort"))
    return "egress" in subject.call.lower() and bool(ports) and ports <= _WEB


def upkeep_document(subject: Subject) -> bool:
    named = set(texts(subject.after, "documentName", "name"))
    return bool(named) and named <= _UPKEEP_DOCUMENTS


def own_and_proved(subject: Subject) -> bool:
    """A user acts on themselves in a session that proved a second factor. Root has nobody above who would notice."""
    named = set(texts(subject.after, "userName"))
    return subject.second_factor == "true" and bool(named) and named == {subject.caller} and subject.caller != "root"
