"""Audit records as they come in: the end of a log file, through rotations, or what was pushed into the inbox."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import RecordUnreadable
from core.json import JsonObject, parsed
from core.ports import Inbox
from core.providers.kubernetes.audit import unwrapped

MOST_BYTES = 32 * 1024 * 1024
KIND = "k8s-audit"
_MOST_ROWS = 1000


@dataclass(slots=True)
class Heard:
    """Audit records in order, where to go on, and what could not be read."""

    records: list[JsonObject] = field(default_factory=list)
    position: JsonObject = field(default_factory=dict)
    handled: tuple[str, ...] = ()
    unreadable: int = 0
    more: bool = False


def from_file(path: Path, position: JsonObject) -> Heard:
    """What was written since `position` (empty: from now on). A rotated file is read to its end first. Raises OSError."""
    here = path.stat()
    heard = Heard(position={"inode": here.st_ino, "offset": here.st_size})
    if not position:
        return heard
    offset = int(position.get("offset") or 0)
    if position.get("inode") != here.st_ino:
        rotated = _by_inode(path, position.get("inode"))
        if rotated is not None:
            _lines(rotated, offset, heard)
        offset = 0
    elif here.st_size < offset:
        offset = 0  # Cut off and begun anew, as logrotate's copytruncate does.
    heard.position["offset"] = _lines(path, offset, heard)
    return heard


def _by_inode(path: Path, inode: object) -> Path | None:
    for other in sorted(path.parent.glob(f"{path.stem}*")):
        if other != path and other.stat().st_ino == inode:
            return other
    return None


def _lines(path: Path, offset: int, heard: Heard) -> int:
    with path.open("rb") as opened:
        opened.seek(offset)
        content = opened.read(MOST_BYTES)
        heard.more = heard.more or opened.read(1) != b""
    end = content.rfind(b"\n") + 1  # A line that is still being written waits for the next time.
    if not end and len(content) == MOST_BYTES:
        heard.unreadable += 1
        return offset + len(content)
    for line in content[:end].splitlines():
        if line.strip():
            _one(line, heard)
    return offset + end


def from_inbox(inbox: Inbox, source: str) -> Heard:
    """What the audit webhook pushed for this source."""
    heard = Heard()
    rows = inbox.pending(KIND, source, _MOST_ROWS)
    heard.more = len(rows) >= _MOST_ROWS
    for row in rows:
        _one(row.body, heard)
    heard.handled = tuple(row.key for row in rows)
    return heard


def _one(content: bytes, heard: Heard) -> None:
    try:
        told = parsed(content)
    except ValueError:
        heard.unreadable += 1
        return
    listed = told.get("items") if isinstance(told, dict) else told
    for record in listed if isinstance(listed, list) else [told]:
        try:
            heard.records.append(unwrapped(record))
        except (RecordUnreadable, AttributeError):
            heard.unreadable += 1


def exists(path: Path) -> bool:
    return os.access(path, os.R_OK)
