"""Who works at the organisation, where and when, and what they run."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DOMAIN = "lumbra.example"
HOLIDAYS = frozenset({(1, 1), (5, 1), (12, 25), (12, 26), (8, 15), (11, 1)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """`leave` are days off. `address` is where they usually work from."""

    login: str
    team: str
    zone: str
    address: str
    leave: frozenset[date]
    leaves_on: date | None = None

    @property
    def mail(self) -> str:
        return f"{self.login}@{DOMAIN}"

    def works(self, day: date) -> bool:
        gone = self.leaves_on is not None and day >= self.leaves_on
        return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS and day not in self.leave and not gone

    def moment(self, day: date, chance: random.Random, first: float = 9.0, last: float = 17.5) -> datetime:
        """Some time of that day between these hours of theirs."""
        hours = chance.uniform(first, last)
        local = datetime.combine(day, time(), tzinfo=ZoneInfo(self.zone)) + timedelta(hours=hours)
        return local.astimezone(ZoneInfo("UTC"))


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """One workload. `config` has a ConfigMap of its own, `scales` follows load."""

    name: str
    namespace: str
    team: str
    replicas: int
    scales: bool = False
    config: bool = False

    @property
    def application(self) -> str:
        return f"{self.namespace}-{self.name}"


_TEAMS = {
    "harbour": ("Europe/Lisbon", ("mara", "tomas", "ines", "joao")),
    "kiln": ("Europe/Berlin", ("sven", "aylin", "petra", "deniz", "uwe")),
    "prairie": ("America/Chicago", ("dale", "wanda", "curtis")),
    "lagoon": ("Asia/Singapore", ("wei", "farah", "anand")),
}
APPS = (
    App(name="till", namespace="market", team="harbour", replicas=4, scales=True, config=True),
    App(name="till-edge", namespace="market", team="harbour", replicas=2, scales=True),
    App(name="basket", namespace="market", team="harbour", replicas=3, scales=True, config=True),
    App(name="stockroom", namespace="market", team="kiln", replicas=3),
    App(name="ledger", namespace="money", team="kiln", replicas=3, config=True),
    App(name="ledger-sync", namespace="money", team="kiln", replicas=1),
    App(name="postbox", namespace="reach", team="prairie", replicas=2, scales=True),
    App(name="courier", namespace="reach", team="prairie", replicas=2),
    App(name="atlas", namespace="maps", team="lagoon", replicas=2, config=True),
    App(name="tiles", namespace="maps", team="lagoon", replicas=2),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Organisation:
    people: tuple[Person, ...]

    def team(self, name: str) -> list[Person]:
        return [person for person in self.people if person.team == name]

    def at_work(self, day: date, team: str = "") -> list[Person]:
        return [person for person in self.people if person.works(day) and (not team or person.team == team)]


def founded(chance: random.Random, first: date, days: int) -> Organisation:
    people = []
    number = 10
    for team, (zone, logins) in _TEAMS.items():
        for login in logins:
            number += 1
            begin = first + timedelta(days=chance.randrange(max(days, 1)))
            leave = frozenset(begin + timedelta(days=n) for n in range(chance.choice((5, 10, 15))))
            gone = first + timedelta(days=days * 2 // 3) if login == "uwe" else None
            people.append(
                Person(
                    login=login, team=team, zone=zone, address=f"198.51.{number}.{chance.randrange(2, 250)}", leave=leave, leaves_on=gone
                )
            )
    return Organisation(people=tuple(people))
