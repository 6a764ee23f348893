"""Disks that fill up: a file system of a few megabytes where this machine lets us mount one, else a limit on the bot's files."""

import contextlib
import errno
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MOUNT, _UMOUNT = ("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs"), "umount"


def mountable() -> str:
    """Why no file system can be mounted here; empty where one can."""
    if os.geteuid() != 0:
        return "only root may mount a file system"
    with tempfile.TemporaryDirectory() as folder:
        try:
            ran = subprocess.run([*_MOUNT, folder], capture_output=True, text=True, check=False)
        except OSError as error:
            return f"no mount program ({error.strerror})"
        if ran.returncode:
            return f"mounting is not permitted here ({ran.stderr.strip()[-80:]})"
        subprocess.run([_UMOUNT, folder], check=True)
    return ""


@dataclass(slots=True)
class SmallDisk:
    """A folder on a file system of its own. `fill` leaves no byte free; whatever process writes there."""

    folder: Path

    def fill(self, _: int) -> None:
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while filler.write(b"\0" * size):
                        pass

    def free(self, _: int) -> None:
        (self.folder / "filler").unlink()


@dataclass(slots=True)
class LimitedFiles:
    """A folder like any; `fill` forbids one process to let its files grow any longer, which its writes meet as an error of the disk."""

    folder: Path

    def fill(self, process: int) -> None:
        grown = max((path.stat().st_size for path in self.folder.glob("*-wal")), default=0)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (grown, resource.RLIM_INFINITY))

    def free(self, process: int) -> None:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mounted until the end. Raises CalledProcessError where `mountable` says why."""
    folder.mkdir(parents=True)
    subprocess.run([*_MOUNT, str(folder)], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        ran = subprocess.run([_UMOUNT, str(folder)], check=False)
        if ran.returncode:
            raise OSError(errno.EBUSY, f"{folder} is still used")
