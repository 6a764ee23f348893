"""The parts on their own: permits and rates with their own clock, the journal, the guard, what people put into fields."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from starlette.datastructures import Headers

from bot.sandbox import Driver, PageButton, Timing, Tokens
from bot.sandbox.inputs import action_of, find, missing, state_of
from bot.sandbox.journal import Journal
from bot.sandbox.links.http_events import sign
from bot.sandbox.manifest import read_manifest
from bot.sandbox.page.guard import allowed
from bot.sandbox.page.render.charts import Bar, bars_of
from bot.sandbox.permits import Permits, Reply
from bot.sandbox.problems import RateLimited, Refusal
from bot.sandbox.rates import Rates
from tests.unit.sandbox.world import ANA, INFRA, MANIFEST, sandbox, web_client


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def code(call: Any, *args: Any) -> str:
    with pytest.raises(Refusal) as caught:
        call(*args)
    return caught.value.code


def test_a_trigger_lives_three_seconds_and_once() -> None:
    clock = Clock()
    permits = Permits(Timing(clock=clock), "T1")
    late, used = permits.trigger("U1"), permits.trigger("U1")
    assert permits.use_trigger(used) == "U1"
    assert code(permits.use_trigger, used) == "exchanged_trigger_id"
    clock.forward(3.1)
    assert code(permits.use_trigger, late) == "expired_trigger_id"


def test_a_response_url_ends_after_half_an_hour() -> None:
    clock = Clock()
    permits = Permits(Timing(clock=clock), "T1")
    key = permits.reply(Reply(channel="C1", user="U1"))
    clock.forward(1799)
    assert permits.use_reply(key).uses_left == 4
    clock.forward(2)
    assert code(permits.use_reply, key) == "expired_url"


def test_a_tier_admits_its_calls_a_minute_and_says_when_to_come_back() -> None:
    seconds = [0.0]
    rates = Rates(lambda: seconds[0])
    rates.on = True
    for _ in range(50):
        rates.admit("chat.update", "C1")
    seconds[0] = 20.0
    with pytest.raises(RateLimited) as caught:
        rates.admit("chat.update", "C1")
    assert caught.value.retry_after == 40
    seconds[0] = 60.0
    rates.admit("chat.update", "C1")


def test_posts_are_counted_a_channel() -> None:
    rates = Rates(lambda: 0.0)
    rates.on = True
    for channel in ("C1", "C2"):
        for _ in range(4):
            rates.admit("chat.postMessage", channel)
    with pytest.raises(RateLimited):
        rates.admit("chat.postMessage", "C1")


def test_optional_scopes_are_granted_unless_withheld() -> None:
    assert "channels:history" in read_manifest(MANIFEST).scopes
    assert "channels:history" not in read_manifest(MANIFEST, withheld=["channels:history"]).scopes


def test_a_file_that_is_no_manifest_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text("a: 1")
    with pytest.raises(ValueError, match="is not an app manifest"):
        read_manifest(tmp_path / "x.yml")


def test_the_signature_is_the_one_of_slacks_documentation() -> None:
    # https://docs.slack.dev/authentication/verifying-requests-from-slack has this example
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
        b"&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F"
        b"397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    assert (
        sign("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body)
        == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )


def test_a_restart_keeps_messages_files_members_and_tokens(tmp_path: Path) -> None:
    state = tmp_path / "acme.jsonl"
    with sandbox(state=state) as first:
        ts = web_client(first).chat_postMessage(channel=INFRA, text="kept", metadata={"event_type": "e", "event_payload": {"k": 1}})["ts"]
        gone = web_client(first).chat_postMessage(channel=INFRA, text="deleted")["ts"]
        web_client(first).chat_delete(channel=INFRA, ts=gone)
        web_client(first).files_upload_v2(channel=INFRA, filename="a.bin", content=bytes(range(256)))
        Driver(first.base_url).act("invite", user=ANA, channel="C0GENERAL")
    with sandbox(state=state) as second:
        assert (second.bot_token, second.signing_secret) == (first.bot_token, first.signing_secret)
        messages = web_client(second).conversations_history(channel=INFRA, include_all_metadata=True)["messages"]
        assert [(m["text"], m.get("metadata", {}).get("event_payload")) for m in messages] == [("", None), ("kept", {"k": 1})]
        assert (messages[1]["ts"], messages[0]["files"][0]["size"]) == (ts, 256)
        assert float(web_client(second).chat_postMessage(channel="C0GENERAL", text="next")["ts"]) > float(messages[0]["ts"])


def test_a_line_torn_by_a_crash_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    journal = Journal(path)
    journal.read()
    journal.keep("message", "C1/1", {"text": "whole"})
    journal.close()
    with path.open("a") as out:
        out.write('{"kind": "message", "key": "C1/2", "val')
    again = Journal(path)
    assert again.read().of("message") == {"C1/1": {"text": "whole"}}
    again.close()


def test_tokens_differ_from_one_workspace_to_the_next() -> None:
    assert Tokens().bot != Tokens().bot


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({"host": "127.0.0.1:80"}, True),
        ({"host": "127.0.0.1"}, True),  # Socket Mode clients
        ({"host": "localhost:80", "origin": "http://localhost:80"}, True),
        ({"host": "127.0.0.1:80", "origin": "https://evil.example"}, False),
        ({"host": "127.0.0.1:80", "origin": "http://127.0.0.1:81"}, False),
        ({"host": "127.0.0.1:80", "origin": "null"}, False),
        ({"host": "evil.example:80"}, False),
        ({"host": ""}, False),
        ({"host": "127.0.0.1:80", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, False),
        ({"host": "127.0.0.1:80", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, True),
    ],
)
def test_other_websites_are_kept_out(headers: dict[str, str], let_in: bool) -> None:
    assert allowed(Headers(headers), 80) is let_in


SELECT = {"type": "static_select", "action_id": "s", "options": [{"text": {"type": "plain_text", "text": "One"}, "value": "1"}]}
BLOCKS: list[dict[str, Any]] = [
    {"type": "input", "block_id": "why", "label": {}, "element": {"type": "plain_text_input", "action_id": "w"}},
    {
        "type": "actions",
        "block_id": "act",
        "elements": [SELECT, {"type": "button", "action_id": "b", "text": {"type": "plain_text", "text": "Go"}, "value": "7"}],
    },
    {
        "type": "input",
        "block_id": "day",
        "optional": True,
        "label": {},
        "element": {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-24"},
    },
]


def test_the_state_holds_every_input_touched_or_not() -> None:
    assert state_of(BLOCKS, {"act": {"s": "1"}}) == {
        "why": {"w": {"type": "plain_text_input", "value": None}},
        "act": {"s": {"type": "static_select", "selected_option": SELECT["options"][0]}},
        "day": {"d": {"type": "datepicker", "selected_date": "2026-11-24"}},
    }


def test_a_required_input_left_empty_is_named() -> None:
    assert missing(BLOCKS, state_of(BLOCKS, {})) == {"why": "Please complete this required field."}


def test_an_action_carries_the_value_of_its_button() -> None:
    block, element = find(BLOCKS, "act", "b")
    assert action_of(block, element, None, "1.0") == {
        "action_id": "b",
        "block_id": "act",
        "action_ts": "1.0",
        "type": "button",
        "text": {"type": "plain_text", "text": "Go"},
        "value": "7",
    }


def test_an_element_or_an_option_that_is_gone_cannot_be_chosen() -> None:
    assert code(find, BLOCKS, None, "no") == "action_not_found"
    assert code(state_of, BLOCKS, {"act": {"s": "2"}}) == "invalid_option"


def test_bars_are_shares_of_the_greatest_and_nonsense_is_no_bar() -> None:
    chart = {"type": "bar", "series": [{"name": "planned", "data": [{"label": "Mon", "value": 4}, {"label": "Tue", "value": "many"}]}]}
    assert bars_of(chart) == [
        Bar(label="Mon", series="planned", value=4, percent=100, tone=0),
        Bar(label="Tue", series="planned", value=0, percent=0, tone=0),
    ]
    assert bars_of({"type": "bar", "series": "x"}) == bars_of(None) == []


def test_a_process_of_its_own_says_where_it_is() -> None:
    command = [sys.executable, "-m", "bot.sandbox", "--port", "0", "--manifest", str(MANIFEST), "--withhold", "users:read.email"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            facts = json.loads(process.stdout.readline())
            answer = WebClient(token=facts["bot_token"], base_url=facts["api_url"]).auth_test()
            assert "users:read.email" not in answer.headers["x-oauth-scopes"]
        finally:
            process.terminate()
    assert process.returncode in (0, -15)


def test_a_missing_manifest_is_said_and_ends_the_process() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot.sandbox", "--port", "0", "--manifest", "nowhere.yml"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "nowhere.yml" in ended.stderr


def test_a_page_button_tells_its_url_who_pressed_it_and_where() -> None:
    told: list[dict[str, str]] = []

    class Callback(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"One change made.")

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Callback) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        button = PageButton(label="Make a change", callback_url=f"http://127.0.0.1:{server.server_port}/change")
        with sandbox(buttons=(button,)) as running:
            pressed = httpx.post(f"{running.base_url}/page/button/0", json={"user": ANA, "channel": INFRA})
            foreign = httpx.post(f"{running.base_url}/page/button/0", json={}, headers={"Origin": "https://evil.example"})
            form = httpx.post(f"{running.base_url}/_control/act/say", data={"user": ANA, "channel": INFRA, "text": "x"})
        server.shutdown()
        serving.join()
    assert (pressed.json()["ok"], pressed.json()["says"], foreign.status_code, form.status_code) == (True, "One change made.", 403, 404)
    assert told == [{"user": ANA, "channel": INFRA}]


def test_a_reset_forgets_what_was_said_and_keeps_who_is_there() -> None:
    with sandbox() as running:
        driver, slack = Driver(running.base_url), web_client(running)
        parent = slack.chat_postMessage(channel=INFRA, text="parent")["ts"]
        slack.chat_postMessage(channel=INFRA, text="reply", thread_ts=parent)
        slack.views_publish(user_id=ANA, view={"type": "home", "blocks": []})
        driver.fault("chat.postMessage", kind="error", count=9)
        assert driver.order("reset") == {"ok": True}
        assert (driver.messages(), driver.state()["homes"]) == ([], {})
        assert slack.chat_postMessage(channel=INFRA, text="again")["ok"]
