"""How it stands, in words: what was measured, what is not well, what nobody explained, what was not read. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core import phrases
from core.assistant import rows
from core.assistant.checks import Course, Score
from core.coverage import CoverageReport
from core.report import Answer
from core.story import Story
from core.text import Slot, Strong, Text, Time
from core.timerange import TimeRange
from core.unexplained import Unexplained
from core.unified import UnifiedEvent

_NAMED = 4
_ALL = "Everything that is checked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stands:
    """What was read of how it stands. `measured` are the newest scores: by environment, with what names none and the total under the
    empty name, or of the things that are named. `places` are the environments that the question is about: those named, else those that
    changed. `unmeasured` are names in the question of which no check tells. `courses` is how it stood over the time asked for, where a
    longer time than now is; `over` where that time has ended. `cut`: there was more than could be looked through. `doubts`: it is asked
    whether something is wrong, and not whether all is well."""

    measured: Mapping[str, Score]
    unwell: Sequence[Story]
    watched: int
    heads: Mapping[str, UnifiedEvent]
    unexplained: Unexplained
    cut: bool
    places: frozenset[str]
    coverage: CoverageReport
    span: TimeRange
    unmeasured: tuple[str, ...] = ()
    courses: Mapping[str, Course] | None = None
    over: bool = False
    doubts: bool = False

    @property
    def shown(self) -> list[Score]:
        """The score of each environment; the total too where more was checked than they hold."""
        named = [one for name, one in sorted(self.measured.items()) if name]
        total = self.measured.get("")
        beyond = total is not None and total.denominator > sum(one.denominator for one in named)
        return [*named, total] if total is not None and beyond else named

    @property
    def lacking(self) -> list[str]:
        """Which of the places were not measured. Where more was checked than the environments hold, what names none was."""
        return sorted(self.places - {one.name for one in self.shown})

    @property
    def well(self) -> bool:
        """Everything that is asked about was measured and passes, all the time; nothing is open, all was read and looked through."""
        open_ = self.unwell or self.unexplained.events or self.watched or self.cut
        lacks = not self.shown or self.lacking or self.unmeasured or not self.coverage.whole
        return not (open_ or lacks or self.over) and all(one.passes for one in self.shown) and self._steady

    @property
    def _steady(self) -> bool:
        if self.courses is None:
            return True
        courses = [self.courses.get(one.name) for one in self.shown]
        return all(one is not None and one.unbroken and one.worst.passes for one in courses)


def stable(stands: Stands) -> Answer:
    """The fractions, what is not well, what is open. Yes is only said where all is well; of a time that has ended, never."""
    stories, said = stands.unexplained.stories, list[Slot]()
    if stands.well:
        said.append(f"As far as I can see, {'no' if stands.doubts else 'yes'}. ")
    if stands.unmeasured:
        said.append(f"Not measured: nothing that I read tells the health of {phrases.clipped(' and '.join(stands.unmeasured), 120)}. ")
    for one in () if stands.over else stands.shown:
        said += [Strong(one.name or _ALL), f": {one.numerator:g} of {one.denominator:g} checks pass (", Time(one.at), "). "]
    if not stands.over and not stands.unmeasured and (stands.lacking or not stands.shown):
        said.append(f"Stability{_in(stands.lacking)} was not measured: no health signal was read in the last 30 minutes.")
    if stands.courses is not None:
        said += _over_time(stands)
    cited: list[UnifiedEvent] = []
    for story in stands.unwell[:_NAMED]:
        head = stands.heads.get(story.headline_event)
        if head is not None:
            cited.append(head)
            said += [
                "\n",
                "Not well: ",
                *phrases.place(head.resource, phrases.environments(story.places)),
                f": {phrases.clipped(story.settling_says, 120)} ",
                rows.mark(len(cited), head),
            ]
    unnamed = len(stands.unwell) - len(cited)
    if unnamed > 0:
        said += ["\n", f"Not well: {phrases.plural(unnamed, 'more change' if cited else 'change')}."]
    rest = [event for event in stands.unexplained.events if event.id not in {held.id for held in cited}]
    if rest:
        said += ["\n", _open_still(len(rest), stands.span, stands.unexplained.cut)]
    for event in rest[:_NAMED]:
        cited.append(event)
        said += ["\n", *rows.line(event, len(cited), stories.get(event.correlation_id))]
    if stands.watched:
        said += ["\n", f"{phrases.plural(stands.watched, 'change')} still being watched."]
    if stands.cut:
        said += ["\n", "There is more than I could look through: I can't say that this is all."]
    return Answer(text=tuple(said), citations=rows.citations(cited))


def _over_time(stands: Stands) -> list[Slot]:
    """The worst of each over the time that is asked for, and where that time was not measured."""
    said: list[Slot] = []
    courses = dict(stands.courses or {})
    if len(courses) > 1 and "" in courses and courses[""].worst.passes:
        del courses[""]
    for name, one in courses.items():
        worst = one.worst
        said += ["\n", Strong(name or _ALL), f" in that time: {worst.numerator:g} of {worst.denominator:g} checks passed"]
        said += [" at its worst" if one.many > 1 else "", " (", Time(worst.at), ")"]
        if one.many > 1:
            said += [f", of {one.many:,} measurements from ", Time(one.first_at), " to ", Time(one.last_at)]
        said.append(".")
        if not one.unbroken:
            said.append(" The rest of that time was not measured.")
    absent = sorted(name for name in stands.places if name not in courses)
    if (absent or not courses) and not stands.unmeasured:
        said.append(f"Stability{_in(absent)} was not measured then: no health signal is kept of that time.")
    return said


def _in(places: Sequence[str]) -> str:
    """In staging and dev; what names no environment is named last."""
    named = [name for name in places if name]
    most = named if len(named) <= _NAMED else [*named[: _NAMED - 1], f"{len(named) - _NAMED + 1} more"]
    said = f" in {' and '.join(most)}" if most else ""
    if "" in places:
        said += f"{', and' if said else ''} of what names no environment"
    return said


def _open_still(many: int, span: TimeRange, cut: bool) -> str:
    """What the rows below it are, and how many of them there are in all."""
    shown = f" The {_NAMED} gravest:" if many > _NAMED else ""
    days = round(span.duration / timedelta(days=1))
    of = f" of the last {days} days" if days > 1 else ""
    least = "at least " if cut else ""
    return f"Not explained, or not known to be planned: {least}{phrases.plural(many, 'change')}{of}.{shown}"


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
