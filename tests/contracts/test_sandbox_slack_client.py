"""The sandbox answers Slack's own clients: slack_sdk's WebClient, and Bolt over Socket Mode and over signed HTTP."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest, Respond, Say
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.webhook import WebhookClient

from bot.sandbox import Driver, RunningSandbox
from tests.unit.sandbox.world import (
    ANA,
    BOT,
    GENERAL,
    HASTY,
    INFRA,
    YOU,
    bolt_app,
    button,
    connected,
    hang_up,
    sandbox,
    section,
    web_client,
)

Json = dict[str, Any]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with sandbox() as started:
        yield started


@pytest.fixture
def slack(running: RunningSandbox) -> WebClient:
    return web_client(running)


@pytest.fixture
def driver(running: RunningSandbox) -> Driver:
    return Driver(running.base_url)


def refusal(call: Any, *args: Any, **rest: Any) -> Json:
    with pytest.raises(SlackApiError) as caught:
        call(*args, **rest)
    return dict(caught.value.response.data)


# the Web API


def test_auth_test_names_the_bot_and_tells_its_scopes(slack: WebClient) -> None:
    answer = slack.auth_test()
    assert (answer["user_id"], answer["team"]) == (BOT, "Acme")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


def test_a_message_is_posted_edited_and_deleted(slack: WebClient, driver: Driver) -> None:
    posted = slack.chat_postMessage(
        channel=INFRA, text="one", blocks=[section("one")], metadata={"event_type": "probe", "event_payload": {"n": 1}}
    )
    ts = posted["ts"]
    assert slack.conversations_history(channel=INFRA, include_all_metadata=True)["messages"][0]["metadata"]["event_payload"] == {"n": 1}
    slack.chat_update(channel=INFRA, ts=ts, text="two", blocks=[section("two")])
    seen = slack.conversations_history(channel=INFRA, latest=ts, inclusive=True, limit=1)["messages"][0]
    assert (seen["blocks"][0]["text"]["text"], seen["edited"]["user"], "metadata" in seen) == ("two", BOT, False)
    slack.chat_delete(channel=INFRA, ts=ts)
    assert ts not in [message["ts"] for message in driver.messages()]


def test_replies_live_in_their_thread_and_not_in_the_channel(slack: WebClient) -> None:
    parent = slack.chat_postMessage(channel=INFRA, text="parent")["ts"]
    reply = slack.chat_postMessage(channel=INFRA, text="reply", thread_ts=parent)["ts"]
    assert [m["ts"] for m in slack.conversations_replies(channel=INFRA, ts=parent)["messages"]] == [parent, reply]
    history = slack.conversations_history(channel=INFRA)["messages"]
    assert history[0]["ts"] == parent
    assert history[0]["reply_count"] == 1


def test_history_is_paged_by_cursor(slack: WebClient) -> None:
    wanted = [slack.chat_postMessage(channel=INFRA, text=f"page {n}")["ts"] for n in range(5)]
    seen: list[str] = []
    for page in slack.conversations_history(channel=INFRA, limit=2, oldest=wanted[0], inclusive=True):
        seen += [message["ts"] for message in page["messages"]]
    assert seen == wanted[::-1]


def test_an_ephemeral_message_is_for_one_person(slack: WebClient, driver: Driver) -> None:
    ts = slack.chat_postEphemeral(channel=INFRA, user=ANA, text="psst")["message_ts"]
    assert next(m for m in driver.messages() if m["ts"] == ts)["only_for"] == ANA
    assert ts not in [m["ts"] for m in slack.conversations_history(channel=INFRA)["messages"]]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda s: s.chat_postMessage(channel="C404", text="x"), "channel_not_found"),
        (lambda s: s.chat_postMessage(channel=GENERAL, text="x"), "not_in_channel"),
        (lambda s: s.api_call("chat.postMessage", json={"channel": INFRA}), "no_text"),
        (lambda s: s.chat_postMessage(channel=INFRA, text="x" * 40_001), "msg_too_long"),
        (lambda s: s.chat_postMessage(channel=INFRA, text="x", blocks=[section("y" * 3000)] * 5), "msg_blocks_too_long"),
        (lambda s: s.chat_postMessage(channel=INFRA, text="x", username="Someone else"), "missing_scope"),
        (lambda s: s.chat_update(channel=INFRA, ts="1.000000", text="x"), "message_not_found"),
        (lambda s: s.chat_postEphemeral(channel=INFRA, user="U404", text="x"), "user_not_found"),
        (lambda s: s.conversations_replies(channel=INFRA, ts="1.000000"), "thread_not_found"),
        (lambda s: s.users_info(user="U404"), "user_not_found"),
        (lambda s: s.users_lookupByEmail(email="nobody@acme.example"), "users_not_found"),
        (
            lambda s: s.views_open(
                trigger_id="made.up", view={"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
            ),
            "invalid_trigger_id",
        ),
        (lambda s: s.reactions_add(channel=INFRA, timestamp="1.000000", name="eyes"), "message_not_found"),
        (lambda s: s.conversations_join(channel=GENERAL), "missing_scope"),
        (lambda s: s.api_call("chat.postTelegram"), "unknown_method"),
    ],
)
def test_what_slack_refuses_is_refused_in_its_words(slack: WebClient, call: Any, error: str) -> None:
    assert refusal(call, slack)["error"] == error


def test_a_persons_message_cannot_be_edited_by_the_app(slack: WebClient, driver: Driver) -> None:
    ts = driver.say("mine")["ts"]
    assert refusal(slack.chat_update, channel=INFRA, ts=ts, text="x")["error"] == "cant_update_message"
    assert refusal(slack.chat_delete, channel=INFRA, ts=ts)["error"] == "cant_delete_message"


def test_invalid_blocks_are_listed_with_their_place(slack: WebClient) -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    answer = refusal(slack.chat_postMessage, channel=INFRA, text="x", blocks=[section("fine"), header])
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == ["[ERROR] must be less than 151 characters [json-pointer:/blocks/1/text/text]"]


def test_no_token_and_a_wrong_token_are_told_apart(running: RunningSandbox) -> None:
    assert refusal(WebClient(base_url=running.api_url).auth_test)["error"] == "not_authed"
    assert refusal(WebClient(token="xoxb-wrong", base_url=running.api_url).auth_test)["error"] == "invalid_auth"
    assert (
        refusal(WebClient(token=running.app_token, base_url=running.api_url).chat_postMessage, channel=INFRA, text="x")["error"]
        == "not_allowed_token_type"
    )


def test_a_withheld_optional_scope_is_missed_by_name() -> None:
    with sandbox(withheld=["channels:history"]) as started:
        answer = refusal(web_client(started).conversations_history, channel=INFRA)
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:history")
    assert "chat:write" in answer["provided"].split(",")


def test_an_archived_channel_takes_no_message(slack: WebClient, driver: Driver) -> None:
    driver.order("archive", channel=INFRA)
    try:
        assert refusal(slack.chat_postMessage, channel=INFRA, text="x")["error"] == "is_archived"
    finally:
        driver.order("archive", channel=INFRA, archived=False)


def test_a_stream_grows_and_ends(slack: WebClient, driver: Driver) -> None:
    asked = driver.say("what changed?", channel=f"D{YOU[1:]}")
    stream = slack.chat_stream(channel=asked["channel"], thread_ts=asked["ts"], buffer_size=1)
    stream.append(markdown_text="**Four** ")
    stream.append(markdown_text="changes")
    ended = stream.stop(blocks=[section("Sources")])
    message = next(m for m in driver.messages(asked["channel"]) if m["ts"] == ended["ts"])
    assert (message["text"], message["streaming"], message["thread_ts"]) == ("**Four** changes", False, asked["ts"])
    assert (
        refusal(slack.chat_appendStream, channel=asked["channel"], ts=ended["ts"], markdown_text="x")["error"]
        == "message_not_in_streaming_state"
    )


def test_a_stream_in_a_channel_names_whom_it_is_for(slack: WebClient, driver: Driver) -> None:
    ts = driver.say("hello")["ts"]
    assert refusal(slack.chat_startStream, channel=INFRA, thread_ts=ts, markdown_text="x")["error"] == "missing_recipient_user_id"


def test_a_file_is_uploaded_and_shown_in_the_channel(slack: WebClient, driver: Driver) -> None:
    picture = bytes(range(256))
    shared = slack.files_upload_v2(channel=INFRA, filename="week.png", content=picture, title="A week", initial_comment="As asked")
    file = shared["files"][0]
    message = driver.messages()[-1]
    assert (message["files"][0]["id"], message["text"], message["files"][0]["size"]) == (file["id"], "As asked", 256)


def test_rate_limits_answer_429_and_the_sdk_waits_them_out(running: RunningSandbox, driver: Driver) -> None:
    patient = web_client(running, retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=5)])
    driver.order("rate_limits", on=True)
    try:
        before = len(driver.calls("chat.postMessage"))
        for n in range(6):
            patient.chat_postMessage(channel=INFRA, text=f"burst {n}")
        calls = driver.calls("chat.postMessage")[before:]
    finally:
        driver.order("rate_limits", on=False)
    assert {call["status"] for call in calls} == {200, 429}
    assert sum(call["ok"] for call in calls) == 6


@pytest.mark.parametrize(("when", "posted"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("kind", ["status", "error", "close", "hang"])
def test_a_fault_strikes_before_or_after_the_message_is_kept(
    running: RunningSandbox, driver: Driver, kind: str, when: str, posted: int
) -> None:
    words = f"{kind} {when}"
    driver.fault("chat.postMessage", kind=kind, when=when, seconds=0.05)
    with pytest.raises((SlackApiError, OSError)):
        web_client(running, retry_handlers=[]).chat_postMessage(channel=INFRA, text=words)
    assert [m["text"] for m in driver.messages()].count(words) == posted
    assert driver.calls("chat.postMessage")[-1]["took_effect"] is bool(posted)


# Bolt over Socket Mode


@pytest.fixture
def heard() -> queue.Queue[Json]:
    return queue.Queue()


@pytest.fixture
def app(running: RunningSandbox, heard: queue.Queue[Json]) -> App:
    """An app that remembers what it hears, and does a little of everything."""
    bolt = bolt_app(running)

    def remember(body: Json) -> None:
        heard.put(body)

    for event in ("message", "app_mention", "app_home_opened", "member_joined_channel", "reaction_added"):
        bolt.event(event)(remember)

    @bolt.command("/wgo")
    def command(ack: Ack, body: Json, respond: Respond, client: WebClient) -> None:
        ack()
        heard.put(body)
        if body["text"] == "modal":
            client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        else:
            respond(text="Since Friday: quiet.", blocks=[{"type": "actions", "block_id": "marks", "elements": [button("mark", value="7")]}])

    @bolt.action("mark")
    def mark(ack: Ack, body: Json, respond: Respond) -> None:
        ack()
        heard.put(body)
        respond(text="Marked.", replace_original=True)

    @bolt.view("probe")
    def view(ack: Ack, body: Json, view: Json) -> None:
        word = view["state"]["values"]["word"]["w"]["value"]
        ack(response_action="errors", errors={"word": "Too short"}) if len(word) < 3 else ack()
        heard.put(body)

    @bolt.event({"type": "message", "subtype": "message_changed"})
    def changed() -> None: ...

    return bolt


MODAL: Json = {
    "type": "modal",
    "callback_id": "probe",
    "title": {"type": "plain_text", "text": "Mute"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "word",
            "label": {"type": "plain_text", "text": "Why"},
            "element": {"type": "plain_text_input", "action_id": "w"},
        }
    ],
}


def test_a_direct_message_and_a_mention_reach_the_app(running: RunningSandbox, driver: Driver, app: App, heard: queue.Queue[Json]) -> None:
    with connected(running, app):
        driver.say("what changed?", channel=f"D{YOU[1:]}")
        event = heard.get(timeout=5)["event"]
        assert (event["type"], event["channel_type"], event["text"], event["user"]) == ("message", "im", "what changed?", YOU)
        driver.say("@Probe is <prod> stable & calm?", user=ANA)
        event = heard.get(timeout=5)["event"]
        assert (event["type"], event["text"]) == ("app_mention", f"<@{BOT}> is &lt;prod&gt; stable &amp; calm?")


def test_a_slash_command_is_answered_and_its_button_replaces_the_answer(
    running: RunningSandbox, driver: Driver, app: App, heard: queue.Queue[Json]
) -> None:
    with connected(running, app):
        assert driver.say("/wgo catchup since monday")["ok"]
        body = heard.get(timeout=5)
        assert (body["command"], body["text"], body["channel_name"], body["user_id"]) == ("/wgo", "catchup since monday", "infra", YOU)
        driver.wait_for_calls("response_url")
        answer = driver.messages()[-1]
        assert (answer["only_for"], answer["text"]) == (YOU, "Since Friday: quiet.")
        seen = len(driver.calls())
        assert driver.act("click", user=YOU, channel=INFRA, ts=answer["ts"], block_id="marks", action_id="mark")["ok"]
        body = heard.get(timeout=5)
        assert (body["actions"][0]["value"], body["container"]["is_ephemeral"], "message" in body) == ("7", True, False)
        driver.calls(after=seen, wait_seconds=5)
        replaced = next(m for m in driver.messages() if m["ts"] == answer["ts"])
        assert (replaced["text"], replaced.get("blocks", [])) == ("Marked.", [])


def test_a_modal_opens_refuses_and_closes(running: RunningSandbox, driver: Driver, app: App, heard: queue.Queue[Json]) -> None:
    with connected(running, app):
        seen = len(driver.calls())
        driver.say("/wgo modal")
        driver.wait_for_calls("views.open", where=lambda call: call["number"] > seen)
        view = driver.state()["modals"][YOU][0]
        assert driver.act("submit", user=YOU, view_id=view["id"])["errors"] == {"word": "Please complete this required field."}
        assert driver.act("submit", user=YOU, view_id=view["id"], values={"word": {"w": "ab"}})["errors"] == {"word": "Too short"}
        assert driver.act("submit", user=YOU, view_id=view["id"], values={"word": {"w": "maintenance"}}) == {"ok": True}
        assert driver.state()["modals"][YOU] == []


def test_the_home_tab_is_opened_and_published(
    running: RunningSandbox, driver: Driver, slack: WebClient, app: App, heard: queue.Queue[Json]
) -> None:
    with connected(running, app):
        driver.act("open_home", user=ANA, tab="home")
        event = heard.get(timeout=5)["event"]
        assert (event["type"], event["tab"], event["user"]) == ("app_home_opened", "home", ANA)
    published = slack.views_publish(user_id=ANA, view={"type": "home", "blocks": [section("All quiet")]})["view"]
    assert driver.state()["homes"][ANA]["blocks"][0]["text"]["text"] == "All quiet"
    assert refusal(slack.views_publish, user_id=ANA, view={"type": "home", "blocks": []}, hash="stale")["error"] == "hash_conflict"
    assert slack.views_update(view_id=published["id"], view={"type": "home", "blocks": []})["view"]["blocks"] == []


def test_being_invited_and_a_reaction_reach_the_app(
    running: RunningSandbox, driver: Driver, slack: WebClient, app: App, heard: queue.Queue[Json]
) -> None:
    with connected(running, app):
        driver.say("/invite @Probe", channel=GENERAL)
        event = heard.get(timeout=5)["event"]
        assert (event["type"], event["channel"], event["user"]) == ("member_joined_channel", GENERAL, BOT)
        ts = slack.chat_postMessage(channel=GENERAL, text="hello")["ts"]
        driver.act("react", user=ANA, channel=GENERAL, ts=ts, name="eyes")
        assert heard.get(timeout=5)["event"]["reaction"] == "eyes"
        driver.say("/kick @Probe", channel=GENERAL)
    assert refusal(slack.chat_postMessage, channel=GENERAL, text="x")["error"] == "not_in_channel"


def test_two_connections_share_the_events(running: RunningSandbox, driver: Driver, app: App, heard: queue.Queue[Json]) -> None:
    with connected(running, app, connections=2):
        for n in range(6):
            driver.say(f"note {n}", channel=f"D{YOU[1:]}")
        texts = [heard.get(timeout=5)["event"]["text"] for _ in range(6)]
        assert sorted(texts) == [f"note {n}" for n in range(6)]
        assert heard.empty()


def test_a_refresh_request_brings_the_connection_back(running: RunningSandbox, driver: Driver, app: App, heard: queue.Queue[Json]) -> None:
    with connected(running, app):
        opened = len(driver.calls("apps.connections.open"))
        driver.order("refresh_connection")
        driver.wait_for_calls("apps.connections.open", opened + 1)
        while not driver.state()["connected"]:
            pass
        driver.say("after the refresh", channel=f"D{YOU[1:]}")
        assert heard.get(timeout=5)["event"]["text"] == "after the refresh"


def test_an_event_nobody_acknowledged_is_sent_again_three_times() -> None:
    attempts: queue.Queue[SocketModeRequest] = queue.Queue()
    with sandbox(timing=HASTY) as started, silent_client(started, attempts) as client:
        driver = Driver(started.base_url)
        driver.say("are you there?", channel=f"D{YOU[1:]}")
        requests = [attempts.get(timeout=5) for _ in range(4)]
        assert [request.retry_attempt for request in requests] == [0, 1, 2, 3]
        assert requests[1].retry_reason == "timeout"
        assert len({request.payload["event_id"] for request in requests}) == 1
        client.send_socket_mode_response(SocketModeResponse(envelope_id=requests[-1].envelope_id))
        delivery = driver.wait_for_delivery(requests[0].payload["event_id"])
    assert (delivery["attempts"], delivery["acked"], delivery["gave_up"]) == (4, True, False)


def test_an_event_whose_connection_died_goes_to_the_next_one() -> None:
    first: queue.Queue[SocketModeRequest] = queue.Queue()
    second: queue.Queue[SocketModeRequest] = queue.Queue()
    with sandbox(timing=replace(HASTY, ack_seconds=20.0, redeliver_after=(0.5,))) as started, silent_client(started, first):
        driver = Driver(started.base_url)
        driver.say("hold this", channel=f"D{YOU[1:]}")
        held = first.get(timeout=5)
        with silent_client(started, second, connections=2) as client:
            driver.order("drop_oldest_connection")
            again = second.get(timeout=5)
            client.send_socket_mode_response(SocketModeResponse(envelope_id=again.envelope_id))
            delivery = driver.wait_for_delivery(held.payload["event_id"])
    assert (again.retry_attempt, again.retry_reason, again.payload["event_id"]) == (1, "connection_failed", held.payload["event_id"])
    assert (delivery["attempts"], delivery["acked"]) == (2, True)


@contextmanager
def silent_client(started: RunningSandbox, heard: queue.Queue[SocketModeRequest], connections: int = 1) -> Iterator[SocketModeClient]:
    """slack_sdk's own Socket Mode client, which acknowledges nothing by itself."""
    client = SocketModeClient(app_token=started.app_token, web_client=WebClient(base_url=started.api_url), auto_reconnect_enabled=False)
    client.socket_mode_request_listeners.append(lambda _, request: heard.put(request))
    client.connect()
    driver = Driver(started.base_url)
    while driver.state()["connections"] < connections:
        pass
    try:
        yield client
    finally:
        hang_up(driver, [client])
        client.close()


