"""`wgo demo`: a week at Acme in a local workspace, with the real bot; no account, no token."""

import fcntl
import logging
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from bot.demo import scenario as scenarios
from bot.demo.button import PressServer
from bot.demo.player import Player, SceneClock
from bot.demo.stage import DemoFolder
from bot.sandbox import Configuration, PageButton, RunningSandbox, start_in_thread
from core.errors import SettingsError
from core.settings import AnalysisSettings, Settings

CHANNEL = "C0INFRA01"
# What a week of history is understood with; the live demo settles quicker, as someone waits for it.
_SETTLE_MINUTES = 10.0
_STOP_SECONDS, _PULSE_SECONDS, _LISTENS_WITHIN_SECONDS = 15.0, 15.0, 20.0
_MARK, _MANIFEST = ".wgo-demo", "manifest.yml"


def demo(
    scenario: Annotated[str, typer.Option(help="Which story to play: week, incident.")] = "week",
    folder: Annotated[Path, typer.Option(help="Where the demo lives. What an earlier demo left there is replaced.")] = Path("demo-run"),
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 0,
) -> None:
    """Play a week at Acme in a local workspace in the browser, then go on live. Ctrl-C ends it.

    Example: wgo demo --scenario incident
    """
    console = Console(highlight=False)
    now = datetime.now(UTC)
    written = scenarios.load(scenario, now)
    root, held = _emptied(folder)
    stage = DemoFolder(root=root, scenario=written)
    pressed = [0]

    def press() -> str:
        title, step = stage.live_step(pressed[0], datetime.now(UTC))
        stage.do(step)
        pressed[0] += 1
        return f"{title}: done. WGO reads it within seconds."

    button = PressServer(press)
    page = PageButton(label="Make a change", callback_url=button.url, hint="One more change in the demo's infrastructure")
    tries = (*written.tries, f"The infrastructure is in {stage.infrastructure}")
    try:
        sandbox = start_in_thread(Configuration(manifest=manifest(), buttons=(page,), things_to_try=tries), port=port)
    except OSError as error:
        button.stop()
        held.close()
        step = "End what listens there, or choose another --port; without it a free one is taken."
        raise SettingsError(f"the page cannot have port {port}: {error.strerror or error}", next_step=step) from error
    button.start()
    # Ended from outside, it takes its bot along as it does after Ctrl-C.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _ended)
    try:
        settings_path = stage.write_settings(
            bot_token=sandbox.bot_token, app_token=sandbox.app_token, api_url=sandbox.api_url, channel=CHANNEL
        )
        _play(stage, settings_path, now, console)
        _prepare_terraform(stage)
        with _bot(settings_path, stage.root / "bot.log") as bot:
            _listening(bot, sandbox)
            _greet(console, stage, sandbox)
            _wait(bot, stage, console)
    finally:
        button.stop()
        sandbox.stop()
        held.close()


