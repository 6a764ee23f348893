"""What is built for installing holds every file that the code reads, and runs without the checkout."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("bot", "core", "storage", "prompts")
# The files are read as the program reads them, from the wheel's own folder; no editable install is seen (-S).
READS = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import bot
from bot.demo import scenario
from bot.demo.cli import manifest
from bot.sandbox import Configuration, start_in_thread
from core.analysis import rules
from core.providers import PROVIDERS, ProviderContext, reader
from core.redaction import Redactor
from storage import open_store

here = Path(sys.argv[1])
assert Path(bot.__file__).is_relative_to(here), bot.__file__
assert manifest() == here / "bot" / "manifest.yml"
for name in scenario.names():
    scenario.load(name, datetime.now(UTC))
for format in ("cloudtrail", "k8s-audit", "k8s-object", "k8s-event", "gcp-audit", "gcp-asset", "tfstate"):
    reader(format, source="s", environment="prod", context=ProviderContext(redactor=Redactor(b"k" * 32)))
open_store(f"sqlite:///{sys.argv[3]}/wgo.db").close()
with start_in_thread(Configuration(manifest=manifest())) as running:
    page = build_opener(ProxyHandler({})).open(running.web_url).read().decode()
    assert "#infra" in page or "infra" in page
print("read")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    [made] = folder.glob("*.whl")
    return made


def test_the_wheel_holds_every_file_of_the_packages_and_the_manifest(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
        assert opened.read("bot/manifest.yml") == (ROOT / "manifest.yml").read_bytes()
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in tracked if (ROOT / name).exists() and name not in held] == []
    # None of these may go missing unnoticed with the list itself.
    for kind in (".yaml", ".md", ".html", ".css", ".js", ".mako"):
        assert [name for name in held if name.endswith(kind)], kind


def test_what_was_installed_from_the_wheel_reads_its_own_files(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(site)
    dependencies = sysconfig.get_path("purelib")
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", READS, str(site), dependencies, str(elsewhere)],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "read\n"), ran.stderr
