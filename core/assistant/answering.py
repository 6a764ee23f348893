"""The words of answers, from rows. Pure: every number is a count that was handed in, every claim carries the number of its citation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core import phrases
from core.assessment import Verdict
from core.assistant import rows
from core.assistant.asked import Asked
from core.assistant.looking import Looked
from core.assistant.vocabulary import End, Wanted
from core.coverage import CoverageReport
from core.event import ActorKind, ChangeType
from core.ports import Counts
from core.report import Answer
from core.story import Story
from core.subscription import EventFilter
from core.text import Person, Slot, Text, Time
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
EVERYTHING = EventFilter()
_NAMED, _GAPS, _REASONS = 4, 3, 4
_BY_KIND = {ActorKind.HUMAN: "people", ActorKind.AUTOMATION: "automation", ActorKind.SERVICE: "services"}
_TYPES = {ChangeType.ATTEMPTED: "tried and refused", ChangeType.EXECUTED: "something run in it"}
_VERDICTS = {Verdict.UNKNOWN: "unexplained"}


def what_i_know() -> Answer:
    says = (
        "I can say what changed, where, when, by whom and whether it was planned, why I think so, how many, and what I measured of "
        "how stable it is, and what I did not see. What is not a change, I can't answer; and I read English only."
    )
    return Answer(text=(says,), follow_ups=EXAMPLES)


def log_ins() -> Answer:
    return Answer(text=("I keep changes. Who logged in, and what was only read, I don't know.",), follow_ups=EXAMPLES)


def to_come() -> Answer:
    return Answer(text=("I tell of what has happened. What is to come I don't know.",), follow_ups=EXAMPLES)


def which_one() -> Answer:
    return Answer(text=("Of which change? Ask below its message, or name what was changed.",), follow_ups=EXAMPLES)


def where(wanted: EventFilter, span: TimeRange, now: datetime, about: str = "", left_out: EventFilter = EVERYTHING) -> Text:
    """In prod, since Tue 18:00."""
    named = sorted(wanted.environments | wanted.sources | wanted.providers)
    ended = now - span.end > timedelta(minutes=1)
    begins = "from" if ended else "since"
    said: list[Slot] = [f"In {' and '.join(named)}, {begins} " if named else f"{begins.capitalize()} ", Time(span.start)]
    if ended:
        said += [" until ", Time(span.end)]
    by = [*sorted(wanted.actors), *(_BY_KIND.get(kind, "") for kind in sorted(wanted.actor_kinds))]
    if any(by):
        said.append(f", by {' or '.join(one for one in by[:_NAMED] if one)}")
    if out := _members(left_out):
        said.append(f", all but {phrases.clipped(' and '.join(out), 120)}")
    if wanted.text:
        said.append(f", of what is called {phrases.clipped(wanted.text, 80)}")
    if about:
        said.append(f", about {phrases.clipped(about, 120)}")
    return tuple(said)


def _members(left_out: EventFilter) -> tuple[str, ...]:
    """Places, people and sorts of change that are left out, in a word each."""
    by = (f"what {_BY_KIND.get(kind, kind.value)} did" for kind in sorted(left_out.actor_kinds))
    named = sorted(left_out.environments | left_out.sources | left_out.providers | left_out.actors)
    sorts = narrowed(left_out)
    return (*named, *by, *((f"what is {sorts}",) if sorts else ()))


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
        answer, text=(f"I found no change that is about all of {phrases.clipped(missing, 120)}. What comes closest:", "\n", *answer.text)
    )


def like(found: Looked) -> tuple[Text, ...]:
    """That a name is whole what one thing is called, and part of what others are."""
    names = dict.fromkeys(one.resource.name for one in found.shown)
    others = [name for name in names if name.lower() != found.called]
    if len(others) == len(names) or not others:
        return ()
    return ((f"Counted too is what is only called like {phrases.clipped(found.called, 80)}: {', '.join(others[:_NAMED])}.",),)


def looked_through(looked: int, total: int) -> Text:
    return (f"I looked through the {looked:,} gravest of {total:,} changes; there may be more among the others.",)


def narrowed(wanted: EventFilter) -> str:
    """The sorts of changes that are meant, in a word each."""
    types = (_TYPES.get(one, one.value) for one in sorted(wanted.change_types))
    return ", ".join((*types, *(_VERDICTS.get(one, one.value) for one in sorted(wanted.verdicts))))


def what(place: Text, counts: Counts, people: Counts, shown: Sequence[UnifiedEvent], stories: Stories) -> Answer:
    said: list[Slot] = [*place, f": {phrases.plural(counts.total, 'change')}{rows.by(people)}"]
    said.append(f" ({rows.verdicts(counts)})." if counts.total > 1 else ".")
    if counts.total > len(shown):
        said.append(f" The {len(shown)} that matter most:")
    for number, one in enumerate(shown, 1):
        said += ["\n", *rows.line(one, number, stories.get(one.correlation_id))]
    return Answer(text=tuple(said), citations=rows.citations(shown))


def at_end(place: Text, counts: Counts, shown: Sequence[UnifiedEvent], stories: Stories, end: End | None) -> Answer:
    """The last or the first alone."""
    said: list[Slot] = [*place, f": {phrases.plural(counts.total, 'change')}. The {end}:" if counts.total > 1 else ": one change:"]
    for number, one in enumerate(shown, 1):
        said += ["\n", *rows.line(one, number, stories.get(one.correlation_id))]
    return Answer(text=tuple(said), citations=rows.citations(shown))


def who(place: Text, counts: Counts, people: Counts, shown: Sequence[UnifiedEvent]) -> Answer:
    said: list[Slot] = [*place, f": {phrases.plural(counts.total, 'change')} by "]
    known = {name: one.actor for one in shown for name in (one.actor.name, one.actor.id) if name}
    ordered = sorted(counts.by_actor.items(), key=lambda item: (-item[1], item[0]))
    for number, (name, many) in enumerate(ordered[:_NAMED]):
        said += [", " if number else "", Person(known[name]) if name in known else name or "someone unknown", f" ({many})"]
    more = len(ordered) - _NAMED
    said.append(f" and {more} more." if more > 0 else ".")
    if people.total and people.total < counts.total:
        said.append(f" {people.total:,} of them by people.")
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
            rows.mark(number, one),
        ]
    return Answer(text=tuple(said), citations=rows.citations(shown))


def how_many(place: Text, counts: Counts, shown: Sequence[UnifiedEvent]) -> Answer:
    said: list[Slot] = [*place, f": {phrases.plural(counts.total, 'change')}"]
    said.append(f": {rows.verdicts(counts)}." if counts.total else " that I have seen.")
    named = {name: many for name, many in counts.by_environment.items() if name}
    if len(named) > 1:
        said.append(" " + ", ".join(f"{many} in {name}" for name, many in sorted(named.items(), key=lambda one: -one[1])) + ".")
    for number, one in enumerate(shown, 1):
        said += [" For example " if number == 1 else " ", rows.mark(number, one)]
    return Answer(text=tuple(said), citations=rows.citations(shown))


def why(one: UnifiedEvent, story: Story | None, more: int) -> Answer:
    said: list[Slot] = [*phrases.place(one.resource, one.event.environment), ": ", *phrases.change(one.event), " ", rows.mark(1, one), ". "]
    said += _judged(one)
    stands = phrases.stands(story)
    said += [" ", *stands] if stands else []
    if more > 0:
        said.append(f" This is the one that matters most of {more + 1} that match.")
    return Answer(text=tuple(said), citations=rows.citations((one,)))


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
    return [f"I call it {one.verdict.value} ({phrases.sure(one.confidence)}) because: {reasons}."]


CAUSE_UNKNOWN = "I see what changed, not what caused it. "
INCIDENT_UNKNOWN = "I see changes and health signals, not incidents. "


def absent(named: str, before: bool) -> str:
    """That what was named did not change in that time; `before`, that the first row is its last change before that."""
    if not named:
        return ""
    last = "; its last change before that is [1]" if before else ""
    return f" Nothing that is called {phrases.clipped(named, 80)} changed in that time{last}."


def suspects(
    place: Text, counts: Counts, shown: Sequence[UnifiedEvent], stories: Stories, unknown: str = CAUSE_UNKNOWN, absent: str = ""
) -> Answer:
    """Changes to look at first. What caused a fault, or that there was one, is not known from that. `absent` says what was named and
    did not change."""
    if not counts.total:
        return Answer(text=(unknown, *place, ": no change that I have seen.", absent))
    said: list[Slot] = [
        unknown,
        *place,
        f": {phrases.plural(counts.total, 'change')}.{absent} I would look at these first:",
    ]
    for number, one in enumerate(shown, 1):
        said += ["\n", *rows.line(one, number, stories.get(one.correlation_id))]
    return Answer(text=tuple(said), citations=rows.citations(shown))


def about(one: UnifiedEvent, story: Story | None, others: Sequence[UnifiedEvent], wanted: Wanted) -> Answer:
    """One story: what it is, why it is judged so, how it stands, what belongs to it."""
    said: list[Slot] = [*phrases.told(one), " ", rows.mark(1, one), ". "]
    if not one.actor.known:
        with_what = f" with {phrases.clipped(one.actor.tool, 40)}" if one.actor.tool else ""
        said.append(f"Who did it{with_what} is not in what I read. ")
    said += _judged(one)
    context = one.assessment.context.says
    if context and wanted is not Wanted.WHO:
        said.append(" " + " ".join(phrases.sentence(says) for says in context[:2]))
    stands = phrases.stands(story)
    said += [" ", *stands] if stands else []
    if story is not None and story.event_count > 1:
        cause = f" of one cause ({phrases.clipped(story.cause, 80)})" if story.cause else " of one cause"
        said += ["\n", f"{phrases.plural(story.event_count, 'change')}{cause}:"]
        for number, other in enumerate(others, 2):
            said += ["\n", *rows.line(other, number, None)]
    return Answer(text=tuple(said), citations=rows.citations((one, *others)))


def not_taken(asked: Asked) -> tuple[Text, ...]:
    """Which words were not taken as they may be meant. A name that fits several people means them all: they may be one under two names."""
    passed_over = (f"I passed over “{asked.passed_over}”: what I say may not be what you ask.",) if asked.passed_over else ()
    shared = (
        f"“{name}” fits {len(whom)}: {', '.join(whom[:_NAMED])}{' and more' if len(whom) > _NAMED else ''}. A whole name means one."
        for name, whom in asked.shared.items()
    )
    return tuple((says,) for says in (*asked.unclear, *passed_over, *shared))


def strangers(asked: Sequence[str], known: Sequence[str]) -> Answer:
    names = ", ".join(known[:8]) or "nobody yet"
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return Answer(text=(f"I have seen no change by anyone called {' or '.join(asked)}. Whom I have seen lately: {names}{more}.",))
