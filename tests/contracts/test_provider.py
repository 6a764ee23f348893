"""What every provider owes to the rest of WGO, held against each one over the real component behind it (provider_benches)."""

import base64
import pkgutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from core.batch import CheckState
from core.clock import Deadline
from core.coverage import CoverageState
from core.errors import ProviderError, ProviderThrottled
from core.event import Event
from core.json import canonical, encode
from tests.contracts import provider_benches
from tests.contracts.provider_benches.bench import SOURCE, Bench, Rows, Watched

SECRET = "hunter2-planted-and-never-to-be-seen"
_BENCHES = [module.name for module in pkgutil.iter_modules(provider_benches.__path__) if module.name != "bench"]


def _params() -> list[Any]:
    found = []
    for name in _BENCHES:
        needs = import_module(f"{provider_benches.__name__}.{name}").COMPONENTS
        found.append(pytest.param(name, id=name, marks=[pytest.mark.component(one) for one in needs]))
    return found


@dataclass
class Started:
    """Components that are started once and serve every test."""

    folder: Callable[[str], Path]
    stack: ExitStack
    running: dict[str, Any] = field(default_factory=dict)

    def of(self, name: str, module: ModuleType) -> Any:
        if name not in self.running and hasattr(module, "component"):
            self.running[name] = self.stack.enter_context(module.component(self.folder(f"{name}-component")))
        return self.running.get(name)


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with ExitStack() as stack:
        yield Started(tmp_path_factory.mktemp, stack)


@pytest.fixture(params=_params())
def bench(request: pytest.FixtureRequest, started: Started, tmp_path: Path) -> Iterator[Bench]:
    module = import_module(f"{provider_benches.__name__}.{request.param}")
    with module.bench(tmp_path, started.of(request.param, module)) as made:
        yield made


@pytest.fixture
def watched(bench: Bench) -> Iterator[Watched]:
    made = Watched(bench)
    yield made
    bench.heal()
    made.provider.close()


def told(watched: Watched, minutes: float = 1) -> list[Event]:
    return [event for batch in watched.poll(minutes) for event in batch.events]


def test_the_first_poll_is_a_baseline_and_the_next_is_silent(bench: Bench, watched: Watched) -> None:
    for name in ("a", "b", "c"):
        bench.make(name, 1)
    assert told(watched) == []
    assert told(watched) == []


def test_a_change_gives_exactly_one_event_with_before_and_after(bench: Bench, watched: Watched) -> None:
    bench.make("a", 1)
    bench.make("b", 1)
    watched.poll()
    bench.change("a", 4)
    (event,) = told(watched)
    assert (event.source, event.provider, event.environment) == (SOURCE, bench.provider, "prod")
    assert "a" in event.resource.name
    assert [(str(change.before).removesuffix(".0"), str(change.after).removesuffix(".0")) for change in event.changes] == [("1", "4")]
    assert event.occurred_at <= event.observed_at


def test_the_same_cursor_again_gives_the_same_ids(bench: Bench, watched: Watched) -> None:
    bench.make("a", 1)
    watched.poll()
    cursor, rows = watched.cursor, dict(watched.rows.rows)
    bench.change("a", 2)
    bench.make("b", 1)
    first = [event.id for event in told(watched)]
    watched.cursor, watched.rows = cursor, Rows(rows)
    assert sorted(event.id for event in told(watched, minutes=0)) == sorted(first)
    assert len(set(first)) == 2


def test_a_poll_after_a_long_absence_finds_what_happened(bench: Bench, watched: Watched) -> None:
    bench.make("a", 1)
    bench.make("b", 1)
    watched.poll()
    bench.wait(60)
    bench.change("a", 2)
    bench.make("c", 1)
    bench.delete("b")
    found = {event.resource.name.rsplit(".", 1)[-1]: event.change_type.value for event in told(watched, minutes=240)}
    assert {name: kind for name, kind in found.items() if name in ("b", "c")} == {"b": "deleted", "c": "created"}
    assert found.keys() == {"a", "b", "c"}
    assert told(watched, minutes=15) == []


