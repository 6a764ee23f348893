"""Where the programs of real components are on this machine."""

import os
import shutil
from pathlib import Path

CHROMIUM = "/usr/bin/chromium"
TERRAFORM_PLUGINS = Path("/opt/tf-plugins")
KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
KUBERNETES_FOLDER = Path(os.environ.get("WGO_KUBE_BIN", "~/.cache/wgo-kube/bin")).expanduser()


def postgres_folder() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps them off PATH."""
    on_path = shutil.which("pg_ctl")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)
