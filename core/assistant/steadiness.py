"""How it stands, in words: what was measured, what is not well, what nobody explained, what was not read. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from core import phrases
from core.assistant import rows
from core.baseline import Metric
from core.coverage import CoverageReport
from core.report import Answer
from core.story import Settling, Story
from core.text import Slot, Strong, Text, Time
from core.timerange import TimeRange
from core.unified import UnifiedEvent

_NAMED = 4


def stable(
    measured: Sequence[Metric],
    unsettled: Sequence[Story],
    heads: Mapping[str, UnifiedEvent],
    open_: Sequence[UnifiedEvent],
    stories: Mapping[str, Story],
    coverage: CoverageReport,
    places: Sequence[str],
    span: TimeRange,
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
        said.append(f"Stability{named} was not measured: no health signal was read in the last 30 minutes.")
    cited: list[UnifiedEvent] = []
    for story in bad[:_NAMED]:
        head = heads.get(story.headline_event)
        if head is not None:
            cited.append(head)
            said += [
                "\n",
                "Not well: ",
                *phrases.place(head.resource, story.environment),
                f": {phrases.clipped(story.settling_says, 120)} ",
                rows.mark(len(cited), head),
            ]
    rest = [event for event in unexplained if event.id not in {held.id for held in cited}]
    if rest:
        said += ["\n", _open_still(len(rest), span)]
    for event in rest[:_NAMED]:
        cited.append(event)
        said += ["\n", *rows.line(event, len(cited), stories.get(event.correlation_id))]
    if waiting:
        said += ["\n", f"{phrases.plural(len(waiting), 'change')} still being watched."]
    return Answer(text=tuple(said), citations=rows.citations(cited))


def _open_still(many: int, span: TimeRange) -> str:
    """What the rows below it are, and how many of them there are in all."""
    shown = f" The {_NAMED} gravest:" if many > _NAMED else ""
    days = round(span.duration / timedelta(days=1))
    of = f" of the last {days} days" if days > 1 else ""
    return f"Not explained, or not known to be planned: {phrases.plural(many, 'change')}{of}.{shown}"


def _settled(story: Story | None) -> bool:
    return story is not None and story.settling is Settling.SETTLED


def _one_a_story(events: Iterable[UnifiedEvent]) -> list[UnifiedEvent]:
    found: dict[str, UnifiedEvent] = {}
    for one in events:
        found.setdefault(one.correlation_id or one.id, one)
    return list(found.values())


def seen(place: Text, coverage: CoverageReport) -> Answer:
    """How much of the time was read. Where the gaps are is said beside every answer, so not here."""
    whole, many = len(coverage.read_whole), len(coverage.sources)
    if not many:
        return Answer(text=("I have not read any source yet.",))
    if coverage.whole:
        every = f"all {many} sources were" if many > 1 else f"{coverage.sources[0]} was"
        return Answer(text=(*place, f": {every} read whole."))
    read = f" Read whole: {', '.join(coverage.read_whole)}." if whole else ""
    return Answer(text=(*place, f": {whole} of {many} sources {'was' if whole == 1 else 'were'} read whole.{read}"))
