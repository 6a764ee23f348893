"""The first whole day, as a stranger sees it in a real browser: a real apply becomes a message, a catch-up tells it again."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from rich.console import Console

from bot.demo import cli as demo
from tests.components.programs import CHROMIUM
from tests.e2e.world import World, world
from tests.unit.sandbox.test_page import ARGUMENTS, write

pytestmark = [pytest.mark.component("chromium"), pytest.mark.component("terraform"), pytest.mark.serial, pytest.mark.timeout(240)]

WITHIN = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A week played, and the bot running on it."""
    with world(tmp_path_factory.mktemp("first-day") / "run") as made:
        demo._play(made.stage, made.settings_path, datetime.now(UTC), Console(quiet=True))
        made.start()
        made.connected()
        yield made


@pytest.fixture
def page(browser: Browser, here: World) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1360, "height": 1000})
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.goto(here.sandbox.web_url)
    expect(opened.locator("#header h2")).to_have_text("#infra")
    yield opened
    opened.close()
    assert complaints == []


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("WGO_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def terraform(here: World, *arguments: str) -> None:
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    environment.pop("TF_CLI_CONFIG_FILE", None)
    ran = subprocess.run(["terraform", *arguments], cwd=here.stage.infrastructure, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_real_apply_becomes_one_message_whose_details_open(page: Page, here: World) -> None:
    path = here.stage.infrastructure / "services.auto.tfvars.json"
    values = json.loads(path.read_text())
    values["services"]["payments"]["replicas"] = 9
    path.write_text(json.dumps(values))
    terraform(here, "init", "-input=false")
    terraform(here, "apply", "-auto-approve", "-input=false")
    message = page.locator("article", has_text="payments")
    expect(message).to_have_count(1, timeout=WITHIN)
    expect(message).to_contain_text("9")
    picture(page, "message")
    message.locator("button", has_text="Details").click()
    expect(page.locator("#modal")).to_be_visible(timeout=WITHIN)
    expect(page.locator("#modal")).to_contain_text("replicas")
    picture(page, "details")
    page.locator("#modal button", has_text="Close").click()
    expect(page.locator("#modal")).not_to_be_visible()


def test_the_catch_up_tells_the_week_with_its_gap_and_mark_as_read_moves_where_one_left_off(page: Page, here: World) -> None:
    write(page, "/wgo catchup")
    report = page.locator(".ephemeral").last
    expect(report).to_contain_text("Look at", timeout=WITHIN)
    for told in ("aws-prod", "not read", "unplanned", "planned", "routine", "I can't tell"):
        expect(report).to_contain_text(told)
    picture(page, "catchup")
    report.locator("button", has_text="Mark as read").click()
    expect(page.locator(".ephemeral", has_text="Marked as read up to")).to_be_visible(timeout=WITHIN)
    here.record("close-ssh", "aws-prod")
    expect(page.locator("article:not(.ephemeral)", has_text="sg-0a1b2c3d")).to_be_visible(timeout=WITHIN)
    write(page, "/wgo catchup")
    report = page.locator(".ephemeral", has_text="Since you left off").last
    expect(report).to_contain_text("1 change", timeout=WITHIN)
    report.locator("button", has_text="Mark as read").click()
    marked = page.locator(".ephemeral", has_text="Marked as read up to").last
    marked.locator("button", has_text="Undo").click()
    expect(page.locator(".ephemeral", has_text="Undone")).to_be_visible(timeout=WITHIN)
    picture(page, "marked")


def test_a_question_in_the_direct_message_is_answered_with_its_sources(page: Page, here: World) -> None:
    page.click("#sidebar a.app")
    write(page, "what changed since yesterday?")
    answer = page.locator("#messages article").last
    expect(answer).to_contain_text("[1]", timeout=WITHIN)
    expect(answer).to_contain_text("Asked of")
    picture(page, "answer")


def test_the_home_shows_where_one_left_off_what_is_open_and_the_week(page: Page, here: World) -> None:
    page.click("#sidebar a.app")
    page.click("[data-tab=home]")
    home = page.locator(".home")
    for told in ("Where you left off", "Open now", "Your week", "Who hears what", "What I read"):
        expect(home).to_contain_text(told, timeout=WITHIN)
    picture(page, "home")
