"""Groups of events into stories: which story a group goes on with, what is merged, and what a reader sees of it. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.analysis.cause import Cause
from core.analysis.correlate import Group
from core.analysis.ties import Node, Side, kept_keys
from core.assessment import Assessment, Severity, Verdict
from core.event import Actor, IntentKind, event_id
from core.story import Settling, Story, StoryLink
from core.unified import UnifiedEvent

_MOST_ACTORS = 8
_MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """One group and its story's id; `goes_on` the stored story it continues, `swallows` those merged into it."""

    group: Group
    story_id: str
    goes_on: Story | None = None
    swallows: tuple[Story, ...] = ()


def assign(
    groups: Sequence[Group], known: Mapping[str, UnifiedEvent], stories: Mapping[str, Story], large: Mapping[str, Story]
) -> list[Assignment]:
    """Each stored story goes on with the group that holds most of its events; of several in one group the oldest lives on.

    A group that holds none joins a story too large to be looked at event by event, where a key of its operation or sitting leads there.
    """
    claims: dict[str, Counter[int]] = defaultdict(Counter)
    for number, group in enumerate(groups):
        for node in group.nodes:
            held = known.get(node.id)
            if held and held.correlation_id in stories:
                claims[held.correlation_id][number] += 1
    owned: dict[int, list[Story]] = defaultdict(list)
    for story_id, counts in claims.items():
        winner = min(counts, key=lambda number: (-counts[number], number))
        owned[winner].append(stories[story_id])
    assigned = []
    for number, joined in enumerate(_with_large(groups, owned, large)):
        if joined is None:
            continue
        held_stories = sorted(owned.get(number, ()), key=lambda story: (story.opened_at, story.first_at, story.id))
        if held_stories:
            first, *rest = held_stories
            assigned.append(Assignment(group=joined, story_id=first.id, goes_on=first, swallows=tuple(rest)))
        else:
            assigned.append(Assignment(group=joined, story_id=_new_id(joined, known)))
    return assigned


def _with_large(groups: Sequence[Group], owned: dict[int, list[Story]], large: Mapping[str, Story]) -> list[Group | None]:
    """The groups, with those that belong to a large story joined to the one that goes on with it (None in their place)."""
    found: list[Group | None] = list(groups)
    owner = {story.id: number for number, stories in owned.items() for story in stories}
    for number, group in enumerate(groups):
        story = None if number in owned else _large(group, large)
        if story is None:
            continue
        host = found[owner.setdefault(story.id, number)]
        if owner[story.id] == number or host is None:
            owned[number] = [story]
        else:
            nodes = sorted((*host.nodes, *group.nodes), key=lambda node: (node.at, node.id))
            found[owner[story.id]] = Group(nodes=tuple(nodes), joins={**host.joins, **group.joins})
            found[number] = None
    return found


def _large(group: Group, large: Mapping[str, Story]) -> Story | None:
    keys = (key for node in group.nodes for key in (*node.operations, node.sitting))
    return next((large[key] for key in keys if key in large), None) if large else None


