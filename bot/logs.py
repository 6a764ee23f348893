"""Structured logging: one line a fact, stable keys, no secrets."""

import json
import logging
import sys
from datetime import UTC, datetime

from pydantic import SecretStr

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_MARK = "••••"


class Lines(logging.Formatter):
    """`time level logger "words" key=value …`; values as JSON where they hold spaces."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 6)

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        extra = " ".join(f"{key}={_written(value)}" for key, value in vars(record).items() if key not in _STANDARD)
        line = f"{at} {record.levelname.lower()} {record.name} {json.dumps(record.getMessage(), ensure_ascii=False)} {extra}".rstrip()
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        for secret in self._secrets:
            line = line.replace(secret, _MARK)
        return line


def _written(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(one in text for one in ' "=\n') else text


def set_up(level: str, secrets: tuple[SecretStr | None, ...] = ()) -> None:
    """Log to standard error. Libraries speak from warning on; the values in `secrets` are never written."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(tuple(secret.get_secret_value() for secret in secrets if secret is not None)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("bot", "core", "storage"):
        logging.getLogger(ours).setLevel(level.upper())
