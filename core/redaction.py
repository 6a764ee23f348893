"""Secrets never leave `normalize`: each value that may be one is replaced by a hash under a stored key.

Equal secrets give equal hashes, so "the secret changed" is seen and the secret is not.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from core.json import JsonValue, canonical

# Words of a field's name that mark its value as a secret. From the name rules of detect-secrets' keyword plugin and GitHub's
# push-protection patterns, widened by what Terraform providers mark as sensitive.
_SECRET_NAME = re.compile(
    r"(passw(or)?d|passphrase|passwd|secret|token|api[_-]?key|apikey|private[_-]?key|access[_-]?key|client[_-]?key|"
    r"signing[_-]?key|encryption[_-]?key|credential|auth[_-]?key|connection[_-]?string|kubeconfig|certificate[_-]?data|"
    r"client[_-]?certificate|user[_-]?data|startup[_-]?script|bearer|cookie|session[_-]?key|webhook[_-]?url|dsn|htpasswd|pgpass)",
    re.IGNORECASE,
)
# Names that hold one of the words above and are no secret themselves: ids, names, ARNs, counts, switches, policies, versions, times.
_HARMLESS_NAME = re.compile(
    r"(^|[._-])(public_key|secret_?name|secret_?ref|secret_?id|token_?type|key_?id|key_?name|keypair_?name|[a-z_]*_arn|arn|[a-z_]*_?count|"
    r"http_tokens|http_put_response_hop_limit|token_ttl|[a-z_]*_?policy|[a-z_]*_?enabled|[a-z_]*_?version|[a-z_]*_?rotation|"
    r"automount\w*|image_?pull_?secrets|user_data_replace_on_change|client_?request_?token|next_?token|[a-z_]*_(at|time|date|expir\w*|length|days))$",
    re.IGNORECASE,
)
# Values that are secrets whatever their field is called. Sources: GitHub secret scanning formats, RFC 7468 (PEM), RFC 7519 (JWT).
_SECRET_VALUE = re.compile(
    r"(-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b|\bglpat-[A-Za-z0-9_-]{20,}\b"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}\b|\bxapp-[A-Za-z0-9-]{10,}\b"
    r"|\bsk-[A-Za-z0-9_-]{20,}\b|\bAIza[0-9A-Za-z_-]{35}\b|\bya29\.[0-9A-Za-z_-]{20,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}"
    r"|\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]+@[^\s]+)"
)
_MARK = "redacted:"


@dataclass(frozen=True, slots=True)
class Redactor:
    """Replaces secrets by keyed hashes. `key` is random bytes kept in the store; the same key gives the same hash for ever."""

    key: bytes = field(repr=False)

    def hash(self, value: JsonValue) -> str:
        """`redacted:` and 12 hex digits of HMAC-SHA256 over the canonical JSON. A hash is not hashed again."""
        if isinstance(value, str) and value.startswith(_MARK):
            return value
        return _MARK + hmac.new(self.key, canonical(value).encode(), hashlib.sha256).hexdigest()[:12]

    @staticmethod
    def names_secret(name: str) -> bool:
        """Does this field's name (or dotted path) mark its value as a secret?"""
        last = _snake(name.rsplit(".", 1)[-1])
        return bool(_SECRET_NAME.search(last)) and not _HARMLESS_NAME.search(last)

    def text(self, value: str) -> str:
        """Free text with every recognisable secret inside it replaced."""
        return _SECRET_VALUE.sub(lambda found: self.hash(found.group(0)), value)

    def value(self, value: JsonValue, *, name: str = "", secret_paths: Collection[str] = (), path: str = "") -> JsonValue:
        """A JSON value with secrets replaced at any depth: by name, by recognisable form, and wholly at `secret_paths` (dotted)."""
        if value is None or isinstance(value, bool) or value == "":
            return value
        if path in secret_paths:
            return self.hash(value)
        if isinstance(value, Mapping):
            if name and self.names_secret(name) and not all(isinstance(v, (Mapping, list)) for v in value.values()):
                return {k: self.hash(v) if not isinstance(v, bool) and v not in (None, "") else v for k, v in value.items()}
            return {k: self._named(value, str(k), v, secret_paths, f"{path}.{k}" if path else str(k)) for k, v in value.items()}
        if name and self.names_secret(name):
            return self.hash(value)
        if isinstance(value, list | tuple):
            return [self.value(v, name=name, secret_paths=secret_paths, path=f"{path}.{i}") for i, v in enumerate(value)]
        return self.text(value) if isinstance(value, str) else value

    def _named(self, siblings: Mapping[str, JsonValue], key: str, value: JsonValue, secret_paths: Collection[str], path: str) -> JsonValue:
        # Environment variables and the like are lists of {name: DB_PASSWORD, value: ...}: the sibling holds the telling name.
        told = siblings.get("name") or siblings.get("Name") or siblings.get("key") or siblings.get("Key")
        if key.lower() in ("value", "default", "string_value") and isinstance(told, str) and self.names_secret(told):
            return self.hash(value) if value not in (None, "") else value
        return self.value(value, name=key, secret_paths=secret_paths, path=path)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(" ", "_").lower()
