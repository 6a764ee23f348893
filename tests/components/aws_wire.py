"""AWS's wire formats from the server's side, as far as the stand-ins need them: JSON with a target, queries answered in XML, CBOR.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html, RFC 8949
"""

import json
import struct
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

CBOR = "application/cbor"
JSON = "application/x-amz-json-1.1"
XML = "text/xml"


@dataclass(frozen=True)
class Call:
    """One request: its action, what it gives, the account that it names where it names one, and the content type of its answer."""

    action: str
    kind: str
    given: dict[str, Any]

    @property
    def account(self) -> str:
        return str(self.given.get("RoleArn", "")).split("::")[-1][:12]

    def answer(self, value: Any) -> bytes:
        if self.kind == XML:
            return str(value).encode()
        return _encoded(value) if self.kind == CBOR else json.dumps(value, default=_epoch).encode()

    def fault(self, code: str) -> tuple[int, bytes]:
        if self.kind == XML:
            said = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>as asked</Message></Error></ErrorResponse>"
            return 403, said.encode()
        return 400, self.answer({"__type": code, "message": "as the test asked"})


def read(path: str, headers: Mapping[str, str], body: bytes) -> Call:
    """The call that a request makes; an action that is only told by method and path (S3, Lambda) is empty."""
    target = headers.get("x-amz-target", "")
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return Call(path.rpartition("/")[2], CBOR, _decoded(body, 0)[0] if body else {})
    if target:
        return Call(target.rpartition(".")[2], JSON, json.loads(body or b"{}"))
    form = {key: values[0] for key, values in urllib.parse.parse_qs(body.decode(errors="replace")).items()}
    return Call(form.get("Action", ""), XML, form)


def _epoch(value: Any) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"no JSON: {value!r}")


# --- CBOR -----------------------------------------------------------------------------------------------------------------------


def _encoded(value: Any) -> bytes:
    if value is None or isinstance(value, bool):
        return b"\xf6" if value is None else b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, datetime):
        return _head(6, 1) + _encoded(value.timestamp())
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(_encoded, value))
    return _head(5, len(value)) + b"".join(_encoded(one) for pair in value.items() for one in pair)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size, form = next(
        (size, form) for size, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")) if number < 256 ** struct.calcsize(form)
    )
    return bytes([major << 5 | size]) + struct.pack(form, number)


def _decoded(body: bytes, at: int) -> tuple[Any, int]:
    major, low = body[at] >> 5, body[at] & 31
    at += 1
    if body[at - 1] in (0xF4, 0xF5, 0xF6):
        return {0xF4: False, 0xF5: True, 0xF6: None}[body[at - 1]], at
    if major == 7:
        form = {25: ">e", 26: ">f", 27: ">d"}[low]
        return struct.unpack_from(form, body, at)[0], at + struct.calcsize(form)
    if low == 31:
        return _endless(major, body, at)
    number = low
    if low >= 24:
        form = {24: ">B", 25: ">H", 26: ">I", 27: ">Q"}[low]
        number, at = struct.unpack_from(form, body, at)[0], at + struct.calcsize(form)
    if major in (0, 1):
        return number if major == 0 else -1 - number, at
    if major in (2, 3):
        return (body[at : at + number].decode() if major == 3 else body[at : at + number]), at + number
    if major == 6:
        value, at = _decoded(body, at)
        return datetime.fromtimestamp(value, UTC), at
    rows = []
    for _ in range(number * (2 if major == 5 else 1)):
        row, at = _decoded(body, at)
        rows.append(row)
    return (dict(zip(rows[::2], rows[1::2], strict=True)) if major == 5 else rows), at


def _endless(major: int, body: bytes, at: int) -> tuple[Any, int]:
    rows = []
    while body[at] != 0xFF:
        row, at = _decoded(body, at)
        rows.append(row)
    return (dict(zip(rows[::2], rows[1::2], strict=True)) if major == 5 else rows), at + 1