def _new_id(group: Group, known: Mapping[str, UnifiedEvent]) -> str:
    """An id that no story has had, at hand or not: by its first event, and where that one leaves a story, by its turn of doing so."""
    first = group.nodes[0].id
    held = known.get(first)
    return event_id("story", f"{first}|{held.assessment.revision}" if held else first)


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One event of a story with the conclusions that now count, and those stored before (None: new)."""

    node: Node
    assessment: Assessment
    before: Assessment | None = None


def tell(plan: Assignment, members: Sequence[Member], left: Sequence[Member], cause: Cause, now: datetime, *, watch: bool = False) -> Story:
    """The story as it is now: stored counts, less what its events counted before, plus what they count now.

    `left` are events that were counted in one of the plan's stories and went to another. With `watch` something new was really
    changed in it, and it is to be followed up (again).
    """
    if len(members) == 1 and not (left or plan.goes_on or plan.swallows):
        return _begun(plan, members[0], cause, now, watch=watch)
    old = plan.goes_on
    base = [story for story in (old, *plan.swallows) if story]
    base_ids = {story.id for story in base}
    counts: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for story in base:
        counts.update(story.counts)
        verdicts.update(story.verdicts)
    total = sum(story.event_count for story in base)
    for member in (*members, *left):
        if member.before and member.before.correlation.story_id in base_ids:
            counts[member.node.event.change_type] -= 1
            verdicts[member.before.verdict] -= 1
            total -= 1
    for member in members:
        counts[member.node.event.change_type] += 1
        verdicts[member.assessment.verdict] += 1
        total += 1
    head = max(members, key=lambda m: (m.assessment.severity.rank, _concern(m.assessment.verdict), -m.node.at.timestamp(), m.node.id))
    severity = max([head.assessment.severity, *_severities(base, left)], key=lambda one: one.rank)
    verdict = verdict_of(verdicts)
    kept = None if watch else old
    told = Story(
        id=plan.story_id,
        revision=1,
        opened_at=old.opened_at if old else now,
        updated_at=now,
        first_at=min([m.node.at for m in members] + [s.first_at for s in base]),
        last_at=max([m.node.at for m in members] + [s.last_at for s in base]),
        headline_event=_headline(head, base, severity),
        cause=_words(members, cause, total) or (old.cause if old else ""),
        environment=_most(m.node.event.environment for m in members) or (old.environment if old else ""),
        environments=tuple(sorted({*(m.node.event.environment for m in members), *(x for s in base for x in s.places)} - {""})),
        sources=tuple(sorted({*(m.node.event.source for m in members), *(x for s in base for x in s.sources)})),
        providers=tuple(sorted({*(m.node.event.provider for m in members), *(x for s in base for x in s.providers)})),
        event_count=max(total, len(members)),
        counts={name: count for name, count in sorted(counts.items()) if count > 0},
        verdicts={name: count for name, count in sorted(verdicts.items()) if count > 0},
        verdict=verdict,
        confidence=_confidence(members, verdict),
        severity=severity,
        actors=_actors(members, base),
        settling=Settling.WATCHING if watch else kept.settling if kept else Settling.NOT_STARTED,
        settled_at=kept.settled_at if kept else None,
        settling_says=kept.settling_says if kept else "",
        settling_evidence=kept.settling_evidence if kept else (),
        # With something new in it, it is looked at again (core.undoing) before that is said once more.
        taken_back=kept.taken_back if kept and kept.event_count == total else None,
    )
    return _revised(old, told, plan.swallows, total)


def _begun(plan: Assignment, member: Member, cause: Cause, now: datetime, *, watch: bool) -> Story:
    """A new story of one event, as most are: nothing to count, to sort or to choose from."""
    event, told = member.node.event, member.assessment
    return Story(
        id=plan.story_id,
        revision=1,
        opened_at=now,
        updated_at=now,
        first_at=event.occurred_at,
        last_at=event.occurred_at,
        headline_event=event.id,
        cause=_words((member,), cause, 1),
        environment=event.environment,
        environments=(event.environment,) if event.environment else (),
        sources=(event.source,),
        providers=(event.provider,),
        counts={event.change_type: 1},
        verdicts={told.verdict: 1},
        verdict=told.verdict,
        confidence=round(told.classification.confidence, 4),
        severity=told.severity,
        actors=_actors((member,), ()),
        settling=Settling.WATCHING if watch else Settling.NOT_STARTED,
    )


def _revised(old: Story | None, told: Story, swallows: Sequence[Story], total: int) -> Story:
    if old is None:
        return told
    if _visible(old) == _visible(told):
        return replace(told, revision=old.revision, because=old.because, updated_at=told.updated_at)
    because = (
        f"{total - old.event_count} more changes of the same cause arrived" if total > old.event_count else "more is known of its cause"
    )
    if swallows:
        because = f"{len(swallows)} other stories turned out to have the same cause"
    return replace(told, revision=max([old.revision, *(s.revision for s in swallows)]) + 1, because=because)


def _visible(story: Story) -> Story:
    return replace(story, revision=0, updated_at=story.opened_at, because="", confidence=round(story.confidence, 1))


def swallowed(plan: Assignment, now: datetime) -> list[Story]:
    """The stories that were merged away, each pointing at the one that lives on."""
    return [
        replace(story, revision=story.revision + 1, updated_at=now, merged_into=plan.story_id, because="the same cause as an older story")
        for story in plan.swallows
    ]


def links(plan: Assignment, fresh: Collection[str]) -> list[StoryLink]:
    """The keys under which later events find the story, at its last time and greatest strength; those of `fresh` events only."""
    found: dict[str, StoryLink] = {}
    kept = [(node, kept_keys(node)) for node in plan.group.nodes]
    wanted = {key for node, keys in kept if node.id in fresh for key in keys}
    for node, keys in kept:
        for key, strength in keys.items():
            if key not in wanted:
                continue
            last_at, held = node.at, found.get(key)
            if held:
                last_at, strength = max(held.last_at, last_at), max(held.strength, strength)
            found[key] = StoryLink(key=key, story_id=plan.story_id, last_at=last_at, strength=strength)
    return list(found.values())


def verdict_of(verdicts: Mapping[str, int]) -> Verdict:
    """What a reader must know first: anything unplanned; then unknown where it is not a small rest; then planned; then routine."""
    present = {name: count for name, count in verdicts.items() if count > 0}
    if present.get(Verdict.UNPLANNED):
        return Verdict.UNPLANNED
    unknown = present.get(Verdict.UNKNOWN, 0)
    if not present or unknown * 4 > sum(present.values()):
        return Verdict.UNKNOWN
    return Verdict.PLANNED if present.get(Verdict.PLANNED) else Verdict.ROUTINE


def _concern(verdict: Verdict) -> int:
    return (Verdict.ROUTINE, Verdict.PLANNED, Verdict.UNKNOWN, Verdict.UNPLANNED).index(verdict)


def _confidence(members: Sequence[Member], verdict: Verdict) -> float:
    of_verdict = [m.assessment.classification.confidence for m in members if m.assessment.verdict is verdict]
    told = of_verdict or [m.assessment.classification.confidence for m in members]
    return round(sum(told) / len(told), 4)


def _severities(base: Sequence[Story], left: Sequence[Member]) -> list[Severity]:
    # Events may have left, and with them what made the story grave; then only those at hand speak.
    return [] if left else [story.severity for story in base]


def _headline(head: Member, base: Sequence[Story], severity: Severity) -> str:
    if base and head.assessment.severity.rank < severity.rank:
        return max(base, key=lambda story: story.severity.rank).headline_event
    return head.node.id


def _most(names: Iterable[str]) -> str:
    counted = Counter(name for name in names if name)
    return min(counted, key=lambda name: (-counted[name], name)) if counted else ""


def _actors(members: Sequence[Member], base: Sequence[Story]) -> tuple[Actor, ...]:
    """People first, then machinery, then the platform; each once."""
    found: dict[str, Actor] = {}
    for actor in (*(a for s in base for a in s.actors), *(m.node.actor for m in members)):
        if actor.known:
            found.setdefault(actor.id or actor.name, replace(actor, session="", network="") if actor.session or actor.network else actor)
    order = ("human", "automation", "unknown", "service")
    return tuple(sorted(found.values(), key=lambda a: (order.index(a.kind), a.name, a.id))[:_MOST_ACTORS])


_TELLING = (IntentKind.RUN, IntentKind.STACK, IntentKind.PIPELINE, IntentKind.GITOPS, IntentKind.RELEASE)


def _words(members: Sequence[Member], cause: Cause, total: int) -> str:
    """The cause in a few plain words."""
    for kind in _TELLING:
        if kind in cause.intents:
            return cause.intents[kind][0].says
    if cause.runs:
        return cause.runs[0].title
    who, event = _who([member.node for member in members]), members[0].node.event
    if total == 1 or len(members) == 1:
        return f"{who}: {event.resource.name} {event.change_type}"
    things = len({m.node.event.resource.key for m in members})
    return f"{who}: {total} changes of {event.resource.name}" if things == 1 else f"{who}: {total} changes of {things} resources"


def _who(nodes: Sequence[Node]) -> str:
    """Whose doing it is: one name only where all of it is theirs; nobody is given what somebody unknown did beside them."""
    known = list(dict.fromkeys(node.actor.name or node.actor.id for node in nodes if node.actor.known))
    sides = {node.side for node in nodes if not node.actor.known}
    unnamed = ["the platform"] * (Side.PLATFORM in sides) + ["someone unknown"] * bool(sides - {Side.PLATFORM})
    most = _MOST_NAMED - len(unnamed)
    others = [f"{len(known) - most} more"] if len(known) > most else []
    *first, last = (*known[:most], *others, *unnamed)
    return f"{', '.join(first)} and {last}" if first else last
