"""A bot in this process, on a real store, in a local workspace: what people do goes in, what Slack was asked to do comes out."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.app import build_bot
from bot.notifier import Notifier
from bot.pace import Pace
from bot.running import Bot
from bot.sandbox import Configuration, Driver, RunningSandbox, Timing, start_in_thread
from core.assessment import Severity, Verdict
from core.coverage import Coverage, CoverageState
from core.delivery import Delivery
from core.event import Event
from core.ports import Commit, Store
from core.settings import Settings, SlackSettings
from core.settings import SourceSettings as Source
from core.subscription import Subscription
from storage import open_store
from tests.unit.core.changes import ANA, change
from tests.unit.core.telling import Telling
from tests.unit.sandbox.world import hang_up

MANIFEST = Path(__file__).parents[3] / "manifest.yml"
INFRA, GENERAL, PAYMENTS = "C0INFRA01", "C0GENERAL", "C0PAYMENT"
YOU, ANA_ID, BEN_ID = "U0DEV0001", "U0ANA0001", "U0BEN0001"
PATIENT = Timing(ack_seconds=20.0, trigger_seconds=30.0, redeliver_after=())
Json = dict[str, Any]


@dataclass
class Clock:
    """Stands at the time when the test began until it is moved."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Ticks:
    """A monotonic clock for the pace."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """One workspace, one store, one bot. The notifier sends when `tell` is called, and not by itself."""

    sandbox: RunningSandbox
    driver: Driver
    store: Store
    bot: Bot
    clock: Clock
    ticks: Ticks

    @property
    def notifier(self) -> Notifier:
        assert self.bot.notifier is not None
        return self.bot.notifier

    @property
    def telling(self) -> Telling:
        return Telling(self.store)

    # --- what happens to the infrastructure -----------------------------------------------------------------------------

    def event(self, name: str = "api", minutes_ago: float = 10.0, **more: Any) -> Event:
        return change(name, actor=more.pop("actor", ANA), when=self.clock() - timedelta(minutes=minutes_ago), **more)

    def happened(
        self,
        name: str = "api",
        verdict: Verdict = Verdict.UNPLANNED,
        severity: Severity = Severity.MEDIUM,
        *,
        minutes_ago: float = 10.0,
        told_to: str = "",
        event: Event | None = None,
        **more: Any,
    ) -> str:
        """A change is stored with its conclusions, and due at `told_to`. The story's id."""
        story_id = self.telling.happened(event or self.event(name, minutes_ago), verdict, severity, **more)
        if told_to:
            self.due(story_id, destination=told_to)
        return story_id

    def due(self, story_id: str, *, destination: str = INFRA, revision: int | None = None, **more: Any) -> Delivery:
        story = self.store.stories.get(story_id)
        number = revision if revision is not None else story.revision if story else 1
        delivery = Delivery(
            destination=destination, story_id=story_id, revision=number, not_before=more.pop("not_before", self.clock()), **more
        )
        self.commit(deliveries=(delivery,))
        return delivery

    def commit(self, **parts: Any) -> None:
        from core.batch import Batch, Cursor

        self.store.work.commit(Commit(source="wgo", batch=Batch(cursor=Cursor()), **parts))

    def read(self, source: str = "cluster", *, hours: float = 24 * 30, reason: str = "", end_minutes_ago: float = 0.0) -> None:
        end = self.clock() - timedelta(minutes=end_minutes_ago)
        self.telling.read(source, start=end - timedelta(hours=hours), end=end, reason=reason)

    def tell(self, rounds: int = 12) -> None:
        """Let the notifier send all that is due, with its second between two messages."""
        for _ in range(rounds):
            self.notifier.drain()
            self.ticks.now += 1.1

    # --- what people do --------------------------------------------------------------------------------------------------

    def command(self, words: str, *, user: str = YOU, channel: str = INFRA) -> Json:
        """Type `/wgo …`; the answer's body as it was sent to the response URL."""
        before = self._last()
        self.driver.say(f"/wgo {words}", channel=channel, user=user)
        return self.next("response_url", before)

    def click(self, action: str, ts: str, *, user: str = YOU, channel: str = INFRA, value: str | None = None, **more: Any) -> None:
        answer = self.driver.act("click", user=user, action_id=action, channel=channel, ts=ts, value=value, **more)
        assert answer["ok"], answer

    def answer_to(self, action: str, ts: str, **more: Any) -> Json:
        """Click, and the body that was sent to the response URL."""
        before = self._last()
        self.click(action, ts, **more)
        return self.next("response_url", before)

    def modal_of(self, action: str, ts: str, *, method: str = "views.open", **more: Any) -> Json:
        """Click, and the modal that opened, with its id."""
        before = self._last()
        self.click(action, ts, **more)
        return dict(self.call(method, before)["answer"]["view"])

    def submit(self, view: Json, values: Json, *, user: str = YOU) -> Json:
        return self.driver.act("submit", user=user, view_id=view["id"], values=values)

    def next(self, method: str, after: int = 0) -> Json:
        return arguments(self.call(method, after))

    def call(self, method: str, after: int = 0) -> Json:
        found = self.driver.wait_for_calls(method, where=lambda one: one["number"] > after)[0]
        assert found["ok"], found
        return found

    def marked(self) -> int:
        return self._last()

    def _last(self) -> int:
        return max((call["number"] for call in self.driver.calls()), default=0)

    def direct(self, user: str = YOU) -> str:
        return str(self.driver.act("open_home", user=user, tab="messages")["channel"])

    def last(self, channel: str = INFRA) -> Json:
        return self.driver.messages(channel)[-1]

    def channel_messages(self, channel: str = INFRA) -> list[Json]:
        """What everyone sees of the bot in the channel, replies apart."""
        ours = [one for one in self.driver.messages(channel) if one.get("bot_id") and not one["only_for"]]
        return [one for one in ours if one.get("thread_ts") in (None, one["ts"])]

    def replies(self, channel: str = INFRA) -> list[Json]:
        return [one for one in self.driver.messages(channel) if one.get("bot_id") and one.get("thread_ts") not in (None, one["ts"])]


