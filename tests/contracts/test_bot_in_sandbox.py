"""The whole bot with the required scopes alone: the sandbox refuses every call that they do not allow."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot import scopes
from core.assessment import Verdict
from core.conclusions import Conclusions
from core.story import Settling
from tests.unit.bot.world import ANA_ID, INFRA, YOU, World, world

# What a scope that was not granted is asked for once each, and is done without from then on.
OPTIONAL_CALLS = {"users.lookupByEmail", "conversations.history", "conversations.replies"}


@pytest.fixture
def here() -> Iterator[World]:
    with world(withheld=tuple(scopes.OPTIONAL)) as made:
        made.read("cluster")
        yield made


def refused(here: World) -> dict[str, str]:
    return {call["method"]: call["error"] for call in here.driver.calls() if not call["ok"]}


def test_a_day_with_the_bot_needs_no_scope_that_is_optional(here: World) -> None:
    story_id = here.happened("payments", Verdict.UNPLANNED, told_to=INFRA)
    here.tell()
    story = here.store.stories.get(story_id)
    assert story is not None
    settled = replace(story, revision=2, settling=Settling.SETTLED, settled_at=here.clock(), settling_says="3 of 3 ready")
    here.commit(conclusions=Conclusions(stories=(settled,)))
    here.due(story_id)
    here.tell()
    (message,) = here.channel_messages()
    for words in ("help", "status", "history", "catchup", "catchup in prod share", "who changed payments?"):
        here.command(words)
    here.modal_of("details", message["ts"])
    here.answer_to("mute", message["ts"], value="resource:1")
    before = here.marked()
    here.driver.say("@WGO what changed since yesterday?", user=ANA_ID)
    here.next("chat.postMessage", before)
    for question in ("what changed since yesterday?", "and in prod?"):
        before = here.marked()
        here.driver.say(question, channel=here.direct())
        here.next("chat.postMessage", before)
    before = here.marked()
    here.driver.act("open_home", user=YOU)
    here.next("views.publish", before)
    assert {name for name in refused(here) if name not in OPTIONAL_CALLS} == set()
    assert set(refused(here).values()) <= {"missing_scope"}


def test_a_scope_that_is_missing_is_asked_for_once(here: World) -> None:
    for number in range(4):
        here.happened(f"api-{number}", told_to=INFRA, event=here.event(f"api-{number}"))
    here.tell()
    assert len(here.channel_messages()) == 4
    assert [call["error"] for call in here.driver.calls("users.lookupByEmail")] == ["missing_scope"]


def test_of_two_connections_one_may_end_while_people_go_on() -> None:
    with world(connections=2) as here:
        assert here.driver.order("drop_oldest_connection") == {"ok": True}
        for _ in range(5):
            assert here.command("help")["response_type"] == "ephemeral"
