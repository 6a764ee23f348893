"""States on this machine's disks: files, folders, globs. A poll that finds nothing new asks for each file's status and reads nothing."""

import glob
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from core.clock import Deadline
from core.errors import ProviderForbidden, ProviderUnreachable, RecordUnreadable, WgoError
from core.providers.terraform import locks
from core.providers.terraform.backend import Content, Glimpse, Look, Stamps, Unread
from core.providers.terraform.locks import Lock
from core.providers.terraform.origin import Place

NAME = "terraform.tfstate"
WORKSPACES = "terraform.tfstate.d"
# A file that is being written is read again at once this often; then the next poll tries.
_TRIES = 3
# Opening a pipe must not wait for whoever writes into it.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_LOCK_BYTES = 64 * 1024


@dataclass(slots=True)
class LocalStates:
    source: str
    paths: tuple[str, ...]
    largest_bytes: int
    writes_often: bool = True

    def look(self, stamps: Stamps, deadline: Deadline) -> Look:
        states: dict[str, Glimpse] = {}
        unread: list[Unread] = []
        for pattern in self.paths:
            found = False
            for path in self._files(pattern):
                found = True
                try:
                    states[str(path)] = self._glimpse(path)
                except RecordUnreadable as error:
                    unread.append(Unread(part=label(path), why=error, place=_place(path)))
                except OSError as error:
                    unread.append(Unread(part=label(path), why=self._ours(path, error), place=_place(path)))
            if not found:
                unread.append(Unread(part=pattern, why=self._nothing(pattern)))
        return Look(states=tuple(states.values()), unread=tuple(unread))

    def _files(self, pattern: str) -> Iterator[Path]:
        spelled = _absolute(pattern)
        if glob.has_magic(pattern):
            # Globs leave out hidden folders, so .terraform (the backend's own notes) is never taken for a state.
            found = sorted(glob.glob(spelled, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
            yield from (path for path in map(Path, found) if path.exists() and not path.is_dir())
            return
        path = Path(spelled)
        if path.is_dir():
            inside = (path / NAME, *sorted((path / WORKSPACES).glob(f"*/{NAME}")))
            yield from (state for state in inside if state.exists())
        elif path.exists() or path.is_symlink():
            yield path

    def _nothing(self, pattern: str) -> WgoError:
        if glob.has_magic(pattern):
            return RecordUnreadable(f"no file matches {pattern}", next_step="Check the pattern; ** goes through folders.")
        step = "It appears with the first apply; else check the path and that it is mounted here."
        return RecordUnreadable(f"{pattern} is not there", next_step=step)

    def _glimpse(self, path: Path) -> Glimpse:
        status = _of_a_file(path, path.stat())
        return Glimpse(
            place=_place(path),
            where=str(path),
            stamp=_stamp(status),
            written_at=datetime.fromtimestamp(status.st_mtime, UTC),
            size=status.st_size,
            lock_stamp=_lock_stamp(path),
        )

    def read(self, glimpse: Glimpse, deadline: Deadline) -> Content:
        path = Path(glimpse.where)
        try:
            for _ in range(_TRIES):
                before, body = _content(path, self.largest_bytes)
                after = path.stat()
                if _stamp(before) == _stamp(after) == glimpse.stamp and body.rstrip().endswith(b"}"):
                    return Content(body=body, written_at=datetime.fromtimestamp(after.st_mtime, UTC))
                if _stamp(before) == _stamp(after):
                    break
        except OSError as error:
            raise self._ours(path, error) from error
        if _stamp(after) != glimpse.stamp:
            raise RecordUnreadable("the file is being written", next_step="It is read with the next poll.")
        return Content(body=body, written_at=datetime.fromtimestamp(after.st_mtime, UTC))

    def lock(self, glimpse: Glimpse, deadline: Deadline) -> Lock | None:
        try:
            return locks.read(_content(_lock_file(Path(glimpse.where)), _LOCK_BYTES)[1])
        except (OSError, RecordUnreadable):
            return None  # Let go meanwhile, or no lock of Terraform's.

    def expects(self, place_id: str) -> bool:
        return any(_covers(_absolute(pattern), place_id) for pattern in self.paths)

    def _ours(self, path: Path, error: OSError) -> WgoError:
        if isinstance(error, PermissionError):
            step = f"Let the user that WGO runs as read {path} and enter its folders."
            return ProviderForbidden(f"{path} may not be read", source=self.source, needs=f"read on {path}", next_step=step)
        if isinstance(error, FileNotFoundError):
            return RecordUnreadable(f"{path} is not there", next_step="Check the path and that it is mounted here.")
        return ProviderUnreachable(f"{path} cannot be read: {error.strerror or error}", source=self.source)

    def close(self) -> None:
        """Nothing is held open."""


def _content(path: Path, limit: int) -> tuple[os.stat_result, bytes]:
    """What the opened file is and holds. Raises OSError, and RecordUnreadable for more than the limit and for what is no file."""
    with open(os.open(path, _FLAGS), "rb") as opened:  # noqa: PTH123 - of a descriptor, not a path
        status = _of_a_file(path, os.fstat(opened.fileno()))
        if status.st_size > limit:
            raise too_large(status.st_size, limit)
        body = opened.read(limit + 1)
    if len(body) > limit:
        raise too_large(len(body), limit)
    return status, body


def _of_a_file(path: Path, status: os.stat_result) -> os.stat_result:
    """The status, where it is a regular file's: a pipe may never answer, and a device may never end."""
    if stat.S_ISREG(status.st_mode):
        return status
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))
    what = next((name for test, name in kinds if test(status.st_mode)), "a device")
    raise RecordUnreadable(f"{path} is {what}, and only files are read", next_step="Name the state file itself, or take the path out.")


def too_large(size: int, limit: int) -> RecordUnreadable:
    mib = 1024 * 1024
    return RecordUnreadable(
        f"the state is larger than what is read ({size / mib:.1f} MiB, the limit is {limit / mib:g} MiB)",
        next_step="Raise largest_mib for this source, or split the state.",
    )


def label(path: Path) -> str:
    """The folders that people know a state by: infra/prod, infra/prod:staging for a workspace of it."""
    folder, workspace = path.parent, ""
    if folder.parent.name == WORKSPACES:
        folder, workspace = folder.parent.parent, folder.name
    named = "/".join(part for part in folder.parts[-2:] if part != "/")
    if path.name != NAME:
        named = f"{named}/{path.name.removesuffix('.tfstate')}"
    return f"{named}:{workspace}" if workspace else named or path.name


def _place(path: Path) -> Place:
    return Place(id=str(path), label=label(path))


def _absolute(pattern: str) -> str:
    return os.path.abspath(os.path.expanduser(pattern))  # noqa: PTH100, PTH111 - of a pattern, which need not be a path


def _covers(pattern: str, place_id: str) -> bool:
    if pattern == place_id or fnmatchcase(place_id, pattern.replace("**/", "*")):
        return True
    return place_id == f"{pattern}/{NAME}" or fnmatchcase(place_id, f"{glob.escape(pattern)}/{WORKSPACES}/*/{NAME}")


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"


def _lock_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock.info")


def _lock_stamp(path: Path) -> str:
    try:
        return _stamp(_lock_file(path).stat())
    except OSError:
        return ""
