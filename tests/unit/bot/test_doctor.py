"""`wgo doctor` against a workspace: what is green, and the next step where something is not."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot import scopes
from bot.app import build_doctor
from bot.sandbox import Configuration, Driver, RunningSandbox, start_in_thread
from core.baseline import Metric
from core.batch import Batch, Check, CheckState, Cursor
from core.clock import Deadline, utc_now
from core.coverage import Coverage, CoverageState
from core.delivery import Delivery
from core.measures import HEARTBEAT
from core.ports import Commit
from core.settings import DatabaseSettings, Settings, SourceSettings
from core.timerange import TimeRange
from storage import open_store
from tests.unit.bot.world import GENERAL, MANIFEST, PATIENT, settings_for

GREEN, AMBER, RED = CheckState.GREEN, CheckState.AMBER, CheckState.RED


@dataclass
class Ward:
    """Settings that work, on disk and in a workspace; a test breaks one thing."""

    sandbox: RunningSandbox
    folder: Path
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        url = f"sqlite:///{self.folder / 'wgo.db'}"
        open_store(url).close()
        state = self.folder / "terraform.tfstate"
        state.write_text('{"version": 4, "serial": 1, "lineage": "l", "resources": [], "outputs": {}}')
        source = SourceSettings(name="infra", provider="terraform", options={"paths": [str(state)]})
        made = settings_for(self.sandbox, sources=(source,))
        self.settings = made.model_copy(update={"database": DatabaseSettings(url=url)})

    def with_slack(self, **slack: Any) -> None:
        self.settings = self.settings.model_copy(update={"slack": self.settings.slack.model_copy(update=slack)})

    def examined(self, clock: Callable[[], Any] = utc_now) -> dict[str, Check]:
        built = build_doctor(self.settings)
        doctor = replace(built, clock=clock)
        return {check.name: check for check in doctor.examine()}


@contextmanager
def ward(folder: Path, **configuration: Any) -> Iterator[Ward]:
    with start_in_thread(Configuration(manifest=MANIFEST, timing=PATIENT, **configuration)) as running:
        yield Ward(sandbox=running, folder=folder)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ward]:
    with ward(tmp_path) as made:
        yield made


def test_what_works_is_green(here: Ward) -> None:
    found = here.examined()
    assert {
        name: check.says for name, check in found.items() if name in ("Slack bot token", "Slack scopes", "channel C0INFRA01", "database")
    } == {
        "database": "0 changes taken in so far",
        "Slack bot token": "wgo in Acme",
        "Slack scopes": "all of manifest.yml",
        "channel C0INFRA01": "#infra",
    }
    assert found["Slack app token"].says == "opens connections (connections:write)"
    assert {check.state for name, check in found.items() if name != "settings"} == {GREEN}
    assert found["settings"].state is AMBER  # no model key
    assert any(name.startswith("source infra") for name in found)


def test_a_wrong_bot_token_is_red_and_says_where_the_right_one_is(here: Ward) -> None:
    here.with_slack(bot_token=SecretStr("xoxb-wrong"))
    check = here.examined()["Slack bot token"]
    assert (check.state, check.says) == (RED, "Slack answers invalid_auth")
    assert check.next_step.startswith("Copy it again from your Slack app: OAuth & Permissions")
    assert "xoxb-wrong" not in str(check)


def test_a_wrong_app_token_is_red(here: Ward) -> None:
    here.with_slack(app_token=SecretStr("xapp-wrong"))
    check = here.examined()["Slack app token"]
    assert (check.state, check.says) == (RED, "Slack answers invalid_auth")


def test_an_app_token_without_its_scope_is_red(tmp_path: Path) -> None:
    with ward(tmp_path, app_scopes=()) as here:
        check = here.examined()["Slack app token"]
        assert (check.state, check.says) == (RED, "Slack answers missing_scope")
        assert "connections:write" in check.next_step


def test_a_missing_scope_is_red_with_what_it_is_for_and_an_optional_one_amber(tmp_path: Path) -> None:
    with ward(tmp_path, withheld=("assistant:write",)) as here:
        check = here.examined()["Slack scopes"]
        assert (check.state, check.says) == (RED, f"missing: assistant:write ({scopes.REQUIRED['assistant:write']})")
        assert check.next_step == "Put manifest.yml into your app's settings and install it again."
    with ward(tmp_path, withheld=("users:read.email",)) as here:
        check = here.examined()["Slack scopes"]
        assert (check.state, check.says) == (AMBER, "all that are needed; without users:read.email (naming people as Slack knows them)")


def test_a_scope_that_is_missing_for_a_channel_is_not_called_a_wrong_token(tmp_path: Path) -> None:
    with ward(tmp_path, withheld=("channels:read", "groups:read")) as here:
        check = here.examined()["channel C0INFRA01"]
        assert (check.state, check.says) == (RED, "Slack answers missing_scope")
        assert check.next_step == "Put manifest.yml into your app's settings and install it again."


def test_a_channel_that_did_not_invite_the_bot_is_red_with_the_invitation(here: Ward) -> None:
    here.with_slack(channel=GENERAL)
    check = here.examined()[f"channel {GENERAL}"]
    assert (check.state, check.says, check.next_step) == (RED, "WGO is not in #general", "Invite WGO to the channel: /invite @WGO")


def test_a_channel_that_does_not_exist_is_red(here: Ward) -> None:
    here.with_slack(channel="C0NOWHERE")
    check = here.examined()["channel C0NOWHERE"]
    assert (check.state, check.says) == (RED, "Slack answers channel_not_found")
    assert check.next_step.startswith("Check the channel id in the settings")


def test_a_channel_that_was_archived_is_red(here: Ward) -> None:
    Driver(here.sandbox.base_url).order("archive", channel="C0INFRA01")
    check = here.examined()["channel C0INFRA01"]
    assert (check.state, check.next_step) == (RED, "Unarchive the channel, or take it out of the settings.")


def test_slack_that_does_not_answer_is_red_and_leaves_the_rest_examined(here: Ward) -> None:
    here.with_slack(base_url="http://127.0.0.1:9/api/", app_token=None)
    found = here.examined()
    assert found["Slack bot token"].says == "http://127.0.0.1:9/api/ does not answer (URLError)"
    assert found["Slack bot token"].next_step == "Check the network, and slack.base_url."
    assert found["database"].state is GREEN


@pytest.mark.parametrize(("seconds", "state"), [(0, GREEN), (20, AMBER), (-20, AMBER), (300, RED), (-300, RED)])
def test_a_clock_that_is_off_is_said(here: Ward, seconds: float, state: CheckState) -> None:
    check = here.examined(lambda: utc_now() + timedelta(seconds=seconds))["clock"]
    assert check.state is state
    assert (check.next_step == "") is (state is GREEN)


def test_before_the_first_start_the_sources_are_judged_all_the_same(here: Ward) -> None:
    here.settings = here.settings.model_copy(update={"database": DatabaseSettings(url=f"sqlite:///{here.folder}/first.db")})
    found = here.examined()
    assert (found["database"].state, found["database"].next_step) == (AMBER, "`wgo run` makes it.")
    assert found["source infra: infra"].state is GREEN
    assert not (here.folder / "first.db").exists()


def test_a_database_that_is_not_there_is_red_and_its_sources_are_not_judged(here: Ward) -> None:
    here.settings = here.settings.model_copy(update={"database": DatabaseSettings(url=f"sqlite:///{here.folder}/none/wgo.db")})
    found = here.examined()
    assert found["database"].state is RED
    assert found["database"].next_step
    assert (found["source infra"].state, found["source infra"].says) == (AMBER, "not looked at without the database")
    assert found["Slack bot token"].state is GREEN


@pytest.mark.parametrize(
    ("free", "state", "says"),
    [
        (900_000, RED, "no room left beside {path} (900,000 bytes): nothing that is seen can be kept"),
        (20 * 1024**2, AMBER, "20 MiB free beside {path}: less than a second copy of it needs"),
        (5 * 1024**3, GREEN, "5,120 MiB free"),
    ],
)
def test_how_much_room_the_database_has_is_said(here: Ward, free: int, state: CheckState, says: str) -> None:
    built = build_doctor(here.settings)
    doctor = replace(built, room=lambda _: free)
    check = {check.name: check for check in doctor.examine()}["disk"]
    assert (check.state, check.says) == (state, says.format(path=here.folder / "wgo.db"))
    assert (check.next_step == "") is (state is GREEN)


@pytest.mark.parametrize(
    ("minutes", "state", "says"),
    [
        (1, GREEN, "last kept what it saw at 11:59:00 UTC"),
        (50, AMBER, "has kept nothing since 2026-03-02 11:10 UTC: it does not run, or cannot write"),
    ],
)
def test_a_bot_that_has_kept_nothing_for_a_while_is_amber(here: Ward, minutes: float, state: CheckState, says: str) -> None:
    now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    store = open_store(here.settings.database.url)
    store.metrics.save([Metric(name=HEARTBEAT, at=now - timedelta(minutes=minutes), numerator=1, denominator=1, source="wgo")])
    store.close()
    check = here.examined(lambda: now)["bot"]
    assert (check.state, check.says) == (state, says)
    assert (check.next_step == "") is (state is GREEN)


def test_a_source_that_cannot_be_built_is_red_with_the_fix(here: Ward) -> None:
    wrong = SourceSettings(name="infra", provider="nimbus", options={})
    here.settings = here.settings.model_copy(update={"sources": (wrong,)})
    check = here.examined()["source infra"]
    assert check.state is RED
    assert "nimbus" in check.says
    assert check.next_step


def test_messages_that_could_not_be_delivered_are_amber(here: Ward) -> None:
    store = open_store(here.settings.database.url)
    delivery = Delivery(destination="C1", story_id="s", revision=1, not_before=utc_now())
    store.work.commit(Commit(source="wgo", batch=Batch(cursor=Cursor()), deliveries=(delivery,)))
    store.deliveries.fail(delivery.key, "not_in_channel")
    store.close()
    check = here.examined()["messages"]
    assert (check.state, check.says) == (AMBER, "1 could not be delivered")
    assert check.next_step == "The log says why (`not told`)."


def test_with_nothing_configured_it_says_what_is_lacking(tmp_path: Path) -> None:
    database = DatabaseSettings(url=f"sqlite:///{tmp_path / 'wgo.db'}")
    open_store(database.url).close()
    found = build_doctor(Settings().model_copy(update={"database": database})).examine()
    lacking = [check.says for check in found if check.name == "settings"]
    assert [says.split(" ")[0] for says in lacking] == ["slack.bot_token", "slack.app_token", "slack.channel", "sources", "model.api_key"]
    assert {check.state for check in found if check.name == "settings"} == {AMBER}


@dataclass
class Faulty:
    """A provider whose check is broken, or never ends."""

    ends: threading.Event
    hangs: bool = False

    def check(self, deadline: Deadline) -> list[Check]:
        if self.hangs:
            self.ends.wait()
        raise KeyError("users")

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("hangs", "says"), [(False, "its check failed in a way it should not: KeyError"), (True, "did not answer in time")]
)
def test_a_source_whose_check_breaks_or_hangs_ends_no_other(here: Ward, hangs: bool, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.doctor._SECONDS_FOR_ALL", 2.0)
    bad = SourceSettings(name="bad", provider="terraform", options={"paths": ["/nowhere"]})
    sources = (bad, *here.settings.sources)
    here.settings = here.settings.model_copy(update={"sources": sources})
    built, ends = build_doctor(here.settings), threading.Event()
    faulty: Any = Faulty(ends, hangs)
    doctor = replace(built, build_provider=lambda source, store: faulty if source is bad else built.build_provider(source, store))
    found = {check.name: check for check in doctor.examine()}
    ends.set()
    assert (found["source bad"].state, found["source bad"].says) == (RED, says)
    assert found["source infra: infra"].state is GREEN


def test_a_source_tells_how_the_bot_read_it_last_beside_what_it_can_do_now(here: Ward) -> None:
    at = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    gap = Coverage(
        source="infra",
        range=TimeRange(start=at - timedelta(hours=2), end=at),
        state=CoverageState.GAP,
        complete_until=at - timedelta(hours=2),
        reason="infra/prod: the state file is empty",
        next_step="Restore it from a backup.",
    )
    store = open_store(here.settings.database.url)
    store.work.commit(Commit(source="infra", batch=Batch(cursor=Cursor(), coverage=(gap,))))
    store.close()
    check = here.examined()["source infra, read last"]
    assert (check.state, check.says) == (AMBER, "not read 2026-03-02 10:00–12:00 UTC: infra/prod: the state file is empty")
    assert check.next_step == "Restore it from a backup."
    later = replace(gap, range=TimeRange(start=at, end=at + timedelta(hours=1)), state=CoverageState.READ, complete_until=at, reason="")
    store = open_store(here.settings.database.url)
    store.work.commit(Commit(source="infra", batch=Batch(cursor=Cursor(), coverage=(replace(later, next_step=""),))))
    store.close()
    check = here.examined()["source infra, read last"]
    assert (check.state, check.says) == (GREEN, "2026-03-02 13:00 UTC")
