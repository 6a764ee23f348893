"""Writes records down while a year is told: ids, causes, lateness."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.announcement import Announcement
from core.json import JsonObject
from core.subscription import EventFilter
from core.timerange import TimeRange
from tests.simulator.organisation import Organisation, Person
from tests.simulator.truth import Meant, Raw, Truth

CLUSTER, CLOUD, STATE, ACCOUNT = "live-cluster", "live-cloud", "live-state", "live-account"
FORMAT = {CLUSTER: "k8s-audit", CLOUD: "gcp-audit", STATE: "tfstate", ACCOUNT: "cloudtrail"}
# Seconds from the act to the record's arrival: least and most.
LATE = {CLUSTER: (0.5, 4.0), CLOUD: (5.0, 90.0), STATE: (1.0, 60.0), ACCOUNT: (60.0, 840.0)}


@dataclass
class Scribe:
    """`cause` opens a new true cause; `write` adds one record to it."""

    chance: random.Random
    organisation: Organisation
    records: list[Raw] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    causes: int = 0
    ids: int = 0
    acts: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    revisions: dict[str, str] = field(default_factory=dict)

    def plan(self, at: datetime, act: Callable[[], object]) -> None:
        """Something to be told in its turn."""
        self.acts.append((at, len(self.acts), act))

    def tell(self) -> None:
        """Everything planned, in order of time: what runs is what the last act left."""
        while self.acts:
            acts, self.acts = sorted(self.acts, key=lambda one: one[:2]), []
            for _, _, act in acts:
                act()

    def revision(self, app: str) -> str:
        """The ReplicaSet that runs now."""
        return self.revisions.setdefault(app, f"{self.chance.getrandbits(36):09x}")

    def cause(self, sort: str, meant: Meant, *, harm: bool = False, healthy: bool | None = None) -> Truth:
        self.causes += 1
        return Truth(meant=meant, cause=f"{sort}-{self.causes}", sort=sort, harm=harm, healthy=healthy)

    def id(self) -> str:
        self.ids += 1
        return f"{self.chance.getrandbits(48):012x}{self.ids:08x}"

    def write(
        self, source: str, at: datetime, record: JsonObject, truth: Truth | None, vitals: tuple[tuple[float, bool], ...] = ()
    ) -> None:
        late = timedelta(seconds=self.chance.uniform(*LATE[source]))
        self.records.append(
            Raw(source=source, format=FORMAT[source], at=at, arrives_at=at + late, record=record, truth=truth, vitals=vitals)
        )

    def announce(self, title: str, start: datetime, end: datetime, *people: Person | str) -> None:
        names = frozenset(one if isinstance(one, str) else one.mail for one in people)
        self.announcements.append(
            Announcement(
                id=f"window-{self.id()}", kind="window", title=title, range=TimeRange(start=start, end=end),
                covers=EventFilter(actors=names), source="slack", observed_at=start - timedelta(hours=2),
            )
        )  # fmt: skip
