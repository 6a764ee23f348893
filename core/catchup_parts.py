"""The parts of a catch-up, from rows: what to look at, what else happened, who did what, what did not happen, what to do. Pure."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core import phrases
from core.analysis.anomaly import PATIENCE, Silence, silences
from core.assessment import Verdict
from core.baseline import Activity, Baseline, Metric
from core.coverage import CoverageReport
from core.event import Actor, ActorKind, ChangeType
from core.report import LookAt, MissedRoutine, Recommendation, RolledUp, StabilityLine, TeamRow
from core.story import Settling, Story
from core.subscription import EventFilter
from core.text import Person, Slot, Strong, Text, Time
from core.timerange import TimeRange
from core.unified import UnifiedEvent

_STEPS = (timedelta(days=1), timedelta(days=7))
_NEAR = timedelta(hours=1)
_MOST_RECOMMENDED, _MOST_NAMED = 6, 3
_ADDRESS = re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")


def look_at(events: Sequence[UnifiedEvent], stories: Mapping[str, Story], period: TimeRange) -> list[LookAt]:
    """One item a story, by its worst event; what is worse comes first, what is unplanned before what is unknown, then the newest."""
    worst: dict[str, UnifiedEvent] = {}
    for one in events:
        story_id = one.correlation_id or one.id
        if story_id not in worst or _urgency(one) < _urgency(worst[story_id]):
            worst[story_id] = one
    ordered = sorted(worst.items(), key=lambda item: _urgency(item[1]))
    undone = {story.taken_back.event_id: story for story in stories.values() if story.taken_back}
    return [_item(story_id, one, stories.get(story_id), undone.get(one.id), period) for story_id, one in ordered]


def _urgency(one: UnifiedEvent) -> tuple[int, int, float]:
    order = {Verdict.UNPLANNED: 0, Verdict.UNKNOWN: 1}
    return (-one.severity.rank, order.get(one.verdict, 2), -one.timestamp.timestamp())


def _item(story_id: str, one: UnifiedEvent, story: Story | None, undone: Story | None, period: TimeRange) -> LookAt:
    overrule = one.assessment.overrule
    takes_back = phrases.takes_back(undone) if undone and undone.id != story_id else ()
    return LookAt(
        story_id=story_id,
        event_id=one.id,
        what=(*phrases.place(one.resource, one.event.environment), ": ", *phrases.change(one.event)),
        verdict=one.verdict,
        confidence=one.confidence,
        severity=one.severity,
        at=one.timestamp,
        who=one.actor,
        why=phrases.why(one),
        stands=phrases.joined([said for said in (takes_back, phrases.stands(story)) if said], " "),
        settling=story.settling if story else Settling.NOT_STARTED,
        taken_back=story is not None and story.taken_back is not None,
        environment=one.event.environment,
        event_count=story.event_count if story else 1,
        links=one.event.links,
        late=one.timestamp < period.start and not (story and story.settling is Settling.DEGRADED),
        overruled_by=overrule.by if overrule else "",
    )


_PASSING = frozenset({ChangeType.DELETED, ChangeType.EXECUTED, ChangeType.ATTEMPTED, ChangeType.RESTARTED})


def alarms(item: LookAt) -> bool:
    """Is it worth knowing whether it was changed since?"""
    return item.verdict is Verdict.UNPLANNED and phrases.matters(item.severity) and not item.taken_back


def may_still_stand(one: UnifiedEvent, period: TimeRange, coverage: CoverageReport) -> bool:
    """Does something stand otherwise by it until it is changed again, and was its source read without a hole from then on?"""
    source = one.event.source
    seen = source in coverage.sources and not any(gap.source == source and gap.range.end > one.timestamp for gap in coverage.gaps)
    return seen and period.holds(one.timestamp) and one.event.change_type not in _PASSING


def still(item: LookAt) -> LookAt:
    """With the sentence that nothing changed it since."""
    return replace(item, stands=(*item.stands, *((" ",) if item.stands else ()), "No later change of it was seen."))


def matches(story: Story, wanted: EventFilter) -> bool:
    """May the story be among what is asked for, as far as the story itself tells?"""
    return not (
        (wanted.environments and wanted.environments.isdisjoint(story.places))
        or (wanted.sources and not wanted.sources & set(story.sources))
        or (wanted.providers and not wanted.providers & set(story.providers))
        or (wanted.verdicts and story.verdict not in wanted.verdicts)
        or (wanted.actors and not wanted.actors & {name for actor in story.actors for name in (actor.id, actor.name)})
        or story.severity.rank < wanted.min_severity.rank
    )


def narrow(wanted: EventFilter) -> bool:
    """Does it ask for what only an event tells?"""
    return bool(wanted.kinds or wanted.resource_keys or wanted.actor_kinds or wanted.change_types or wanted.story_id or wanted.text)


def rolled_up(stories: Iterable[Story]) -> list[RolledUp]:
    """Planned stories before routine ones, each actor's together; where everything has one cause, that is what it says."""
    groups: dict[tuple[Verdict, str], list[Story]] = defaultdict(list)
    for story in stories:
        actor = next((one for one in story.actors if one.known), None)
        groups[(story.verdict, actor.id or actor.name if actor else story.cause)].append(story)
    found = [_rolled(held) for held in groups.values()]
    return sorted(found, key=lambda one: (one.verdict is Verdict.ROUTINE, -one.changes, -(one.last_at.timestamp() if one.last_at else 0.0)))


