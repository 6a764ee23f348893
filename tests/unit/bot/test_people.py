"""Who of Slack is meant, against a workspace: looked up once, remembered, and never in the way."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.people import People
from bot.sandbox import Driver
from bot.slack_calls import telling_client
from core.event import Actor
from core.settings import SlackSettings
from tests.unit.bot.world import ANA_ID, BEN_ID, MANIFEST, YOU, Clock
from tests.unit.sandbox.world import sandbox

ANA = Actor(id="arn:aws:sts::1:assumed-role/Admin/Ana@acme.example", name="Ana")


@pytest.fixture
def here() -> Iterator[tuple[People, Driver, Clock]]:
    clock = Clock()
    with sandbox(manifest=MANIFEST) as running:
        client = telling_client(SlackSettings(base_url=running.api_url), running.bot_token)
        yield People(client, clock), Driver(running.base_url), clock


def test_a_reader_has_the_time_zone_of_their_slack_profile_asked_for_once(here: tuple[People, Driver, Clock]) -> None:
    people, driver, clock = here
    assert [people.time_zone(user) for user in (ANA_ID, BEN_ID, ANA_ID)] == ["Europe/Madrid", "America/New_York", "Europe/Madrid"]
    assert len(driver.calls("users.info")) == 2
    clock.forward(timedelta(hours=13).total_seconds())
    people.time_zone(ANA_ID)
    assert len(driver.calls("users.info")) == 3


@pytest.mark.parametrize("fault", [{"kind": "error", "error": "user_not_found"}, {"kind": "close"}, {"kind": "status", "status": 500}])
def test_a_time_zone_that_cannot_be_asked_for_is_utc_for_a_minute(here: tuple[People, Driver, Clock], fault: dict[str, object]) -> None:
    people, driver, clock = here
    driver.fault("users.info", **fault)
    assert [people.time_zone(YOU), people.time_zone(YOU)] == ["UTC", "UTC"]
    clock.forward(61)
    assert people.time_zone(YOU) == "Europe/London"


def test_an_actor_is_known_by_the_mail_address_in_any_of_its_names(here: tuple[People, Driver, Clock]) -> None:
    people, driver, _ = here
    ben = Actor(name="Ben", session="ben@acme.example")
    stranger, nobody = Actor(id="zoe@elsewhere.example"), Actor(id="deployer")
    assert people.of((ANA, ben, stranger, nobody)) == {ANA.id: ANA_ID, "Ben": BEN_ID}
    assert people.of((ANA, stranger)) == {ANA.id: ANA_ID}
    assert len(driver.calls("users.lookupByEmail")) == 3


def test_a_message_waits_for_a_few_look_ups_only(here: tuple[People, Driver, Clock]) -> None:
    people, driver, _ = here
    crowd = tuple(Actor(id=f"person{number}@acme.example") for number in range(50))
    people.of(crowd)
    assert len(driver.calls("users.lookupByEmail")) == 5


def test_a_person_is_who_bears_their_mail_address_or_one_of_their_names_to_the_letter(here: tuple[People, Driver, Clock]) -> None:
    people, driver, _ = here
    named, namesake, other = Actor(id="ben", name="Ben"), Actor(id="ben@partner.example", name="ben"), Actor(id="benny", name="Benny")
    mailed = Actor(id="ben@acme.example", name="ben@acme.example")
    assert people.acting_as(BEN_ID, (ANA, named, namesake, other, mailed)) == {"ben", "ben@acme.example"}
    driver.fault("users.info", kind="error", error="user_not_found")
    assert people.acting_as(BEN_ID, (named, mailed)) == frozenset()


def test_where_mail_addresses_may_not_be_read_a_name_alone_says_who_somebody_is() -> None:
    with sandbox(manifest=MANIFEST, withheld=("users:read.email",)) as running:
        people = People(telling_client(SlackSettings(base_url=running.api_url), running.bot_token))
        assert people.acting_as(BEN_ID, (Actor(id="ben@acme.example", name="ben@acme.example"), Actor(id="7", name="Ben Carter"))) == {"7"}


def test_a_missing_scope_is_asked_for_once() -> None:
    with sandbox(manifest=MANIFEST, withheld=("users:read.email",)) as running:
        people = People(telling_client(SlackSettings(base_url=running.api_url), running.bot_token))
        assert people.of((ANA, Actor(id="ben@acme.example"))) == {}
        assert people.may_look_up is False
        assert len(Driver(running.base_url).calls("users.lookupByEmail")) == 1
