"""Secrets never leave `normalize`: each value that may be one is replaced by a hash under a stored key.

Equal secrets give equal hashes, so "the secret changed" is seen and the secret is not.
"""

import contextlib
import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from core.json import JsonValue, canonical, parsed
from core.secret_patterns import without_secrets

# Words of a field's name that mark its value as a secret. From the name rules of detect-secrets' keyword plugin and GitHub's
# push-protection patterns, widened by what Terraform providers mark as sensitive.
_SECRET_NAME = re.compile(
    r"(passw(or)?d|passphrase|passwd|secret|token|api[_-]?key|apikey|private[_-]?key|access[_-]?key|client[_-]?key|"
    r"signing[_-]?key|encryption[_-]?key|credential|auth[_-]?key|connection[_-]?string|kubeconfig|certificate[_-]?data|"
    r"client[_-]?certificate|user[_-]?data|startup[_-]?script|bearer|cookie|session[_-]?key|webhook[_-]?url|dsn|htpasswd|pgpass|"
    r"account[_-]?key|shared[_-]?key|pass[_-]?key|license[_-]?key|pass[_-]?code|mnemonic|(^|_)(pass|pwd|authorization)\d*$)",
    re.IGNORECASE,
)
# Names that hold one of the words above and are no secret themselves: ids, names, ARNs, counts, switches, policies, versions, times.
_HARMLESS_NAME = re.compile(
    r"(^|[._-])(public_key|secret_?name|secret_?ref|secret_?id|token_?type|key_?id|key_?name|keypair_?name|[a-z_]*_arn|arn|[a-z_]*_?count|"
    r"http_tokens|http_put_response_hop_limit|token_ttl|[a-z_]*_?policy|[a-z_]*_?enabled|[a-z_]*_?version|[a-z_]*_?rotation|"
    r"automount\w*|image_?pull_?secrets|user_data_replace_on_change|client_?request_?token|next_?token|[a-z_]*_(at|time|date|expir\w*|length|days))$",
    re.IGNORECASE,
)
_MARK = "redacted:"
# Nothing shorter holds a secret together with what tells it.
_SHORTEST = 8
_LONGEST_JSON = 1024 * 1024


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
        return _marks_secret(name.rsplit(".", 1)[-1])

    def text(self, value: str) -> str:
        """Free text with every recognisable secret inside it replaced; JSON is opened, and stands as it was where it holds none."""
        if len(value) < _SHORTEST:
            return value
        if value[0] in "{[" and len(value) <= _LONGEST_JSON:
            # Nested too deep to be walked, it is read as any other text.
            with contextlib.suppress(ValueError, RecursionError):
                opened = parsed(value)
                hidden = self.value(opened)
                return value if hidden == opened else json.dumps(hidden, ensure_ascii=False)
        return without_secrets(value, self.hash, self.names_secret)

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


@lru_cache(maxsize=4096)
def _marks_secret(last: str) -> bool:
    snake = _snake(last)
    return bool(_SECRET_NAME.search(snake)) and not _HARMLESS_NAME.search(snake)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(" ", "_").lower()
