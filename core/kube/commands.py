"""What a rule may ask of the command that is run inside a pod: from the request's address, or from what was sent. Each is pure."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from core.kube.attacks import ATTACKERS_COMMANDS
from core.kube.subject import Subject, items

# Where a pod, its node and its cloud keep what one may act as: mounted tokens, private keys, the control plane's own, the metadata server.
# https://attack.mitre.org/techniques/T1552/ and https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
_CREDENTIALS = re.compile(
    r"/run/secrets/(kubernetes\.io|eks\.amazonaws\.com|azure/tokens|tokens)\b|/\.ssh/id_|/etc/shadow\b|/etc/kubernetes/(pki|admin\.conf)"
    r"|/\.(aws/credentials|kube/config)\b|169\.254\.169\.254|metadata\.google\.internal"
)


def _command(subject: Subject) -> str:
    """The words as one line, as asked by address or by body."""
    return " ".join(map(str, [*parse_qs(urlsplit(subject.path).query).get("command", []), *items(subject.after, "command")]))


def _takes_credentials(subject: Subject) -> bool:
    return bool(_CREDENTIALS.search(_command(subject)))


def _attackers(subject: Subject) -> bool:
    return bool(ATTACKERS_COMMANDS.search(_command(subject)))


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {"command_takes_credentials": _takes_credentials, "command_of_attackers": _attackers}
