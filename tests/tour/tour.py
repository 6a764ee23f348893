"""The whole tour: components up, the bot's own building blocks over them, every lane walked, and what came of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bot import app
from core.poller import Poller
from core.ports import Store
from core.unified import UnifiedEvent
from tests.components.cloud_asset import cloud_asset
from tests.components.cloudtrail import cloudtrail
from tests.components.kubelet import kubelet
from tests.components.kubernetes import ControlPlane
from tests.components.moto import made_up_credentials, moto
from tests.components.needed import COMPONENTS
from tests.components.terraform import Workspace
from tests.tour.aws import AwsStage
from tests.tour.change import Outcome
from tests.tour.gcp import GcpStage
from tests.tour.kubernetes import KubernetesStage
from tests.tour.lane import Lane, Stage
from tests.tour.managed import ManagedResources
from tests.tour.terraform import TerraformStage


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """`also` are events that belong to no change, `failures` polls that could not read, `missing` changes that could not be made, and
    why."""

    outcomes: tuple[Outcome, ...]
    also: tuple[UnifiedEvent, ...]
    failures: tuple[str, ...] = ()
    missing: Mapping[int, str] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        return bool(self.outcomes) and all(one.right for one in self.outcomes) and not (self.also or self.failures or self.missing)


@contextmanager
def _kubernetes(folder: Path) -> Iterator[Stage]:
    plane = ControlPlane(folder=folder)
    try:
        plane.start()
        with kubelet(folder / "certs") as port:
            yield KubernetesStage(plane, port)
    finally:
        plane.stop()


@contextmanager
def _terraform(folder: Path) -> Iterator[Stage]:
    yield TerraformStage(Workspace(folder / "shop"))


@contextmanager
def _aws(folder: Path) -> Iterator[Stage]:
    with moto() as url, cloudtrail(behind=url) as trail:
        yield AwsStage(url, trail, ManagedResources(folder / "managed", url))


@contextmanager
def _gcp(_: Path) -> Iterator[Stage]:
    with cloud_asset() as google:
        yield GcpStage(google)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Who walks which changes, and the components it cannot do without."""

    start: Callable[[Path], AbstractContextManager[Stage]]
    numbers: Sequence[int]
    needs: tuple[str, ...] = ()


# The longest to prepare comes first.
_WALKS: dict[str, _Walk] = {
    "aws": _Walk(_aws, (*range(16, 25), 29), ("moto",)),
    "kubernetes": _Walk(_kubernetes, range(1, 16), ("kubernetes",)),
    "terraform": _Walk(_terraform, range(25, 29), ("terraform",)),
    "gcp": _Walk(_gcp, (30,)),
}


def take(folder: Path, *, only: Sequence[int] = (), say: Callable[[str], None] = lambda _: None) -> Result:
    """Make the changes (all, or `only` these) and look. Raises what a component raises that does not come up."""
    asked = {name: walk for name, walk in _WALKS.items() if not only or set(only) & set(walk.numbers)}
    missing = {name: why for name, walk in asked.items() if (why := next(filter(None, (COMPONENTS[one]() for one in walk.needs)), ""))}
    wanted = {name: walk for name, walk in asked.items() if name not in missing}
    with ExitStack() as stack, ThreadPoolExecutor(max_workers=len(_WALKS)) as side_by_side:
        stack.enter_context(made_up_credentials())
        say(f"starting {', '.join(wanted)} …")
        entered = [side_by_side.submit(_prepared, stack, walk.start, _made(folder / name)) for name, walk in wanted.items()]
        lanes = _lanes(folder, [one.result() for one in entered], stack)
        say("making the changes …")
        for done in [side_by_side.submit(_walk, lane, only) for lane in lanes]:
            done.result()
        return Result(
            outcomes=tuple(sorted((one for lane in lanes for one in lane.outcomes), key=lambda one: one.number)),
            also=tuple(one for lane in lanes for one in lane.untold()),
            failures=tuple(one for lane in lanes for one in lane.failures),
            missing={number: why for name, why in missing.items() for number in _WALKS[name].numbers if not only or number in only},
        )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _prepared(stack: ExitStack, start: Callable[[Path], AbstractContextManager[Stage]], folder: Path) -> Stage:
    stage = stack.enter_context(start(folder))
    stage.prepare()
    return stage


def _walk(lane: Lane, only: Sequence[int]) -> None:
    lane.begin()
    lane.walk(only)


def _lanes(folder: Path, stages: Sequence[Stage], stack: ExitStack) -> list[Lane]:
    """The bot as it is built from its settings file, but that each lane polls its own sources when it wants to."""
    path = folder / "wgo.yaml"
    written = {
        "database": {"url": f"sqlite:///{folder / 'wgo.db'}", "backup_folder": None},
        "sources": [source for stage in stages for source in stage.sources],
    }
    path.write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")
    settings = app.load_settings(path)
    store: Store = app.open_store(settings)
    stack.callback(store.close)
    ingest = app.build_ingest(settings, store)
    pollers: dict[str, Poller] = {}
    for provider in app.build_providers(settings, store):
        stack.callback(provider.close)
        pollers[provider.source] = Poller(provider=provider, ingest=ingest, store=store, timeout_seconds=settings.poll.timeout_seconds)
    return [Lane(stage, [pollers[str(source["name"])] for source in stage.sources], store) for stage in stages]
