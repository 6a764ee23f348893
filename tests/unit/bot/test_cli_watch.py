"""`wgo watch`: what it prints, look by look."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from bot.terminal.watch import Watch
from core.assessment import Verdict
from core.catchup import CatchUp
from core.subscription import EventFilter
from core.timerange import TimeRange
from tests.unit.bot.test_cli import wgo
from tests.unit.core.changes import ANA, BEN, change
from tests.unit.core.telling import NOW, Telling, telling


class _Terminal:
    """A watch of a store, its clock, and what was printed since one last asked."""

    def __init__(self, told: Telling, every: timedelta | None = None, filter: EventFilter | None = None) -> None:
        self.now = NOW
        self.printed = StringIO()
        self.watch = Watch(
            events=told.store.events,
            coverage=told.store.coverage,
            catchup=CatchUp(told.store, clock=self.clock, sources=("cluster",)),
            console=Console(file=self.printed, width=160, highlight=False),
            zone=ZoneInfo("Europe/Madrid"),
            clock=self.clock,
            filter=filter or EventFilter(),
            catchup_every=every,
        )

    def clock(self) -> datetime:
        return self.now

    def said(self) -> list[str]:
        lines = self.printed.getvalue().splitlines()
        self.printed.seek(0)
        self.printed.truncate()
        return [line.strip() for line in lines if line.strip()]


@pytest.fixture
def told() -> Iterator[Telling]:
    with telling() as held:
        held.read()
        yield held


def test_what_is_new_is_printed_once_with_why_it_stands_out(told: Telling) -> None:
    told.happened(change("old", 1, ANA))
    terminal = _Terminal(told)
    terminal.watch.begin(None)
    told.happened(change("api", 5, BEN), Verdict.UNPLANNED, because="no run explains it")
    terminal.said()
    terminal.watch.tick()
    assert terminal.said() == [
        "◆ prod · shop/api: Deployment modified (changed) · Ben · Mon 02 Mar 11:05 · unplanned, 92 %",
        "No run explains it.",
    ]
    terminal.watch.tick()
    assert terminal.said() == []


def test_it_begins_with_what_happened_lately(told: Telling) -> None:
    told.happened(change("old", 1, ANA))
    terminal = _Terminal(told)
    terminal.watch.begin(TimeRange(start=NOW - timedelta(days=1), end=NOW))
    said = terminal.said()
    assert said[0].startswith("✓ Quiet since Sun 01 Mar 23:00: 1 routine change, nothing else.")
    assert said[-1] == "Watching since Mon 02 Mar 23:00. Ctrl-C ends it."


def test_a_single_look_does_not_say_how_to_end_it(told: Telling) -> None:
    terminal = _Terminal(told)
    terminal.watch.begin(None, goes_on=False)
    terminal.watch.tick()
    assert terminal.said() == []


def test_a_source_gone_blind_and_back_is_said_once_each(told: Telling) -> None:
    terminal = _Terminal(told)
    terminal.watch.begin(None)
    terminal.said()
    told.read(start=NOW, end=NOW + timedelta(minutes=5), reason="throttled")
    terminal.watch.tick()
    terminal.watch.tick()
    assert terminal.said() == ["○ cluster has not been read since 23:00: throttled. What changes there I can't see."]
    told.read(start=NOW + timedelta(minutes=5), end=NOW + timedelta(minutes=6))
    terminal.watch.tick()
    assert terminal.said() == ["● cluster is read again."]


def test_a_catch_up_comes_at_its_interval(told: Telling) -> None:
    terminal = _Terminal(told, every=timedelta(hours=1))
    terminal.watch.begin(None)
    terminal.said()
    terminal.now += timedelta(minutes=59)
    terminal.watch.tick()
    assert terminal.said() == []
    terminal.now += timedelta(minutes=1)
    terminal.watch.tick()
    assert terminal.said()[0].startswith("Since Mon 02 Mar 23:00 · 1 h · ")


def test_only_what_is_asked_for_is_printed(told: Telling) -> None:
    terminal = _Terminal(told, filter=EventFilter(environments=frozenset({"staging"})))
    terminal.watch.begin(None)
    terminal.said()
    told.happened(change("api", 5, BEN))
    told.happened(change("web", 6, BEN, environment="staging"))
    terminal.watch.tick()
    assert [line.split(":")[0] for line in terminal.said()] == ["· staging · shop/web"]


def test_a_name_cannot_drive_the_terminal(told: Telling) -> None:
    terminal = _Terminal(told)
    terminal.watch.begin(None)
    terminal.said()
    told.happened(change("api\x1b[2J[bold]x", 5, BEN))
    terminal.watch.tick()
    line = terminal.said()[0]
    assert "\x1b" not in line
    assert "[bold]x" in line


def test_an_environment_that_is_not_watched_is_refused_and_never_called_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WGO_DATABASE__URL", f"sqlite:///{tmp_path}/wgo.db")
    assert wgo(monkeypatch, "db", "upgrade") == 0
    assert wgo(monkeypatch, "watch", "--once", "--environment", "staging") == 2
    said = capsys.readouterr()
    assert "no environment that I watch is called 'staging'" in said.err
    assert "Quiet" not in said.out
