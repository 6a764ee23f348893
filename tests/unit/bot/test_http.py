"""HTTP mode over a real port: Slack's signed requests, and the audit webhook of an API server."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from bot.app import build_bot
from bot.http import MOST_BYTES
from bot.intake import KIND
from bot.running import Bot, HttpServer
from bot.sandbox import Configuration, Driver, RunningSandbox, start_in_thread
from bot.sandbox.links.http_events import sign
from bot.sandbox.server import listen
from core.errors import SettingsError
from core.ports import InboxRow, Store
from core.settings import HttpSettings, Settings, SourceSettings
from storage import open_store
from tests.unit.bot.world import INFRA, MANIFEST, PATIENT, YOU, shown

SECRET, TOKEN = "8f742231b10e8888abcd99yyyzzz85a5", "a-webhook-token"
SLACK, AUDIT = "/slack/events", "/k8s/audit/cluster"
HELLO = {"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}


@dataclass
class Here:
    bot: Bot
    store: Store
    url: str

    def push(
        self, body: bytes, *, secret: str = SECRET, at: float | None = None, content: str = "application/json", **headers: str
    ) -> httpx.Response:
        stamp = str(int(at if at is not None else time.time()))
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(secret, stamp, body), "Content-Type": content}
        return httpx.post(f"{self.url}{SLACK}", content=body, headers=signed | headers, timeout=30)

    def audit(self, body: bytes, path: str = AUDIT, token: str | None = TOKEN) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", content=body, headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=30)


@contextmanager
def served(
    base_url: str, *, bot_token: str = "xoxb-none", secret: str = SECRET, webhook_token: str | None = TOKEN, port: int = 0
) -> Iterator[Here]:
    store = open_store("sqlite://")
    base = Settings()
    slack = base.slack.model_copy(
        update={
            "bot_token": SecretStr(bot_token) if bot_token else None,
            "signing_secret": SecretStr(secret),
            "base_url": base_url,
            "channel": INFRA,
        }
    )
    settings = base.model_copy(
        update={
            "slack": slack,
            "http": HttpSettings(port=port, webhook_token=SecretStr(webhook_token) if webhook_token else None),
            "sources": (SourceSettings(name="cluster", provider="kubernetes", options={}),),
        }
    )
    bot = build_bot(settings, http=True, store=store)
    assert bot.http is not None
    bot.http.start()
    try:
        yield Here(bot=bot, store=store, url=f"http://127.0.0.1:{bot.http.port}")
    finally:
        bot.http.stop()
        if bot.intake is not None:
            bot.intake.stop()
        store.close()


@pytest.fixture(scope="module")
def slack() -> Iterator[RunningSandbox]:
    with start_in_thread(Configuration(manifest=MANIFEST, timing=PATIENT)) as running:
        yield running


@pytest.fixture
def here(slack: RunningSandbox) -> Iterator[Here]:
    with served(slack.api_url, bot_token=slack.bot_token) as made:
        yield made


def test_slacks_own_check_of_the_address_is_answered(here: Here) -> None:
    answer = here.push(json.dumps(HELLO).encode())
    assert (answer.status_code, answer.json()) == (200, {"challenge": HELLO["challenge"]})


def test_a_wrong_signature_and_an_old_request_are_refused_and_not_kept(here: Here) -> None:
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}}).encode()
    assert here.push(body, secret="another").status_code == 401
    assert here.push(body, at=time.time() - 6 * 60).status_code == 401
    assert httpx.post(f"{here.url}{SLACK}", content=body).status_code == 401
    assert list(here.store.inbox.pending(KIND)) == []


def test_a_body_that_was_changed_on_its_way_is_refused(here: Here) -> None:
    stamp = str(int(time.time()))
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(SECRET, stamp, b"{}")}
    assert httpx.post(f"{here.url}{SLACK}", content=b'{"type": "event_callback"}', headers=headers).status_code == 401


def test_a_signed_push_is_kept_before_it_is_acknowledged(here: Here) -> None:
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": {"type": "emoji_changed"}}).encode()
    assert [here.push(body).status_code for _ in range(2)] == [200, 200]
    again = InboxRow(key="slack:Ev1", kind=KIND, topic="", body=b"{}", received_at=datetime.now(UTC))
    assert here.store.inbox.put(again) is False


def test_too_much_is_refused(here: Here) -> None:
    big = b"x" * (MOST_BYTES + 1)
    assert here.push(big).status_code == 413
    assert here.audit(big).status_code == 413
    assert list(here.store.inbox.pending("k8s-audit")) == []


def test_other_paths_and_methods_are_not_there(here: Here) -> None:
    assert httpx.post(f"{here.url}/slack").status_code == 404
    assert httpx.get(f"{here.url}{SLACK}").status_code == 405
    assert httpx.get(f"{here.url}/alive").text == "alive"


def test_audit_records_are_kept_for_their_source_once(here: Here) -> None:
    body = json.dumps({"kind": "EventList", "items": []}).encode()
    assert [here.audit(body).status_code for _ in range(2)] == [200, 200]
    assert [(row.topic, row.body) for row in here.store.inbox.pending("k8s-audit")] == [("cluster", body)]


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x"])
def test_audit_records_without_the_token_are_refused(here: Here, token: str | None) -> None:
    answer = here.audit(b"{}", token=token)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert list(here.store.inbox.pending("k8s-audit")) == []


def test_audit_records_of_an_unknown_source_are_refused(here: Here) -> None:
    assert here.audit(b"{}", path="/k8s/audit/other").status_code == 404


def test_without_a_webhook_token_nobody_may_push_audit_records(slack: RunningSandbox) -> None:
    with served(slack.api_url, webhook_token=None) as here:
        assert here.audit(b"{}", token="").status_code == 401
        assert here.audit(b"{}", token=None).status_code == 401


def test_a_store_that_refuses_takes_no_audit_records_so_that_they_are_sent_again(here: Here) -> None:
    here.store.close()
    assert here.audit(b"{}").status_code == 503


def test_without_slack_tokens_slack_is_told_so(slack: RunningSandbox) -> None:
    with served(slack.api_url, bot_token="") as here:
        assert here.push(b"{}").status_code == 503


def test_a_command_over_http_is_answered_through_the_response_url() -> None:
    """The whole way: the sandbox signs and sends, the bot verifies, keeps, answers."""
    with closing(listen(0)) as free:
        port = int(free.getsockname()[1])
    slack = start_in_thread(Configuration(manifest=MANIFEST, timing=PATIENT, http_url=f"http://127.0.0.1:{port}{SLACK}"))
    driver = Driver(slack.base_url)
    try:
        with served(slack.api_url, bot_token=slack.bot_token, secret=slack.signing_secret, port=port):
            driver.say("/wgo help", channel=INFRA, user=YOU)
            (said,) = driver.wait_for_calls("response_url")
            assert said["ok"]
            assert shown(driver.messages(INFRA)[-1]["blocks"]).startswith("*What's going on* · what you can say")
            driver.say("@WGO help", channel=INFRA, user=YOU)
            (answered,) = driver.wait_for_calls("chat.postMessage")
            assert answered["ok"]
    finally:
        slack.stop()


def test_form_encoded_bodies_are_read(here: Here) -> None:
    payload = {
        "type": "block_actions",
        "trigger_id": "1.1",
        "user": {"id": YOU},
        "actions": [{"action_id": "gone", "block_id": "b", "type": "button"}],
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    assert here.push(body, content="application/x-www-form-urlencoded").status_code == 200


def test_a_port_that_something_else_has_ends_the_start_with_what_to_do() -> None:
    server = HttpServer(Starlette(), "127.0.0.1", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server.port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=r"cannot listen on 127\.0\.0\.1 port") as refused:
            server.start()
    assert "http.port" in refused.value.next_step