def test_without_an_app_a_command_says_so() -> None:
    with sandbox() as started:
        driver = Driver(started.base_url)
        answer = driver.say("/wgo catchup")
        assert (answer["error"], answer["said"]) == ("operation_timeout", "`/wgo` failed because there is no app connected.")
        assert driver.messages()[-1]["only_for"] == YOU


# Bolt over signed HTTP


class Receiver(BaseHTTPRequestHandler):
    """Bolt behind Python's own web server."""

    app: App

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        response = self.app.dispatch(BoltRequest(body=body, headers={name: [value] for name, value in self.headers.items()}))
        content = response.body.encode()
        self.send_response(response.status)
        for name, values in response.headers.items():
            self.send_header(name, values[0])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Receiver,), {}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_http_mode_verifies_signs_and_answers(receiver: ThreadingHTTPServer) -> None:
    with sandbox(http_url=f"http://127.0.0.1:{receiver.server_port}/slack/events") as started:
        heard: queue.Queue[Json] = queue.Queue()
        bolt = bolt_app(started)
        receiver.RequestHandlerClass.app = bolt  # type: ignore[attr-defined]

        @bolt.command("/wgo")
        def command(ack: Ack, body: Json) -> None:
            heard.put(body)
            ack(text="Quiet.", response_type="in_channel")

        @bolt.event("message")
        def message(body: Json, say: Say) -> None:
            heard.put(body)

        driver = Driver(started.base_url)
        while not driver.state()["connected"]:
            pass
        driver.say("/wgo status")
        assert heard.get(timeout=5)["text"] == "status"
        assert (driver.messages()[-1]["text"], driver.messages()[-1]["only_for"]) == ("Quiet.", None)
        driver.say("hello", channel=f"D{YOU[1:]}")
        assert heard.get(timeout=5)["event"]["text"] == "hello"