def _rolled(stories: Sequence[Story]) -> RolledUp:
    who = next((one for story in stories for one in story.actors if one.known), None)
    name = who.name or who.id if who else ""
    named = (_without(name, story.cause) for story in stories if story.cause != name)
    causes = list(dict.fromkeys(phrases.clipped(cause, 80) for cause in named if cause))
    said: list[Slot] = [Person(who), ": "] if who else []
    said.append(_enumerated(causes) or "changes of no named cause")
    if len(causes) == 1 and len(stories) > 1:
        said.append(f", {len(stories)} times")
    environments = sorted({name for story in stories for name in story.places})
    if environments:
        said.append(f" in {', '.join(environments)}")
    rolled = RolledUp(
        verdict=stories[0].verdict,
        says=tuple(said),
        stories=len(stories),
        changes=sum(story.event_count for story in stories),
        settled=sum(1 for story in stories if story.settling is Settling.SETTLED),
        story_ids=tuple(story.id for story in stories),
        last_at=max(story.last_at for story in stories),
    )
    return replace(rolled, who=who) if who else rolled


def _without(name: str, cause: str) -> str:
    """The cause without the name of who did it, which is said before: "Argo CD application web" is "application web"."""
    return cause.removeprefix(f"{name}: ").removeprefix(f"{name} ") if name else cause


def _enumerated(causes: Sequence[str]) -> str:
    """The first few, what all of them begin or end with said once: "application web, api", "i-1, i-2 and 4 more deleted"."""
    words = [cause.split() for cause in causes]
    least = min((len(one) for one in words), default=0)
    if len(causes) < 2 or least < 2:
        head, tail = 0, 0
    else:
        head = _shared(words, least - 1)
        tail = _shared([one[::-1] for one in words], least - 1 - head)
    named = ", ".join(" ".join(one[head : len(one) - tail]) for one in words[:_MOST_NAMED])
    more = len(causes) - _MOST_NAMED
    several = f"{named} and {more} more" if more > 0 else named
    begins, ends = (words[0][:head], words[0][len(words[0]) - tail :]) if words else ([], [])
    return " ".join((*begins, several, *ends))


def _shared(words: Sequence[Sequence[str]], most: int) -> int:
    """With how many words all of them begin."""
    many = 0
    while many < most and len({one[many] for one in words}) == 1:
        many += 1
    return many


def team(rows: Sequence[Activity], days: tuple[str, str]) -> list[TeamRow]:
    """Each person's days summed; who did most first. One mail address is one person, and so is whoever has none and is called as one
    address begins: but not where two begin so, as two people may share a first name."""
    called: dict[str, set[str]] = defaultdict(set)
    for one in rows:
        if address := _address(one):
            called[address.partition("@")[0]].add(address)
    found: dict[str, Activity] = {}
    for one in sorted(rows, key=lambda one: not _address(one)):
        named = called.get(one.name.casefold(), set())
        key = _address(one) or (next(iter(named)) if len(named) == 1 else one.actor)
        held = found.get(key)
        found[key] = replace(one, day=days[0]) if held is None else held.plus(one)
    ordered = sorted(found.values(), key=lambda one: (-one.changes, -one.attempted, one.actor))
    return [TeamRow(activity=one, days=days) for one in ordered if one.changes or one.attempted]