def arguments(call: Json) -> Json:
    """What a call was made with, blocks and views as values."""
    return {name: json.loads(given) if isinstance(given, str) and given[:1] in "[{" else given for name, given in call["args"].items()}


def shown(blocks: Collection[Json] | Any) -> str:
    """All that people read in blocks, a line each; a no-break space is read as one."""
    if isinstance(blocks, dict):
        own = [blocks["text"].replace("\u00a0", " ")] if isinstance(blocks.get("text"), str) else []
        return "\n".join([*own, *(found for inner in blocks.values() if isinstance(inner, dict | list) and (found := shown(inner)))])
    return "\n".join(found for one in blocks if (found := shown(one)))


def buttons(blocks: Collection[Json] | Any) -> list[str]:
    """The labels of buttons and the action ids of menus, in order."""
    if isinstance(blocks, dict):
        own = [str(blocks["text"]["text"])] if blocks.get("type") == "button" else []
        return [*own, *(label for inner in blocks.values() if isinstance(inner, dict | list) for label in buttons(inner))]
    return [label for one in blocks for label in buttons(one)]


def settings_for(sandbox: RunningSandbox, *, channel: str = INFRA, sources: tuple[Source, ...] = (), **slack: Any) -> Settings:
    given: dict[str, Any] = {
        "bot_token": SecretStr(sandbox.bot_token),
        "app_token": SecretStr(sandbox.app_token),
        "signing_secret": SecretStr(sandbox.signing_secret),
        "base_url": sandbox.api_url,
        "channel": channel,
        "connections": 1,
    }
    return Settings(slack=SlackSettings(**(given | slack)), sources=sources)


def gap(source: str, start: datetime, end: datetime, *, state: CoverageState = CoverageState.GAP, **more: Any) -> Coverage:
    from core.timerange import TimeRange

    return Coverage(
        source=source, range=TimeRange(start=start, end=end), state=state, complete_until=more.pop("complete_until", end), **more
    )


@contextmanager
def world(
    *,
    withheld: Collection[str] = (),
    connect: bool = True,
    subscribe: bool = True,
    timing: Timing = PATIENT,
    store: Store | None = None,
    connections: int = 1,
) -> Iterator[World]:
    """The bot connected, told of nothing yet; #infra hears of changes."""
    clock, ticks = Clock(), Ticks()
    sandbox = start_in_thread(Configuration(manifest=MANIFEST, withheld=withheld, timing=timing))
    driver = Driver(sandbox.base_url)
    kept = store or open_store("sqlite://", clock=clock)
    bot = build_bot(settings_for(sandbox, connections=connections), store=kept, clock=clock)
    assert bot.notifier is not None and bot.intake is not None and bot.socket_mode is not None
    bot.notifier.pace = Pace(monotonic=ticks)
    if subscribe:
        kept.subscriptions.save(Subscription(destination=INFRA))
    try:
        if connect:
            bot.intake.start()
            bot.socket_mode.start()
            driver.wait_for_calls("apps.connections.open")
            while driver.state()["connections"] < connections:
                pass
        yield World(sandbox=sandbox, driver=driver, store=kept, bot=bot, clock=clock, ticks=ticks)
    finally:
        links = [link.client for link in bot.socket_mode._links]
        for client in links:
            client.auto_reconnect_enabled = False
        if links:
            hang_up(driver, links)
        bot.socket_mode.stop()
        bot.intake.stop()
        kept.close()
        sandbox.stop()
