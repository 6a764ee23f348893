"""The page in a real browser: what people see, and what their clicks do. Pictures go to WGO_SCREENSHOTS where it is set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from slack_bolt import Ack, Respond
from slack_sdk import WebClient

from bot.sandbox import Driver, RunningSandbox
from tests.components.programs import CHROMIUM
from tests.unit.sandbox.world import ANA, BEN, INFRA, YOU, bolt_app, button, connected, sandbox, section, web_client

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.component("chromium"),
    pytest.mark.serial,
]

Json = dict[str, Any]
MODAL: Json = {
    "type": "modal",
    "callback_id": "mute",
    "title": {"type": "plain_text", "text": "Mute"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Why"},
            "element": {"type": "plain_text_input", "action_id": "w"},
        },
        {
            "type": "input",
            "block_id": "who",
            "label": {"type": "plain_text", "text": "For"},
            "element": {
                "type": "radio_buttons",
                "action_id": "r",
                "options": [{"text": {"type": "plain_text", "text": each}, "value": each} for each in ("me", "everyone")],
            },
        },
    ],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    with sandbox(things_to_try=("Type `/wgo catchup`",)) as started:
        yield started


@pytest.fixture
def page(browser: Browser, running: RunningSandbox) -> Iterator[Page]:
    """The page, opened. Anything the browser complains of fails the test."""
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(running.web_url)
    expect(opened.locator("#header h2")).to_have_text("#infra")
    yield opened
    opened.close()
    assert complaints == []


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("WGO_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def write(page: Page, words: str, box: str = "#composer") -> None:
    page.fill(f"{box} textarea", words)
    page.press(f"{box} textarea", "Enter")


def test_a_message_arrives_is_edited_and_is_told_in_each_readers_time(page: Page, running: RunningSandbox) -> None:
    slack = web_client(running)
    ts = slack.chat_postMessage(channel=INFRA, text="x", blocks=[section("*api* at <!date^1795510000^{date_num} {time}|then>")])["ts"]
    message = page.locator(f"[id='m-{ts}']")
    expect(message.locator(".blocks")).to_have_text("api at 2026-11-24 08:46")
    expect(message.locator(".badge")).to_have_text("APP")
    page.click(f"[data-act-as={BEN}]")
    expect(message.locator(".blocks")).to_have_text("api at 2026-11-24 3:46 AM")
    slack.chat_update(channel=INFRA, ts=ts, text="settled", blocks=[section("Settled")])
    expect(message.locator(".blocks")).to_have_text("Settled")
    expect(message.locator(".edited")).to_have_text("(edited)")
    picture(page, "message")


def test_hostile_text_stays_text(page: Page, running: RunningSandbox) -> None:
    hostile = "<img src=x onerror=document.title='owned'> &lt;script&gt;document.title='owned'&lt;/script&gt;"
    plain = {"type": "plain_text", "text": '"><i>x'}
    web_client(running).chat_postMessage(
        channel=INFRA,
        text="x",
        blocks=[
            section(hostile),
            {"type": "header", "text": {"type": "plain_text", "text": hostile}},
            {"type": "markdown", "text": hostile},
            {"type": "actions", "elements": [button(value="\"'><b>", confirm=dict.fromkeys(("title", "text", "confirm", "deny"), plain))]},
        ],
    )
    write(page, hostile)
    expect(page.locator("article")).to_have_count(2)
    assert page.locator("article img:not(.avatar):not([hidden]), article script, article i").count() == 0
    page.click("article button[data-action]")
    expect(page.locator("#confirm h2")).to_have_text('"><i>x')
    page.click("#confirm button[value=no]")
    assert "owned" not in page.title()


def test_a_person_talks_in_a_thread_reacts_and_opens_the_thread_again(page: Page, running: RunningSandbox) -> None:
    write(page, "Rolling back 1.42")
    page.hover("article")
    page.click("article .tools [data-thread]")
    expect(page.locator("#thread")).to_be_visible()
    write(page, "Done, @ana", "#thread-composer")
    expect(page.locator("#thread article").nth(1).locator(".text")).to_have_text("Done, @Ana Ruiz")
    expect(page.locator("#messages .replies b")).to_have_text("1 reply")
    page.click("#thread-close")
    page.hover("article")
    page.click("article .tools [data-react=eyes]")
    expect(page.locator(".reaction")).to_have_text("👀 1")
    page.click(".replies")
    page.reload()
    expect(page.locator("#thread article")).to_have_count(2)
    picture(page, "thread")


def test_a_command_is_hinted_answered_privately_and_its_button_replaces_the_answer(page: Page, running: RunningSandbox) -> None:
    app = bolt_app(running)

    @app.command("/wgo")
    def command(ack: Ack, respond: Respond) -> None:
        ack()
        respond(text="Quiet", blocks=[section("Quiet since Friday"), {"type": "actions", "elements": [button("mark")]}])

    @app.action("mark")
    def mark(ack: Ack, respond: Respond) -> None:
        ack()
        respond(text="Marked as read.", replace_original=True)

    with connected(running, app):
        expect(page.locator("#sidebar .link")).to_have_text("Probe is connected")
        page.fill("#composer textarea", "/w")
        expect(page.locator("#composer .suggest b")).to_have_text(["/wgo"])
        page.press("#composer textarea", "Tab")
        expect(page.locator("#composer .hint")).to_have_text("/wgo [catchup | status] [since …]")
        picture(page, "hints")
        write(page, "/wgo catchup")
        expect(page.locator(".ephemeral .only")).to_have_text("Only visible to you")
        picture(page, "ephemeral")
        page.click(".ephemeral button[data-action]")
        expect(page.locator(".ephemeral .text")).to_have_text("Marked as read.")
    page.click(f"[data-act-as={ANA}]")
    expect(page.locator("[data-act-as].here")).to_contain_text("Ana Ruiz")
    expect(page.locator(".ephemeral")).to_have_count(0)


def test_a_modal_is_filled_refused_corrected_and_closed(page: Page, running: RunningSandbox) -> None:
    app = bolt_app(running)
    saved: list[Json] = []

    @app.action("press")
    def press(ack: Ack, body: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("mute")
    def mute(ack: Ack, view: Json) -> None:
        values = view["state"]["values"]
        if values["why"]["w"]["value"] == "x":
            ack(response_action="errors", errors={"why": "Say a little more."})
        else:
            saved.append(values)
            ack()

    with connected(running, app):
        web_client(running).chat_postMessage(channel=INFRA, text="x", blocks=[{"type": "actions", "elements": [button()]}])
        page.click("article button[data-action]")
        page.fill("#modal input[type=text]", "x")
        page.check("#modal input[value=everyone]")
        page.click("#modal button[type=submit]")
        expect(page.locator("#modal .wrong .error")).to_have_text("Say a little more.")
        expect(page.locator("#modal input[type=text]")).to_have_value("x")
        picture(page, "modal")
        page.fill("#modal input[type=text]", "maintenance")
        page.click("#modal button[type=submit]")
        expect(page.locator("#modal")).not_to_be_visible()
    assert [(values["why"]["w"]["value"], values["who"]["r"]["selected_option"]["value"]) for values in saved] == [
        ("maintenance", "everyone")
    ]


def test_without_an_app_the_page_says_so_calmly(page: Page) -> None:
    expect(page.locator(".calm")).to_have_text("Probe is not connected. Messages are kept here; nobody answers until it starts.")
    write(page, "/wgo catchup")
    expect(page.locator(".ephemeral .text")).to_have_text("/wgo failed because there is no app connected.")
    page.click("#sidebar a.app")
    page.click("[data-tab=home]")
    expect(page.locator(".home h3")).to_have_text("Probe has nothing here yet")
    picture(page, "alone")


def test_the_home_tab_and_an_unread_message_show_themselves(page: Page, running: RunningSandbox) -> None:
    slack = web_client(running)
    slack.chat_postMessage(channel=YOU, text="A word for you")
    expect(page.locator("#sidebar a.app .count")).to_have_text("1")
    page.click("#sidebar a.app")
    expect(page.locator("#messages .text")).to_have_text("A word for you")
    expect(page.locator("#sidebar a.app .count")).to_have_count(0)
    slack.views_publish(user_id=YOU, view={"type": "home", "blocks": [section("*Where you left off*")]})
    page.click("[data-tab=home]")
    expect(page.locator(".home b")).to_have_text("Where you left off")
    assert Driver(running.base_url).state()["homes"].keys() == {YOU}