@pytest.mark.parametrize("fault", ["refuse", "throttle", "malform"])
@pytest.mark.parametrize("begun", [False, True], ids=["at first", "later"])
def test_a_fault_is_a_typed_error_or_a_stated_gap_and_nothing_is_lost(bench: Bench, watched: Watched, fault: str, begun: bool) -> None:
    bench.make("a", 1)
    if begun:
        watched.poll()
        bench.wait(1)
        bench.change("a", 2)
    getattr(bench, fault)()
    try:
        batch = watched.once()
    except ProviderError as error:
        assert error.source == SOURCE
        if fault == "throttle":
            assert isinstance(error, ProviderThrottled)
    else:
        assert any(covered.state is not CoverageState.READ and covered.reason for covered in batch.coverage)
        assert batch.events == ()
    bench.heal()
    assert len(told(watched)) == (1 if begun else 0)


def test_a_poll_ends_by_its_deadline_whatever_the_server_does(bench: Bench, watched: Watched) -> None:
    bench.make("a", 1)
    watched.poll()
    bench.hang()
    began = time.monotonic()
    with pytest.raises(ProviderError):
        watched.once(seconds=0.5)
    assert time.monotonic() - began < 3


def test_an_idle_poll_costs_the_same_whatever_the_number_of_things(bench: Bench, watched: Watched) -> None:
    costs = []
    bench.make("a", 1)
    for number in (0, 120):
        bench.many(number)
        watched.poll(minutes=11)
        watched.poll(minutes=11)
        before = (bench.calls(), bench.sent())
        watched.rows.asked = 0
        bench.wait(11)
        assert watched.once().events == ()
        costs.append((bench.calls() - before[0], bench.sent() - before[1], watched.rows.asked))
    few, many = costs
    assert many[0] <= few[0]
    assert many[1] <= few[1] + 1024
    assert many[2] <= few[2] + 1


def test_no_secret_leaves_in_any_batch(bench: Bench, watched: Watched) -> None:
    bench.plant_secret("kept", SECRET + "-1")
    batches = watched.poll()
    bench.wait(1)
    bench.plant_secret("kept", SECRET + "-2")
    bench.plant_secret("fresh", SECRET + "-3")
    later = watched.poll()
    assert [event for batch in later for event in batch.events]
    sent = b"".join(encode(batch) for batch in (*batches, *later))
    for number in (1, 2, 3):
        text = f"{SECRET}-{number}"
        assert text.encode() not in sent
        assert base64.b64encode(text.encode()) not in sent


def test_coverage_says_up_to_when_it_is_complete(bench: Bench, watched: Watched) -> None:
    bench.make("a", 1)
    first = watched.poll()[-1]
    second = watched.poll(minutes=30)[-1]
    (whole,) = [one for one in second.coverage if not one.part]
    before = next(one for one in first.coverage if not one.part)
    assert (whole.source, whole.state) == (SOURCE, CoverageState.READ)
    assert whole.range.start <= before.range.end
    assert whole.complete_until <= whole.range.end
    assert whole.complete_until <= max(whole.range.start, bench.now() - watched.provider.lag)


def test_the_cursor_is_small_and_survives_json(bench: Bench, watched: Watched) -> None:
    bench.many(60)
    watched.poll()
    assert watched.cursor is not None
    assert len(canonical(watched.cursor.state)) < 64 * 1024
    bench.wait(1)
    bench.change("many0" if bench.provider in ("terraform", "flags") else "many-0", 77)
    watched.cursor = replace(watched.cursor, state=dict(watched.cursor.state))
    assert len(told(watched)) == 1


def test_check_says_that_all_is_well_and_what_is_missing(bench: Bench, watched: Watched) -> None:
    bench.make("a", 1)
    assert {one.state for one in watched.provider.check(Deadline.after(10))} <= {CheckState.GREEN, CheckState.AMBER}
    bench.refuse()
    findings = watched.provider.check(Deadline.after(10))
    assert any(one.state is not CheckState.GREEN and one.next_step for one in findings)