def test_http_mode_sends_an_unacknowledged_event_again_with_its_number_and_reason(receiver: ThreadingHTTPServer) -> None:
    tries: queue.Queue[tuple[str | None, str | None, str]] = queue.Queue()

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            content = str(body.get("challenge", "")).encode()
            if "event_id" in body:
                tries.put((self.headers["X-Slack-Retry-Num"], self.headers["X-Slack-Retry-Reason"], body["event_id"]))
            self.send_response(500 if "event_id" in body else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None: ...

    receiver.RequestHandlerClass = Refusing
    with sandbox(timing=HASTY, http_url=f"http://127.0.0.1:{receiver.server_port}/slack/events") as started:
        driver = Driver(started.base_url)
        driver.say("hello", channel=f"D{YOU[1:]}")
        seen = [tries.get(timeout=5) for _ in range(4)]
        delivery = driver.wait_for_delivery(seen[0][2])
    assert [each[:2] for each in seen] == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert (len({each[2] for each in seen}), delivery["gave_up"]) == (1, True)


def test_a_response_url_works_five_times(running: RunningSandbox, driver: Driver, app: App, heard: queue.Queue[Json]) -> None:
    with connected(running, app):
        driver.say("/wgo catchup")
        url = heard.get(timeout=5)["response_url"]
        driver.wait_for_calls("response_url", where=lambda call: call["ok"])
    hook = WebhookClient(url)
    assert [hook.send(text=f"use {n}").status_code for n in range(2, 6)] == [200] * 4
    last = hook.send(text="use 6")
    assert (last.status_code, last.body) == (404, "used_url")
