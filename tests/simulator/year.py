"""The year itself: which causes come when, in order of arrival, with what was lost or late on the way."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from core.json import JsonObject
from tests.simulator import account_causes as account
from tests.simulator import cloud_causes as cloud
from tests.simulator import cluster_causes as cluster
from tests.simulator.organisation import APPS, App, Person, founded
from tests.simulator.scribe import ACCOUNT, CLOUD, CLUSTER, STATE, Scribe
from tests.simulator.truth import Outage, Raw, Year

FIRST = date(2025, 3, 3)  # a Monday


def tell(*, days: int, seed: int, rate: float = 1.0) -> Year:
    """The same for the same arguments. `rate` scales how much people and CI do a day."""
    chance = random.Random(seed)
    scribe = Scribe(chance=chance, organisation=founded(chance, FIRST, days))
    code = cloud.Code()
    start = datetime.combine(FIRST, time(), tzinfo=UTC)
    scribe.write(STATE, start, code.state(), None)
    for number in range(days):
        day = FIRST + timedelta(days=number)
        _machines(scribe, day)
        _people(scribe, code, day, rate)
        _trouble(scribe, day, number)
    scribe.tell()
    end = start + timedelta(days=days, hours=3)
    outages = _outages(chance, start, days)
    records = sorted(_arriving(scribe.records, outages), key=lambda raw: (raw.arrives_at, raw.at))
    return Year(
        start=start, end=end, records=tuple(records), announcements=tuple(sorted(scribe.announcements, key=lambda one: one.range.start)),
        outages=tuple(outages), environments={CLUSTER: "live", CLOUD: "live", STATE: "live", ACCOUNT: "live"},
    )  # fmt: skip


def _at(day: date, hours: float) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC) + timedelta(hours=hours)


def _machines(scribe: Scribe, day: date) -> None:
    chance = scribe.chance
    for app in APPS:
        busy = day.weekday() < 5
        if app.scales:
            for hour, up in ((7.0, True), (11.5, True), (14.5, False), (19.5, False)) if busy else ((10.0, True), (20.0, False)):
                at = _at(day, chance.gauss(hour, 0.4))
                scribe.plan(at, partial(cluster.load, scribe, app, at, chance.choice((1, 1, 2, 3)), up))
    for name, namespace, hour in (("count-stock", "market", 1.5), ("close-books", "money", 2.25), ("trim-tiles", "maps", 3.0)):
        cluster.night_job(scribe, name, namespace, _at(day, hour) + timedelta(seconds=chance.uniform(0, 5)))
    for hour in range(0, 24, 4):
        cluster.night_job(scribe, "ledger-poll", "money", _at(day, hour + 0.5) + timedelta(seconds=chance.uniform(0, 5)))
    for name, hour in (("books", 2.5), ("carts", 3.5)):
        cloud.upkeep(scribe, _at(day, chance.gauss(hour, 0.05)), name)
    if day.weekday() < 5:
        cloud.notebook(scribe, _at(day, chance.gauss(5.5, 0.05)))
        victim = chance.choice(APPS)
        cluster.own_machinery(
            scribe,
            "mayhem",
            _at(day, 10 + chance.uniform(0, 0.2)),
            victim,
            "pods",
            f"{victim.name}-q-{scribe.id()[:5]}",
            {},
            "mayhem",
            "delete",
        )
    for _ in range(chance.randrange(4, 9)):
        sized: JsonObject = {"spec": {"replicas": chance.randrange(1, 9)}}
        cluster.own_machinery(
            scribe, "queue-minder", _at(day, chance.uniform(6, 22)), APPS[7], "statefulsets", "queue-workers", sized, "queue_minder"
        )
    if day.weekday() == 6:
        turned: JsonObject = {"data": {"token": "bm90LWEtc2VjcmV0"}}
        cluster.own_machinery(
            scribe, "key-turner", _at(day, 4 + chance.uniform(0, 0.1)), APPS[4], "secrets", "ledger-token", turned, "key_turner"
        )
    account.snapshot(scribe, _at(day, chance.gauss(4.5, 0.03)))
    for hour, up in ((7.2, True), (8.1, True), (18.3, False), (20.2, False)):
        account.fleet(scribe, _at(day, chance.gauss(hour, 0.3)), up)
    if chance.random() < 0.12:
        cloud.vendor(scribe, _at(day, chance.uniform(0, 24)))


def _people(scribe: Scribe, code: cloud.Code, day: date, rate: float) -> None:
    chance = scribe.chance
    working = scribe.organisation.at_work(day)
    for person in working:
        for _ in range(2):
            cluster.glance(scribe, person.mail, person.address, chance.choice(APPS), person.moment(day, chance))
        cloud.glance(scribe, person, person.moment(day, chance))
        account.glance(scribe, person, person.moment(day, chance))
        if chance.random() < 0.05 * rate:
            account.stack(scribe, person.moment(day, chance))
        for app in (one for one in APPS if one.team == person.team):
            if chance.random() < 0.18 * rate:
                _deploy(scribe, app, person.moment(day, chance))
        if chance.random() < 0.03 * rate:
            cluster.tinkering(scribe, person, chance.choice(APPS), person.moment(day, chance))
    keepers = [person for person in working if person.team in ("kiln", "prairie")]
    by_ci: list[tuple[datetime, Person | None]] = [(p.moment(day, chance), None) for p in keepers if chance.random() < 0.25 * rate]
    by_hand: list[tuple[datetime, Person | None]] = [(p.moment(day, chance), p) for p in keepers if chance.random() < 0.015 * rate]
    _applies(scribe, code, by_ci + by_hand)
    for person in keepers:
        if chance.random() < 0.012 * rate:
            cloud.cleanup(scribe, person, person.moment(day, chance))


def _applies(scribe: Scribe, code: cloud.Code, wanted: list[tuple[datetime, Person | None]]) -> None:
    """One after the other: the state is locked while one runs."""
    free = datetime.min.replace(tzinfo=UTC)
    for at, person in sorted(wanted, key=lambda one: one[0]):
        begin = max(at, free)
        if person is None:
            free = cloud.apply(scribe, code, begin, scribe.chance.randrange(1, 6)) + timedelta(minutes=2)
        else:
            scribe.announce("Network work by hand", begin - timedelta(minutes=15), begin + timedelta(hours=1), person)
            free = cloud.apply(scribe, code, begin, 4, who=person.mail, address=person.address) + timedelta(minutes=2)


def _deploy(scribe: Scribe, app: App, at: datetime) -> None:
    sick = scribe.chance.random() < 0.05
    scribe.plan(at, partial(cluster.deploy, scribe, app, at, sick=sick))
    if sick:
        person = scribe.chance.choice(scribe.organisation.team(app.team))
        if person.works(at.date()):
            later = at + timedelta(minutes=scribe.chance.uniform(14, 25))
            scribe.plan(later, partial(cluster.incident, scribe, person, app, later))


def _trouble(scribe: Scribe, day: date, number: int) -> None:
    chance = scribe.chance
    people = [one for one in scribe.organisation.people if one.leaves_on is None or day < one.leaves_on]
    if chance.random() < 0.2:
        app = chance.choice(APPS)
        at = _at(day, chance.uniform(0, 24))
        scribe.plan(at, partial(cluster.incident, scribe, chance.choice(scribe.organisation.team(app.team)[:2]), app, at))
    if chance.random() < 0.12 and (working := scribe.organisation.at_work(day)):
        person = chance.choice(working)
        cloud.drift(scribe, person, person.moment(day, chance))
    for act, share in ((cloud.exposure, 0.03), (cloud.owner, 0.02), (cloud.logging_off, 0.012), (cluster.grant, 0.02)):
        if chance.random() < share or (number == 5 and act is cloud.exposure):
            person = chance.choice(people)
            act(scribe, person, person.moment(day, chance, 8, 22))
    for done, share in ((account.opened, 0.02), (account.trail_off, 0.01)):
        if chance.random() < share:
            person = chance.choice(people)
            done(scribe, person, person.moment(day, chance, 8, 22))
    if chance.random() < 0.01:
        account.by_root(scribe, _at(day, chance.uniform(0, 24)))
    if chance.random() < 0.02:
        cloud.probing(scribe, _at(day, chance.uniform(0, 24)))
    for gone in scribe.organisation.people:
        if gone.leaves_on is not None and day == gone.leaves_on + timedelta(days=2):
            cluster.stolen(scribe, gone, _at(day, 2.2))
    if number % 60 == 33:
        _migration(scribe, day)


def _migration(scribe: Scribe, day: date) -> None:
    """Every app of two namespaces moves to a new base image, one sync after the other: each sync is a story of its own."""
    at = _at(day, 9)
    for app in (one for one in APPS if one.namespace in ("market", "money")):
        scribe.plan(at, partial(cluster.deploy, scribe, app, at, sort="migration"))
        at += timedelta(minutes=scribe.chance.uniform(3, 8))


def _outages(chance: random.Random, start: datetime, days: int) -> list[Outage]:
    found = []
    for n in range(max(1, days // 10)):
        for source, lost in ((CLUSTER, True), (CLOUD, False)):
            begin = start + timedelta(days=n * 10 + chance.uniform(1, 9))
            found.append(Outage(source=source, start=begin, end=begin + timedelta(minutes=chance.uniform(20, 120)), lost=lost))
    return found


def _arriving(records: list[Raw], outages: list[Outage]) -> list[Raw]:
    kept = []
    for raw in records:
        hit = next((one for one in outages if one.source == raw.source and one.start <= raw.arrives_at < one.end), None)
        if hit is None:
            kept.append(raw)
        elif not hit.lost:
            kept.append(replace(raw, arrives_at=hit.end + timedelta(seconds=1)))
    return kept