def _ended(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def manifest() -> Path:
    """The app's manifest: at the top of a checkout, beside the package where a wheel was installed. Raises SettingsError without one."""
    package = Path(__file__).parents[1]
    for place in (package, package.parent):
        if (place / _MANIFEST).exists():
            return place / _MANIFEST
    raise SettingsError(f"there is no {package / _MANIFEST}", next_step="Install WGO again: a file of it is missing.")


def _emptied(folder: Path) -> tuple[Path, IO[bytes]]:
    """The demo's folder, empty, and its mark, locked while it is open. A folder that no demo made, or one plays in, is left alone."""
    root = folder.resolve()
    if root.exists() and any(root.iterdir()):
        if not (root / _MARK).exists():
            raise SettingsError(f"{root} is not empty, and not a demo's", next_step="Name another folder with --folder.")
        _marked(root).close()
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    return root, _marked(root)


def _marked(root: Path) -> IO[bytes]:
    mark = (root / _MARK).open("ab")
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        mark.close()
        raise SettingsError(f"a demo plays in {root}", next_step="End it first (Ctrl-C), or name another folder with --folder.") from error
    return mark


def _play(stage: DemoFolder, settings_path: Path, now: datetime, console: Console) -> None:
    from bot import app

    # That a source fails in the scenario is part of it, and told in the catch-up.
    logging.getLogger("core").setLevel(logging.ERROR)
    settings = _patient(app.load_settings(settings_path))
    clock = SceneClock(now)
    store = app.open_store(settings, clock=clock)
    try:
        player = Player(folder=stage, parts=app.build_parts(settings, store, clock=clock), clock=clock, now=now)
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        with Progress(*columns, console=console, transient=True) as shown:
            task = shown.add_task(f"Playing {stage.scenario.title.lower()}", total=1.0)
            player.play(lambda share: shown.update(task, completed=share))
    finally:
        store.close()


def _patient(settings: Settings) -> Settings:
    analysis: AnalysisSettings = settings.analysis.model_copy(update={"settle_minutes": _SETTLE_MINUTES})
    return settings.model_copy(update={"analysis": analysis})


def _prepare_terraform(stage: DemoFolder) -> None:
    """So that `terraform apply` works at once. The built-in resource needs no download; where it fails, people can do it themselves."""
    terraform = shutil.which("terraform")
    if terraform is not None:
        command = [terraform, "init", "-input=false", "-no-color"]
        subprocess.run(command, cwd=stage.infrastructure, capture_output=True, timeout=60, check=False)  # noqa: S603 - the program on PATH


@contextmanager
def _bot(settings_path: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The real bot, a process of its own."""
    with log.open("ab") as written:
        command = [sys.executable, "-m", "bot.cli", "--config", str(settings_path), "run"]
        bot = subprocess.Popen(command, stdout=written, stderr=written, cwd=settings_path.parent)  # noqa: S603 - this program
    try:
        yield bot
    finally:
        bot.terminate()
        try:
            bot.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            bot.kill()
            bot.wait()


def _listening(bot: "subprocess.Popen[bytes]", sandbox: RunningSandbox) -> None:
    """Wait until the bot hears what is typed, so that nobody's first word falls into nothing; no longer than it may take."""
    until = time.monotonic() + _LISTENS_WITHIN_SECONDS
    while not sandbox.connected and bot.poll() is None and time.monotonic() < until:
        time.sleep(0.05)


def _greet(console: Console, stage: DemoFolder, sandbox: RunningSandbox) -> None:
    console.print()
    console.print(Text.assemble("Open ", (sandbox.web_url, "bold cyan underline"), "   ", (stage.scenario.title, "dim")))
    for number, what in enumerate(stage.scenario.tries, 1):
        console.print(f"  {number}. {what}", soft_wrap=True)
    console.print(f"\nThe infrastructure: {stage.infrastructure}", style="dim", soft_wrap=True)
    if shutil.which("terraform"):
        console.print("  edit services.auto.tfvars.json there, then: terraform apply", style="dim")
    else:
        console.print("  terraform is not on PATH: the page's button Make a change writes the next state", style="dim")
    console.print(f"The same reports here: {command()} --config {stage.settings_path} catchup", style="dim", soft_wrap=True)
    console.print("Ctrl-C ends the demo.\n", style="dim")


def command() -> str:
    """How this `wgo` is called from where one stands: by its name only where that finds it."""
    ours = Path(sys.executable).with_name("wgo")
    found = shutil.which("wgo")
    if found is not None and ours.exists() and Path(found).samefile(ours):
        return "wgo"
    if not ours.exists():
        return f"{sys.executable} -m bot.cli"
    here = Path.cwd()
    return str(ours.relative_to(here) if ours.is_relative_to(here) else ours)


def _wait(bot: "subprocess.Popen[bytes]", stage: DemoFolder, console: Console) -> None:
    """Until Ctrl-C; meanwhile the demo's services tell of their health."""
    while True:
        stage.pulse(datetime.now(UTC))
        try:
            status = bot.wait(_PULSE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        except KeyboardInterrupt:
            return
        console.print(f"The bot stopped (status {status}). Its log: {stage.root / 'bot.log'}", style="yellow")
        raise typer.Exit(1)
