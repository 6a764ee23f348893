"""The words of answers, from rows. Pure: every number is a count that was handed in, every claim carries the number of its citation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core import phrases
from core.assessment import Verdict
from core.assistant.vocabulary import Wanted
from core.baseline import Metric
from core.coverage import CoverageReport
from core.event import ActorKind, ChangeType
from core.ports import Counts
from core.report import Answer, Citation
from core.story import Settling, Story
from core.subscription import EventFilter
from core.text import EventRef, Person, Slot, Strong, Text, Time
from core.timerange import TimeRange
from core.unified import UnifiedEvent

Stories = Mapping[str, Story]
OPEN = frozenset({Verdict.UNPLANNED, Verdict.UNKNOWN})
EXAMPLES = (
    "what changed since yesterday 5pm?",
    "who changed the security group on Saturday?",
    "how many unplanned changes this week?",
    "is prod stable?",
)
_NAMED, _GAPS, _REASONS = 4, 3, 4
_BY_KIND = {ActorKind.HUMAN: "people", ActorKind.AUTOMATION: "automation", ActorKind.SERVICE: "services"}
_TYPES = {ChangeType.ATTEMPTED: "tried and refused", ChangeType.EXECUTED: "something run in it"}
_VERDICTS = {Verdict.UNKNOWN: "unexplained"}


def what_i_know() -> Answer:
    says = (
        "I can say what changed, where, when, by whom and whether it was planned, why I think so, how many, and what I measured of "
        "how stable it is. What I did not see, and what is not a change, I can't answer."
    )
    return Answer(text=(says,), follow_ups=EXAMPLES)


def log_ins() -> Answer:
    return Answer(text=("I keep changes. Who logged in, and what was only read, I don't know.",), follow_ups=EXAMPLES)


def which_one() -> Answer:
    return Answer(text=("Of which change? Ask below its message, or name what was changed.",), follow_ups=EXAMPLES)


def where(wanted: EventFilter, span: TimeRange, now: datetime, about: str = "") -> Text:
    """In prod, since Tue 18:00."""
    named = sorted(wanted.environments | wanted.sources | wanted.providers)
    said: list[Slot] = [f"In {' and '.join(named)}, since " if named else "Since ", Time(span.start)]
    if now - span.end > timedelta(minutes=1):
        said += [" until ", Time(span.end)]
    by = [*sorted(wanted.actors), *(_BY_KIND.get(kind, "") for kind in sorted(wanted.actor_kinds))]
    if any(by):
        said.append(f", by {' or '.join(one for one in by[:_NAMED] if one)}")
    if wanted.text:
        said.append(f", of what is called {phrases.clipped(wanted.text, 80)}")
    if about:
        said.append(f", about {phrases.clipped(about, 120)}")
    return tuple(said)


def caveats(coverage: CoverageReport) -> tuple[Text, ...]:
    """What was not seen. Never left out."""
    if not coverage.sources:
        return (("No source has been read yet, so there is nothing I could have seen.",),)
    said = [(*phrases.missed(gap), ". I can't vouch for that.") for gap in coverage.gaps[:_GAPS]]
    more = len(coverage.gaps) - _GAPS
    return (*said, ("There is one more gap." if more == 1 else f"There are {more} more gaps.",)) if more > 0 else tuple(said)


def follow_ups(wanted: EventFilter) -> tuple[str, ...]:
    place = f" in {sorted(wanted.environments)[0]}" if wanted.environments else ""
    return (f"what was unplanned{place} this week?", f"who did that{place}?", f"is {place.removeprefix(' in ') or 'everything'} stable?")


def nothing(place: Text, coverage: CoverageReport, *, understood: bool = True, narrowed: str = "", others: int = 0) -> Answer:
    """No change was found. That nothing changed is said only where everything was read, and every word was understood.

    `narrowed` says to which changes the question was narrowed, where there are `others`.
    """
    only = f", {narrowed} only" if narrowed else ""
    if not coverage.sources:
        return Answer(text=("I have not read any source yet, so I can't say.",))
    if not understood:
        said: Text = (*place, only, ": I found no change. That rules nothing out: I may not have understood every word.")
    elif coverage.whole:
        all_read = "every source was read whole" if len(coverage.sources) > 1 else f"{coverage.sources[0]} was read whole"
        said = (*place, only, f": no change. In that time {all_read}.")
    else:
        said = (*place, only, ": I saw no change, but not everything was read.")
    beside = (f" Of other kinds there are {others:,}." if others > 1 else " Of another kind there is one.",) if others else ()
    return Answer(text=tuple(slot for slot in (*said, *beside) if slot))


def closest(missing: str, answer: Answer) -> Answer:
    """What comes near to what was asked, said to be no more than that."""
    return replace(
        answer, text=(f"I found no change that is about all of {phrases.clipped(missing, 120)}. What comes closest:\n", *answer.text)
    )


def looked_through(looked: int, total: int) -> Text:
    return (f"I looked through the {looked:,} gravest of {total:,} changes; there may be more among the others.",)


def narrowed(wanted: EventFilter) -> str:
    """The sorts of changes that are meant, in a word each."""
    types = (_TYPES.get(one, one.value) for one in sorted(wanted.change_types))
    return ", ".join((*types, *(_VERDICTS.get(one, one.value) for one in sorted(wanted.verdicts))))


def what(place: Text, counts: Counts, people: Counts, shown: Sequence[UnifiedEvent], stories: Stories) -> Answer:
    said: list[Slot] = [*place, f": {phrases.plural(counts.total, 'change')}{_by(people)}"]
    said.append(f" ({_verdicts(counts)})." if counts.total > 1 else ".")
    if counts.total > len(shown):
        said.append(f" The {len(shown)} that matter most:")
    for number, one in enumerate(shown, 1):
        said += ["\n", *_line(one, number, stories.get(one.correlation_id))]
    return Answer(text=tuple(said), citations=_citations(shown))


def who(place: Text, counts: Counts, people: Counts, shown: Sequence[UnifiedEvent]) -> Answer:
    said: list[Slot] = [*place, f": {phrases.plural(counts.total, 'change')} by "]
    ordered = sorted(counts.by_actor.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{name or 'someone unknown'} ({many})" for name, many in ordered[:_NAMED]]
    more = len(ordered) - _NAMED
    said.append(", ".join(named) + (f" and {more} more" if more > 0 else "") + ".")
    if people.total and people.total < counts.total:
        said.append(f" {phrases.plural(people.total, 'change')} of them by people.")
    for number, one in enumerate(shown, 1):
        who_: Slot = Person(one.actor) if one.actor.known else "Someone unknown"
        said += [
            "\n",
            who_,
            ": ",
            *phrases.place(one.resource, one.event.environment),
            ", ",
            *phrases.change(one.event),
            " ",
            _mark(number, one),
        ]
    return Answer(text=tuple(said), citations=_citations(shown))


def how_many(place: Text, counts: Counts, shown: Sequence[UnifiedEvent]) -> Answer:
    said: list[Slot] = [*place, f": {phrases.plural(counts.total, 'change')}"]
    said.append(f": {_verdicts(counts)}." if counts.total else " that I have seen.")
    named = {name: many for name, many in counts.by_environment.items() if name}
    if len(named) > 1:
        said.append(" " + ", ".join(f"{many} in {name}" for name, many in sorted(named.items(), key=lambda one: -one[1])) + ".")
    for number, one in enumerate(shown, 1):
        said += [" For example " if number == 1 else " ", _mark(number, one)]
    return Answer(text=tuple(said), citations=_citations(shown))


def why(one: UnifiedEvent, story: Story | None, more: int) -> Answer:
    said: list[Slot] = [*phrases.place(one.resource, one.event.environment), ": ", *phrases.change(one.event), " ", _mark(1, one), ". "]
    said += _judged(one)
    stands = phrases.stands(story)
    said += [" ", *stands] if stands else []
    if more > 0:
        said.append(f" This is the one that matters most of {more + 1} that match.")
    return Answer(text=tuple(said), citations=_citations((one,)))


def _judged(one: UnifiedEvent) -> list[Slot]:
    overrule = one.assessment.overrule
    if overrule is not None:
        reason = f": “{phrases.clipped(overrule.why, 160)}”" if overrule.why else ""
        return [f"It counts as {overrule.verdict.value} because a person said so{reason}."]
    evidence = sorted(one.assessment.classification.evidence, key=lambda e: -abs(e.weight or 0.0))[:_REASONS]
    reasons = "; ".join(phrases.clipped(e.says.rstrip("."), 160) for e in evidence)
    if one.verdict is Verdict.UNKNOWN:
        return [
            f"I can't tell whether it was planned. What I have: {reasons}."
            if reasons
            else "I can't tell whether it was planned: I have nothing to go by."
        ]
    return [f"I call it {one.verdict.value} ({round(one.confidence * 100)} %) because: {reasons}."]


CAUSE_UNKNOWN = "I can't tell what causes that. "
INCIDENT_UNKNOWN = "I see changes and health signals, not incidents. "


def suspects(place: Text, counts: Counts, shown: Sequence[UnifiedEvent], stories: Stories, unknown: str = CAUSE_UNKNOWN) -> Answer:
    """Changes to look at first. What caused a fault, or that there was one, is not known from that."""
    if not counts.total:
        return Answer(text=(unknown, *place, ": no change that I have seen."))
    said: list[Slot] = [
        unknown,
        *place,
        f": {phrases.plural(counts.total, 'change')}; I would look at these first:",
    ]
    for number, one in enumerate(shown, 1):
        said += ["\n", *_line(one, number, stories.get(one.correlation_id))]
    return Answer(text=tuple(said), citations=_citations(shown))


def stable(
    measured: Sequence[Metric],
    unsettled: Sequence[Story],
    heads: Mapping[str, UnifiedEvent],
    open_: Sequence[UnifiedEvent],
    stories: Stories,
    coverage: CoverageReport,
    places: Sequence[str],
) -> Answer:
    """The fractions, what is not well, what is open."""
    bad = [story for story in unsettled if story.settling is Settling.DEGRADED]
    waiting = [story for story in unsettled if story.settling is Settling.WATCHING]
    unexplained = _one_a_story(one for one in open_ if not _settled(stories.get(one.correlation_id)))
    failing = [one for one in measured if one.numerator < one.denominator]
    lacking = sorted(set(places) - {one.environment for one in measured})
    said: list[Slot] = []
    if measured and not (bad or unexplained or failing or waiting or lacking) and coverage.whole:
        said.append("As far as I can see, yes. ")
    for one in measured:
        where_ = one.environment or "Everything that is checked"
        said += [Strong(where_), f": {one.numerator:g} of {one.denominator:g} checks pass (", Time(one.at), "). "]
    if lacking or not measured:
        named = f" in {' and '.join(lacking)}" if lacking else ""
        said.append(f"Stability{named} was not measured: no health signal was read in the last 30 minutes. ")
    cited: list[UnifiedEvent] = []
    for story in bad[:_NAMED]:
        head = heads.get(story.headline_event)
        if head is not None:
            cited.append(head)
            said += [
                "\nNot well: ",
                *phrases.place(head.resource, story.environment),
                f": {phrases.clipped(story.settling_says, 120)} ",
                _mark(len(cited), head),
            ]
    for event in [event for event in unexplained if event.id not in {held.id for held in cited}][:_NAMED]:
        cited.append(event)
        said += ["\n", *_line(event, len(cited), stories.get(event.correlation_id))]
    if waiting:
        said.append(f"\n{phrases.plural(len(waiting), 'change')} still being watched.")
    return Answer(text=tuple(said), citations=_citations(cited))


def _settled(story: Story | None) -> bool:
    return story is not None and story.settling is Settling.SETTLED


def _one_a_story(events: Iterable[UnifiedEvent]) -> list[UnifiedEvent]:
    found: dict[str, UnifiedEvent] = {}
    for one in events:
        found.setdefault(one.correlation_id or one.id, one)
    return list(found.values())


def about(one: UnifiedEvent, story: Story | None, others: Sequence[UnifiedEvent], wanted: Wanted) -> Answer:
    """One story: what it is, why it is judged so, how it stands, what belongs to it."""
    said: list[Slot] = [*phrases.told(one), " ", _mark(1, one), ". "]
    said += _judged(one)
    context = one.assessment.context.says
    if context and wanted is not Wanted.WHO:
        said.append(" " + " ".join(phrases.sentence(says) for says in context[:2]))
    stands = phrases.stands(story)
    said += [" ", *stands] if stands else []
    if story is not None and story.event_count > 1:
        cause = f" of one cause ({phrases.clipped(story.cause, 80)})" if story.cause else " of one cause"
        said.append(f"\n{phrases.plural(story.event_count, 'change')}{cause}:")
        for number, other in enumerate(others, 2):
            said += ["\n", *_line(other, number, None)]
    return Answer(text=tuple(said), citations=_citations((one, *others)))


def strangers(asked: Sequence[str], known: Sequence[str]) -> Answer:
    names = ", ".join(known[:8]) or "nobody yet"
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return Answer(text=(f"I have seen no change by anyone called {' or '.join(asked)}. Whom I have seen lately: {names}{more}.",))


# --- pieces


def _line(one: UnifiedEvent, number: int, story: Story | None) -> Text:
    stands: Text = (" ", *phrases.stands(story)) if story is not None and story.settling is Settling.DEGRADED else ()
    return (_mark(number, one), " ", *phrases.told(one), f": {phrases.VERDICTS[one.verdict]}.", *stands)


def _mark(number: int, one: UnifiedEvent) -> EventRef:
    return EventRef(f"[{number}]", one.id)


def _citations(events: Sequence[UnifiedEvent]) -> tuple[Citation, ...]:
    return tuple(
        Citation(
            number=number, says=phrases.told(one), event_id=one.id, story_id=one.correlation_id, at=one.timestamp, links=one.event.links
        )
        for number, one in enumerate(events, 1)
    )


def _by(people: Counts) -> str:
    many = len([name for name in people.by_actor if name])
    if not people.total:
        return ", none by a person" if many == 0 else ""
    return f", {people.total:,} by {'one person' if many == 1 else f'{many} people'}" if many else ""


def _verdicts(counts: Counts) -> str:
    ordered = (Verdict.UNPLANNED, Verdict.UNKNOWN, Verdict.PLANNED, Verdict.ROUTINE)
    words = {**{verdict: verdict.value for verdict in Verdict}, Verdict.UNKNOWN: "I can't tell"}
    return ", ".join(f"{counts.by_verdict[one]:,} {words[one]}" for one in ordered if counts.by_verdict.get(one))