def _address(one: Activity) -> str:
    """The mail address of a person; a Google service account's is none."""
    found = _ADDRESS.search(one.actor) or _ADDRESS.search(one.name)
    return found[0].casefold() if found and not found[0].endswith(".gserviceaccount.com") else ""


def stability_lines(lately: Iterable[Metric], usual: Mapping[str, Metric | None], environments: frozenset[str]) -> list[StabilityLine]:
    """The newest score of each environment; of those that were asked for and not measured, that."""
    newest: dict[str, Metric] = {}
    for one in lately:
        if one.environment not in newest or newest[one.environment].at <= one.at:
            newest[one.environment] = one
    names = sorted(environments) or sorted(name for name in newest if name) or sorted(newest)
    return [StabilityLine(environment=name, now=newest.get(name), usual=usual.get(name)) for name in names]


def silent(rows: Iterable[Baseline], period: TimeRange, now: datetime) -> list[Silence]:
    """Routines that were due in the period and did not come. Whether everything was read then is for the caller to see."""
    found: dict[tuple[str, str], Silence] = {}
    for row in rows:
        times = sorted(row.recent)
        for number, at in enumerate(times):
            following = times[number + 1] if number + 1 < len(times) else None
            for step in _STEPS:
                due = at + step
                if not period.start <= due < period.end or now - due < PATIENCE:
                    continue
                if following is not None and following <= due + _NEAR:
                    continue
                before = times[: bisect_right(times, at)]
                as_then = replace(row, recent=tuple(before), last_at=at)
                for one in silences((as_then,), due + PATIENCE):
                    found[(one.key, f"{one.expected_at:%Y-%m-%d}")] = one
    return sorted(found.values(), key=lambda one: (one.expected_at, one.key))


def missed(silence: Silence) -> MissedRoutine:
    """What did not happen, with its time as each reader's clock shows it."""
    return MissedRoutine(says=_timed(silence), expected_at=silence.expected_at, key=silence.key)


def _timed(silence: Silence) -> Text:
    """The sentence, with the time that stands in it in words as a slot."""
    says = phrases.sentence(silence.says)
    before, found, rest = says.partition(f"{silence.expected_at:%a %H:%M} UTC")
    return (before, Time(silence.expected_at), rest) if found else (says,)


def recommendations(items: Sequence[LookAt], absent: Sequence[MissedRoutine], coverage: CoverageReport) -> list[Recommendation]:
    """What to do next, the most urgent first. Each follows from rows that it names."""
    found = [_advice(one) for one in items]
    found += [
        Recommendation(
            says=("Read for yourself what was not seen: ", *phrases.missed(gap), ".", f" {gap.next_step}" if gap.next_step else ""),
            rests_on=(gap.source,),
        )
        for gap in coverage.gaps[:2]
    ]
    found += [Recommendation(says=("Find out why: ", *one.says), rests_on=(one.key,)) for one in absent[:2]]
    return [one for one in found if one is not None][:_MOST_RECOMMENDED]


def _advice(one: LookAt) -> Recommendation | None:
    where: Text = (Strong(one.environment), ", ") if one.environment else ()
    rests_on = (one.event_id, one.story_id)
    if one.settling is Settling.DEGRADED:
        return Recommendation(says=("See to ", *where, *_thing(one), ": it is not well since ", Time(one.at)), rests_on=rests_on)
    if one.verdict is Verdict.UNPLANNED and one.settling is not Settling.SETTLED:
        asks: Text = ("Find out who changed ",)
        if _can_be_asked(one.who):
            asks = ("Ask ", Person(one.who), " about ")
        elif one.who.known:
            asks = ("Find out who acted as ", Person(one.who), " on ")
        left = "nothing explains it, though it was taken back" if one.taken_back else "nothing explains it"
        return Recommendation(says=(*asks, *where, *_thing(one), f": {left}"), rests_on=rests_on)
    if one.verdict is Verdict.UNKNOWN:
        asks = ("Ask ", Person(one.who), " whether ") if _can_be_asked(one.who) else ("Ask the team whether ",)
        return Recommendation(says=(*asks, *where, *_thing(one), " was planned; Details takes the answer"), rests_on=rests_on)
    return None


def _can_be_asked(who: Actor) -> bool:
    """A person by name; root and emergency identities are somebody else's."""
    return who.known and who.kind is ActorKind.HUMAN and not who.privileged


def _thing(one: LookAt) -> Text:
    """The name, which is the first strong slot of what it says."""
    return next(((slot,) for slot in one.what if isinstance(slot, Strong)), ())
