"""A real PostgreSQL on loopback, started in about a second in a folder of its own, as an ordinary user where we are root."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACES = (*os.environ.get("PATH", "").split(os.pathsep), "/usr/local/bin")
_SETTINGS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"


def programs() -> Path | None:
    """The folder with initdb and pg_ctl; None where there is none."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*map(Path, _PLACES), *versions):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    return None


@contextmanager
def running() -> Iterator[str]:
    """The URL of an empty server. Raises LookupError where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        raise LookupError("no initdb and pg_ctl: install PostgreSQL's server")
    folder = Path(tempfile.mkdtemp(prefix="wgo-pg-"))
    user = _ordinary_user()
    if user:
        shutil.chown(folder, user)
    port = _free_port()
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder} {_SETTINGS}"
    data = str(folder / "data")
    try:
        _run(user, [str(found / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        _run(user, [str(found / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start"])
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        _run(user, [str(found / "pg_ctl"), "-D", data, "-m", "immediate", "stop"], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _run(user: str, command: list[str], *, check: bool = True) -> None:
    # PostgreSQL refuses to run as root.
    whole = ["runuser", "-u", user, "--", *command] if user else command
    subprocess.run(whole, check=check, cwd="/", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=60)


def _ordinary_user() -> str:
    if os.geteuid() != 0:
        return ""
    names = {line.split(":", 1)[0] for line in Path("/etc/passwd").read_text().splitlines()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
