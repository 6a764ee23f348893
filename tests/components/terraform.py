"""The real `terraform`, on resources that need no download (terraform_data), with a state in a folder of the test's own."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("terraform")


@dataclass
class Workspace:
    """One folder with a configuration. `apply` writes what is given and applies it; the state is where Terraform puts it."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    _ready: bool = False

    @property
    def state(self) -> Path:
        return self.folder / "terraform.tfstate"

    def apply(self, configuration: str, *, json_variables: Mapping[str, Any] | None = None, destroy: bool = False) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "main.tf").write_text(configuration, encoding="utf-8")
        if json_variables is not None:
            (self.folder / "given.auto.tfvars.json").write_text(json.dumps(json_variables), encoding="utf-8")
        if not self._ready:
            self.run("init", "-no-color", "-input=false")
            self._ready = True
        self.run("destroy" if destroy else "apply", "-no-color", "-input=false", "-auto-approve")

    def run(self, *arguments: str) -> str:
        assert PROGRAM is not None
        inherited = {key: value for key, value in os.environ.items() if key != "TF_CLI_CONFIG_FILE"}
        given = {**inherited, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", **self.environment}
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, env=given, capture_output=True, text=True, check=False, timeout=110)
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout
