"""The bot with nothing to do: what `wgo run` takes of the processor and of memory while it watches all of it and nothing changes.

One cluster, two AWS accounts in two regions, a Google Cloud project and ten Terraform states, polled once a minute as by default.
Each is a stand-in of its own outside of the bot's process, the cluster a real control plane.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import yaml
from rich.console import Console

from bot.demo.cli import CHANNEL, manifest
from bot.sandbox import Configuration, Driver, RunningSandbox, start_in_thread
from core.clock import utc_now
from core.json import JsonObject
from tests.benchmarks.figures import Figure
from tests.benchmarks.polls.aside import aside
from tests.benchmarks.polls.gcp import places, put
from tests.benchmarks.polls.kubernetes import allow, control_plane, make_maps
from tests.benchmarks.polls.terraform import State
from tests.components.cloud_asset import cloud_asset
from tests.components.cloudtrail import CloudTrail, cloudtrail
from tests.components.kubernetes import Person
from tests.components.moto import made_up_credentials, moto
from tests.components.needed import COMPONENTS

_STATES, _RESOURCES, _ASSETS, _MAPS = 10, 500, 2000, 1000
_ACCOUNTS, _REGIONS = ("111111111111", "222222222222"), ["eu-west-1", "us-east-1"]
# First polls read everything; some minutes later every daily and hourly chore has had its first turn.
_WARM_SECONDS, _MEASURED_SECONDS = 300.0, 300.0
_NEEDED = ("kubernetes", "moto")


def measure(folder: Path) -> Iterator[Figure]:
    for missing in filter(None, (COMPONENTS[name]() for name in _NEEDED)):
        Console(stderr=True, highlight=False).print(f"the idle bot is not measured: {missing}")
        return
    with ExitStack() as held:
        held.enter_context(made_up_credentials())
        sources = [*_terraform(folder), _kubernetes(folder, held), _aws(held), _gcp(held)]
        sandbox = start_in_thread(Configuration(manifest=manifest()))
        held.callback(sandbox.stop)
        bot = _start(folder, sandbox, sources)
        held.callback(bot.wait, 30)
        held.callback(bot.terminate)
        time.sleep(_WARM_SECONDS)
        if bot.poll() is not None or Driver(sandbox.base_url).state()["connections"] < 2:
            raise RuntimeError(f"the bot does not run: {(folder / 'bot.log').read_text(encoding='utf-8')[-2000:]}")
        before, started = _cpu_seconds(bot.pid), time.monotonic()
        time.sleep(_MEASURED_SECONDS)
        share = 100 * (_cpu_seconds(bot.pid) - before) / (time.monotonic() - started)
        yield Figure(name="the bot idle, processor", value=share, unit="% of one core", limit=1.0, note=f"{len(sources)} sources")
        yield Figure(name="the bot idle, resident memory", value=_kib(bot.pid, "VmRSS") / 1024, unit="MiB", limit=250.0)
        yield Figure(name="the most it held since it started", value=_kib(bot.pid, "VmHWM") / 1024, unit="MiB")


def _terraform(folder: Path) -> list[JsonObject]:
    sources: list[JsonObject] = []
    for number in range(_STATES):
        state = State(folder / f"{number}.tfstate", _RESOURCES)
        state.write(0, 1)
        sources.append({"name": f"state-{number}", "provider": "terraform", "options": {"paths": [str(state.path)]}})
    return sources


def _kubernetes(folder: Path, held: ExitStack) -> JsonObject:
    plane = held.enter_context(control_plane(folder / "plane"))
    admin = Person(plane, "admin")
    allow(admin)
    make_maps(admin, 0, _MAPS)
    return {"name": "cluster", "provider": "kubernetes", "options": {"kubeconfig": str(plane.kubeconfig("wgo"))}}


def _aws(held: ExitStack) -> JsonObject:
    trail = held.enter_context(aside(partial(cloudtrail, behind=held.enter_context(moto()))))
    accounts = [{"name": account, "role_arn": f"arn:aws:iam::{account}:role/wgo"} for account in _ACCOUNTS]
    return {"name": "aws", "provider": "aws", "options": {"accounts": accounts, "regions": _REGIONS, "endpoint_url": trail.do(_url)}}


def _url(trail: CloudTrail) -> str:
    return trail.url


def _gcp(held: ExitStack) -> JsonObject:
    google = held.enter_context(aside(cloud_asset))
    google.do(put, 0, _ASSETS, utc_now() - timedelta(days=1), 10)
    asset, logs = google.do(places)
    return {"name": "gcp", "provider": "gcp", "options": {"scope": "projects/acme", "asset_endpoint": asset, "logging_url": logs}}


def _start(folder: Path, sandbox: RunningSandbox, sources: list[JsonObject]) -> "subprocess.Popen[bytes]":
    tokens = {"bot_token": sandbox.bot_token, "app_token": sandbox.app_token}
    written = {
        "slack": {**tokens, "base_url": sandbox.api_url, "channel": CHANNEL},
        "database": {"url": f"sqlite:///{folder / 'wgo.db'}", "backup_folder": str(folder / "backups")},
        "sources": sources,
    }
    path = folder / "wgo.yaml"
    path.touch(0o600)
    path.write_text(yaml.safe_dump(written), encoding="utf-8")
    with (folder / "bot.log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", "bot.cli", "--config", str(path), "run"], stdout=log, stderr=log, cwd=folder)


def _cpu_seconds(pid: int) -> float:
    """User and system time of all of its threads: fields 14 and 15 of proc(5)'s stat, counted after the name's closing bracket."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _kib(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise RuntimeError(f"no {name} of process {pid}")
