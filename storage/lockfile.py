"""One process owns a SQLite file: it holds an flock on `<file>.lock`, in which its process id is written."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from core.errors import StorageBusy, StorageError


@dataclass(slots=True)
class LockFile:
    """Held until `release`, or until the process ends in whatever way."""

    path: Path
    descriptor: int

    @classmethod
    def take(cls, database: Path) -> "LockFile":
        """Raises StorageBusy where another process (or another store of this one) owns the file."""
        path = database.with_name(f"{database.name}.lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(
                f"{path} cannot be written ({error.strerror})", next_step=f"Give WGO's user the right to write in {path.parent}."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise StorageBusy(
                f"another WGO (pid {owner}) owns {database}",
                next_step="Stop it first, or use a command that only reads (catchup, doctor, ask).",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(path=path, descriptor=descriptor)

    def release(self) -> None:
        """The file stays: removing it would let two processes lock two files of one name."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
