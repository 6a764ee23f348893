"""The real components that tests run against: is each one here, and if not, what brings it."""

import shutil
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from tests.components import corpora, programs, small_disk


def _kubernetes() -> str:
    missing = [name for name in programs.KUBERNETES if not (programs.KUBERNETES_FOLDER / name).is_file()]
    missing += [] if shutil.which("etcd") else ["etcd"]
    return f"no {', '.join(missing)}: tests/components/kube-build.sh (5 minutes)" if missing else ""


def _postgres() -> str:
    return "" if programs.postgres_folder() else "no initdb and pg_ctl: apt install postgresql"


def _terraform() -> str:
    return "" if shutil.which("terraform") else "no terraform on PATH"


def _aws_plugin() -> str:
    return _terraform() or ("" if programs.TERRAFORM_PLUGINS.is_dir() else f"no provider mirror at {programs.TERRAFORM_PLUGINS}")


def _moto() -> str:
    return "" if find_spec("moto") else "moto is not installed: requirements/dev.txt"


def _chromium() -> str:
    return "" if Path(programs.CHROMIUM).exists() else "not installed: apt install chromium fonts-noto-color-emoji"


def _corpora() -> str:
    return "" if corpora.FOLDER else "no recorded changes of others beside the project"


# Why a component is missing; empty where it is here.
COMPONENTS: Mapping[str, Callable[[], str]] = {
    "kubernetes": _kubernetes,
    "postgres": _postgres,
    "terraform": _terraform,
    "terraform-aws": _aws_plugin,
    "moto": _moto,
    "chromium": _chromium,
    "corpora": _corpora,
    "small-disk": small_disk.mountable,
}
# What nobody can install: its absence is told in the table, never a failure.
NOT_INSTALLABLE = frozenset({"corpora", "terraform-aws", "small-disk"})
# These take long to start or much of the machine: their tests share one worker, and so one instance.
SHARED = frozenset({"kubernetes", "chromium", "terraform-aws"})
