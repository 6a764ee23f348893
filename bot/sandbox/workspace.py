"""What a fresh workspace holds: people, channels, and the words that are already there. Configuration, never state."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

APP = "app"  # stands for the app's bot user among the members of a room


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A member of the workspace. `time_zone` is an IANA name; `hours` is 12 or 24, as they read a clock."""

    id: str
    name: str
    real_name: str
    time_zone: str = "Europe/London"
    title: str = ""
    email: str = ""
    color: str = "4a6fa5"
    hours: int = 24

    def __post_init__(self) -> None:
        ZoneInfo(self.time_zone)  # raises where the zone does not exist


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """A channel to begin with. `members` are person ids, and `APP` where the bot was invited."""

    id: str
    name: str
    topic: str = ""
    members: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstMessage:
    """Something a person said before the page was opened."""

    room: str
    person: str
    text: str
    minutes_ago: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PageButton:
    """A button on the page that POSTs `{"user", "channel"}` to `callback_url`. The sandbox does not know what it does."""

    label: str
    callback_url: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """The seed of one workspace. `you` is the person the page acts as at first."""

    team_id: str = "T0ACME001"
    name: str = "Acme"
    domain: str = "acme"
    people: tuple[Person, ...] = ()
    rooms: tuple[Room, ...] = ()
    messages: tuple[FirstMessage, ...] = ()
    you: str = "U0DEV0001"


def acme() -> Workspace:
    """The workspace of the demo: four people in four time zones, three channels, the bot invited to one."""
    everyone = ("U0DEV0001", "U0ANA0001", "U0BEN0001", "U0CHLOE01")
    return Workspace(
        people=(
            Person(
                id="U0DEV0001",
                name="you",
                real_name="You",
                title="Just back from leave",
                time_zone="Europe/London",
                email="you@acme.example",
                color="2f7f79",
            ),
            Person(
                id="U0ANA0001",
                name="ana",
                real_name="Ana Ruiz",
                title="Infrastructure lead",
                time_zone="Europe/Madrid",
                email="ana@acme.example",
                color="b5533c",
            ),
            Person(
                id="U0BEN0001",
                name="ben",
                real_name="Ben Carter",
                title="Payments",
                time_zone="America/New_York",
                email="ben@acme.example",
                color="3b6ea8",
                hours=12,
            ),
            Person(
                id="U0CHLOE01",
                name="chloe",
                real_name="Chloé Tanaka",
                title="Reliability",
                time_zone="Asia/Tokyo",
                email="chloe@acme.example",
                color="8a5aa8",
            ),
        ),
        rooms=(
            Room(id="C0INFRA01", name="infra", topic="What runs, and what changes in it", members=(*everyone, APP)),
            Room(id="C0GENERAL", name="general", topic="Everyone at Acme", members=everyone),
            Room(id="C0PAYMENT", name="payments", topic="The payments service and who looks after it", members=everyone),
        ),
    )
