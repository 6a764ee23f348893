"""What a channel hears while nothing can be kept: one note, edited when it is over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time

import pytest

from bot.app import build_bot
from bot.standing import Standing
from bot.unkept import UnkeptNotes
from bot.views.home import home_view
from bot.views.status import status_message
from core.batch import Batch, Cursor
from core.errors import StorageError, StorageFull
from core.keeping import Keeping
from core.ports import Commit
from core.subscription import QuietHours, Subscription
from tests.unit.bot.world import INFRA, PAYMENTS, YOU, World, settings_for, shown, world

NOW_SAYS = (
    "I can't keep what I see since 12:00 UTC: wgo.db: no room left to write. Free some space. "
    "Until then I tell no new change here; afterwards I read on from where I stood."
)
AFTER_SAYS = (
    "I can keep what I see again. Nothing was kept 12:00–12:05 UTC: wgo.db: no room left to write. "
    "What the sources still show of that time is told; what came and went in it I may not have seen."
)


@dataclass
class Full:
    """A unit of work that refuses while `full`."""

    full: bool = True

    def commit(self, commit: Commit) -> int:
        if self.full:
            raise StorageFull("wgo.db: no room left to write", next_step="Free some space.")
        return 1


class Away:
    """Subscriptions of a store that is not there."""

    def all(self) -> Sequence[Subscription]:
        raise StorageError("the server cannot be reached")


@dataclass
class Spell:
    here: World
    work: Full = field(default_factory=Full)
    keeping: Keeping = field(init=False)
    notes: UnkeptNotes = field(init=False)

    def __post_init__(self) -> None:
        self.here.clock.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
        self.keeping = Keeping(self.work, clock=self.here.clock)
        self.notes = UnkeptNotes(self.keeping, self.here.notifier.slack, self.here.store.subscriptions, self.here.clock)

    def commits(self, *, full: bool) -> None:
        self.work.full = full
        try:
            self.keeping.commit(Commit(source="infra", batch=Batch(cursor=Cursor())))
        except StorageFull:
            assert full

    def said(self, channel: str = INFRA) -> list[str]:
        return [str(one["text"]) for one in self.here.channel_messages(channel)]

    def after(self, seconds: float) -> "Spell":
        self.here.clock.forward(seconds)
        self.notes.speak()
        return self


@pytest.fixture
def spell() -> Iterator[Spell]:
    with world(connect=False) as here:
        yield Spell(here)


def test_a_moment_is_not_worth_a_note_and_a_spell_gets_one_that_says_how_it_ended(spell: Spell) -> None:
    spell.commits(full=True)
    assert spell.after(5).said() == []
    assert spell.after(5).said() == [NOW_SAYS]
    assert spell.after(290).said() == [NOW_SAYS]
    spell.commits(full=False)
    assert spell.after(1).said() == [AFTER_SAYS]


def test_a_disk_that_is_full_now_and_then_edits_its_note_and_a_new_trouble_gets_a_new_one(spell: Spell) -> None:
    spell.commits(full=True)
    spell.after(60)
    spell.commits(full=False)
    spell.after(60)
    spell.commits(full=True)
    [again] = spell.after(60).said()
    assert again.startswith("I can't keep what I see since 12:02 UTC")
    spell.commits(full=False)
    spell.after(3600)
    spell.commits(full=True)
    assert len(spell.after(60).said()) == 2


def test_quiet_hours_are_kept_and_a_channel_that_slack_refuses_costs_the_others_nothing(spell: Spell) -> None:
    night = QuietHours(start=time(11), end=time(12, 10), time_zone="UTC")
    spell.here.store.subscriptions.save(Subscription(destination="C0NOWHERE"))
    spell.here.store.subscriptions.save(Subscription(destination=PAYMENTS, quiet_hours=night))
    spell.here.driver.act("invite", user="U0ANA0001", channel=PAYMENTS)
    spell.commits(full=True)
    assert spell.after(60).said() == [NOW_SAYS]
    assert spell.said(PAYMENTS) == []
    assert spell.after(600).said(PAYMENTS) == [NOW_SAYS]
    refused = [call for call in spell.here.driver.calls("chat.postMessage") if not call["ok"]]
    assert [call["error"] for call in refused] == ["channel_not_found"]


def test_a_note_that_slack_did_not_take_is_tried_again(spell: Spell) -> None:
    spell.here.driver.fault("chat.postMessage", kind="status", status=503, count=1)
    spell.commits(full=True)
    assert spell.after(10).said() == []
    assert spell.after(10).said() == []
    assert spell.after(20).said() == [NOW_SAYS]


def test_channels_are_told_where_the_store_cannot_be_read_either(spell: Spell) -> None:
    spell.after(1)
    spell.notes.subscriptions = Away()  # type: ignore[assignment]
    spell.commits(full=True)
    assert spell.after(10).said() == [NOW_SAYS]


def test_the_status_and_the_home_of_a_bot_that_can_keep_nothing_say_so_and_calm_nobody(spell: Spell) -> None:
    spell.here.read()
    standing = Standing(
        store=spell.here.store, people=spell.here.notifier.people, sources=(), clock=spell.here.clock, keeping=spell.keeping
    )
    assert "Nothing of the last 3 days is open." in shown(status_message(standing.status()).blocks)
    spell.commits(full=True)
    told, home = shown(status_message(standing.status()).blocks), shown(home_view(standing.home(YOU, "UTC")))
    for one in (told, home):
        assert NOW_SAYS in one
        assert "Nothing of the last 3 days is open in what could be kept. Of what happens now I can't vouch." in one
    spell.commits(full=False)
    assert "Nothing of the last 3 days is open." in shown(status_message(standing.status()).blocks)


def test_the_bot_asks_the_unit_of_work_that_everything_commits_to(spell: Spell) -> None:
    bot = build_bot(settings_for(spell.here.sandbox), store=spell.here.store, clock=spell.here.clock)
    assert bot.notifier is not None and bot.notifier.unkept is not None
    assert bot.notifier.unkept.keeping is bot.store.work


def test_a_catch_up_that_is_asked_for_while_nothing_can_be_kept_says_so_and_calms_nobody() -> None:
    with world() as here:
        here.read("infra")
        keeping = here.store.work
        assert isinstance(keeping, Keeping)
        here.clock.forward(5)
        keeping.refused("infra", StorageFull("wgo.db: no room left to write", next_step="Free some space."))
        here.clock.forward(60)
        said = shown(here.command("catchup 1h")["blocks"])
        assert "I can't keep what I see: wgo.db: no room left to write" in said
        assert "read whole" not in said or "0 of 1" in said


def started_anew(spell: Spell) -> UnkeptNotes:
    """The notes of the next run, of which nothing was refused yet."""
    spell.keeping = Keeping(spell.work, clock=spell.here.clock)
    spell.notes = UnkeptNotes(spell.keeping, spell.here.notifier.slack, spell.here.store.subscriptions, spell.here.clock)
    return spell.notes


def test_a_note_of_a_run_that_was_killed_is_taken_back_by_the_next_once_something_is_kept(spell: Spell) -> None:
    spell.here.clock.now = datetime.now(UTC).replace(microsecond=0)
    spell.commits(full=True)
    spell.after(60)
    started_anew(spell)
    [still] = spell.after(1).said()
    assert still.startswith("I can't keep what I see since")
    spell.commits(full=False)
    [over] = spell.after(1).said()
    assert over.startswith("I can keep what I see again, since ")
    started_anew(spell)
    spell.commits(full=False)
    assert spell.after(1).said() == [over], "it is said once"


def test_a_run_that_starts_inside_a_spell_edits_what_the_one_before_said(spell: Spell) -> None:
    spell.here.clock.now = datetime.now(UTC).replace(microsecond=0)
    spell.commits(full=True)
    spell.after(60)
    started_anew(spell)
    spell.commits(full=True)
    assert len(spell.after(60).said()) == 1
    spell.commits(full=False)
    [over] = spell.after(1).said()
    assert over.startswith("I can keep what I see again. Nothing was kept ")
