"""Raw records out of files: `.json`, `.jsonl`, either gzipped, or folders of them. Streaming; a record that cannot be read says why."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import RecordUnreadable, SettingsError
from core.json import JsonObject, JsonValue, parsed

SUFFIXES = (".json", ".jsonl", ".ndjson", ".tfstate", ".json.gz", ".jsonl.gz", ".ndjson.gz", ".tfstate.gz", ".log", ".log.gz")
LIST_KEYS = ("Records", "items", "entries")
LARGEST_DOCUMENT = 512 * 1024 * 1024
_LINES = (".jsonl", ".ndjson", ".log")


@dataclass(frozen=True, kw_only=True, slots=True)
class RawRecord:
    """One record and where it stands. `line` is the line on which its document begins, from 1. Either `body` or `error` is set."""

    file: str
    line: int
    body: JsonObject | None = None
    error: str = ""


def files(paths: Sequence[Path]) -> list[Path]:
    """The files that `paths` name, folders opened (sorted by name, at any depth). Raises SettingsError for one that is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and p.name.endswith(SUFFIXES))
            if not inside:
                raise SettingsError(f"{path} holds no records", next_step=f"A folder's files must end in one of {', '.join(SUFFIXES)}.")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise SettingsError(f"{path} is not there", next_step="Name a file or a folder that exists.")
    return found


def read(path: Path, *, unwrap: str = "") -> Iterator[RawRecord]:
    """Every record of one file, in its order. Never raises for what is in the file: that is a record with an `error`."""
    try:
        with path.open("rb") as opened:
            zipped = opened.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if zipped else path.open("rb") as stream:
            bare = path.name.removesuffix(".gz")
            source = _lines(stream) if bare.endswith(_LINES) else _document(stream)
            for line, value in source:
                yield from _records(str(path), line, value, unwrap)
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        yield RawRecord(file=str(path), line=1, error=f"the file cannot be read to its end: {error}")


def _lines(stream: "IO[bytes] | gzip.GzipFile") -> Iterator[tuple[int, JsonValue]]:
    for number, line in enumerate(stream, start=1):
        if line.strip():
            yield number, _parse(line)


def _document(stream: "IO[bytes] | gzip.GzipFile") -> Iterator[tuple[int, JsonValue]]:
    content = stream.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        yield 1, RecordUnreadable(f"the document is larger than {LARGEST_DOCUMENT // 1024 // 1024} MiB; give it as JSON lines")
        return
    value = _parse(content)
    lines = content.splitlines()
    if isinstance(value, RecordUnreadable) and len(lines) > 1 and not isinstance(_parse(lines[0]), RecordUnreadable):
        # JSON lines under the name .json, as many exports write them.
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, _parse(line)
        return
    yield 1, value


def _parse(content: bytes) -> JsonValue:
    """The value, or the RecordUnreadable that says why there is none."""
    try:
        return parsed(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return RecordUnreadable(f"not UTF-8 at byte {error.start}")
    except json.JSONDecodeError as error:
        return RecordUnreadable(f"not JSON: {error.msg} at column {error.colno}" + (f" of line {error.lineno}" if error.lineno > 1 else ""))
    except ValueError as error:
        return RecordUnreadable(f"not readable JSON: {error}")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _records(file: str, line: int, value: JsonValue, unwrap: str) -> Iterator[RawRecord]:
    if isinstance(value, RecordUnreadable):
        yield RawRecord(file=file, line=line, error=str(value))
    elif isinstance(value, list):
        for member in value:
            yield _record(file, line, member, unwrap)
    elif (
        isinstance(value, dict)
        and not unwrap
        and (members := next((value[k] for k in LIST_KEYS if isinstance(value.get(k), list)), None)) is not None
    ):
        for member in members:
            yield _record(file, line, member, "")
    else:
        yield _record(file, line, value, unwrap)


def _record(file: str, line: int, value: JsonValue, unwrap: str) -> RawRecord:
    if not isinstance(value, dict):
        return RawRecord(file=file, line=line, error=f"a record must be a JSON object, not {type(value).__name__}")
    if unwrap:
        inner = value.get(unwrap)
        if not isinstance(inner, dict):
            return RawRecord(file=file, line=line, error=f"there is no object under {unwrap!r} (--unwrap)")
        return RawRecord(file=file, line=line, body=inner)
    return RawRecord(file=file, line=line, body=value)
