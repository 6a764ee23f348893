"""One change or one story in a few words, as slots: where, what, why, how it stands. Pure; shared by the catch-up and the assistant."""

import re
from collections.abc import Sequence
from datetime import timedelta

from core.assessment import Severity, Verdict
from core.coverage import Coverage, CoverageState
from core.event import ChangeType, Event, FieldChange, Resource
from core.json import JsonValue, canonical
from core.story import Settling, Story
from core.text import Code, Person, Slot, Strong, Text, Time, TimeStyle
from core.unified import UnifiedEvent

_LONGEST_VALUE, _LONGEST_SAYING = 60, 200
_REDACTED = "redacted:"
_DONE = {
    ChangeType.CREATED: "created",
    ChangeType.DELETED: "deleted",
    ChangeType.REPLACED: "deleted and created again",
    ChangeType.MOVED: "moved",
    ChangeType.RESTARTED: "restarted",
    ChangeType.STARTED: "started",
    ChangeType.STOPPED: "stopped",
    ChangeType.SCALED: "scaled",
    ChangeType.MODIFIED: "modified",
    ChangeType.EXECUTED: "something was run in it",
    ChangeType.ATTEMPTED: "tried and refused",
}
VERDICTS = {
    Verdict.PLANNED: "planned",
    Verdict.UNPLANNED: "unplanned",
    Verdict.ROUTINE: "routine",
    Verdict.UNKNOWN: "I can't tell whether it was planned",
}
# What people look for first; the rest keeps the order of the source.
_FIRST = ("image", "replicas", "cidr", "policy", "ingress", "egress", "public", "version", "size", "type")


def name_of(resource: Resource) -> str:
    """A resource as people call it: with its namespace where it has one."""
    return f"{resource.scope.namespace}/{resource.name}" if resource.scope.namespace else resource.name


def place(resource: Resource, environment: str = "") -> Text:
    """Where it is: environment, cluster or account, name."""
    scope = resource.scope
    parts = [environment or resource.environment, scope.cluster or scope.project or scope.account]
    where = [part for part in parts if part]
    return (*(slot for part in where for slot in (part, " · ")), Strong(name_of(resource)))


def environments(places: Sequence[str], shown: int = 3) -> str:
    """The environments that something goes over: "staging, prod", or "a, b and 2 more". Empty where there are none."""
    most = places if len(places) <= shown else places[: shown - 1]
    rest = len(places) - len(most)
    return ", ".join(most) + (f" and {rest} more" if rest else "")


def change(event: Event, shown: int = 2) -> Text:
    """What became of it: "image `a` → `b`, and 2 more fields", or "Deployment created"."""
    if event.attempted:
        return (Code(event.native_action), " was tried and refused: ", clipped(event.error or "no reason was given", 120))
    if event.change_type in (ChangeType.CREATED, ChangeType.DELETED, ChangeType.REPLACED, ChangeType.EXECUTED) or not event.changes:
        joint = ": " if event.change_type is ChangeType.EXECUTED else " "
        done = (Code(event.resource.kind), f"{joint}{_DONE[event.change_type]}")
        return (*done, " (", Code(event.native_action), ")") if event.native_action else done
    ordered = sorted(event.changes, key=_interest)
    said: list[Slot] = []
    for number, one in enumerate(ordered[:shown]):
        said += ([", "] if number else []) + list(_field(one))
    more = len(ordered) - shown
    return (*said, f", and {more} more field{'s' if more > 1 else ''}") if more > 0 else tuple(said)


def _interest(one: FieldChange) -> int:
    path = one.path.lower()
    return next((rank for rank, word in enumerate(_FIRST) if word in path), len(_FIRST))


def _field(one: FieldChange) -> Text:
    # The last part, a key in brackets with what it is a key of: `bindings[roles/viewer]`.
    parts = re.findall(r"[^./\[\]]+(?:\[[^\]]*\])?", one.path)
    name = parts[-1] if parts else "?"
    if any(isinstance(side, str) and side.startswith(_REDACTED) for side in (one.before, one.after)):
        return (
            Strong(name),
            ": a secret was removed" if one.after is None else ": a secret was set" if one.before is None else ": a secret changed",
        )
    if one.before is None:
        return (Strong(name), " set to ", _value(one.after))
    if one.after is None:
        return (Strong(name), " ", _value(one.before), " removed")
    return (Strong(name), " ", _value(one.before), " → ", _value(one.after))


def _value(of: JsonValue) -> Code:
    return Code(clipped(of if isinstance(of, str) else canonical(of), _LONGEST_VALUE))


def why(one: UnifiedEvent) -> Text:
    """Why the verdict is what it is: a person's word, else the strongest evidence. Empty where there is none."""
    overrule = one.assessment.overrule
    if overrule is not None:
        return (f"someone said so: “{clipped(overrule.why, 120)}”",) if overrule.why else ("someone said so",)
    towards = -1.0 if one.verdict is Verdict.UNPLANNED else 1.0
    weighed = sorted(one.assessment.classification.evidence, key=lambda e: -towards * (e.weight or 0.0))
    return (sentence(weighed[0].says),) if weighed else ()


def taken_back(story: Story) -> Text:
    """Who undid it and when; empty where that was not seen."""
    undone = story.taken_back
    if undone is None:
        return ()
    by: Text = (" by ", Person(undone.actor)) if undone.actor.known else ()
    hole = "" if undone.whole else " Not everything was read since, so I can't say whether it stayed so."
    if undone.changes == story.event_count == 1:
        return ("Taken back", *by, " ", Time(undone.at), f", after {lasted(undone.at - story.last_at)}.{hole}")
    what = "What is gravest in it was" if undone.changes == 1 else f"The {undone.changes} gravest changes of it were"
    return (f"{what} taken back", *by, " ", Time(undone.at), f".{hole}")


def takes_back(undone: Story) -> Text:
    """What is said of the change by which this story was taken back."""
    known = [one for one in undone.actors if one.known]
    did: Text = ("what ", Person(known[0]), " did ") if len(known) == 1 else ("what was done ",)
    return ("It takes back ", *did, Time(undone.last_at), ".")


def stands(story: Story | None) -> Text:
    """Was it taken back, and has it settled? Empty where neither is known yet."""
    if story is None:
        return ()
    return joined([said for said in (taken_back(story), _settled(story)) if said], " ")


def _settled(story: Story) -> Text:
    says = story.settling_says.strip().rstrip(".")
    match story.settling:
        case Settling.SETTLED:
            return (f"Settled: {says}." if says else "Settled.",)
        case Settling.DEGRADED:
            return (f"Not well: {says}." if says else "Not well: it got worse.",)
        case Settling.UNVERIFIED:
            return (sentence(says) if says else "No health signal was read since, so I can't say whether it settled.",)
        case Settling.WATCHING:
            return ("Not settled yet: still watching.",)
        case _:
            return ()


def told(one: UnifiedEvent) -> Text:
    """A change as one line: where, what, who, when."""
    who: Text = (" · ", Person(one.actor)) if one.actor.known else ()
    return (*place(one.resource, one.event.environment), ": ", *change(one.event), *who, " · ", Time(one.timestamp))


def missed(gap: Coverage) -> Text:
    """What was not seen: "aws-prod was not read Sat 02:10–02:25 (throttled)"."""
    same_day = gap.range.start.date() == gap.range.end.date()
    until = Time(gap.range.end, TimeStyle.CLOCK if same_day else TimeStyle.DAY_CLOCK)
    reason: Text = (f" ({clipped(gap.reason, 120)})",) if gap.reason else ()
    if gap.state is CoverageState.PARTIAL:
        part = f" of {gap.part}" if gap.part else ""
        return (Strong(gap.source), f" was read only in part{part} between ", Time(gap.range.start), " and ", until, *reason)
    part = f" ({gap.part})" if gap.part else ""
    return (Strong(gap.source), f"{part} was not read between ", Time(gap.range.start), " and ", until, *reason)


def matters(severity: Severity) -> bool:
    return severity.rank >= Severity.HIGH.rank


def sure(confidence: float) -> str:
    """How sure a verdict is, in hundredths. No conclusion from evidence is certain, so none rounds to 100 %."""
    hundredths = round(confidence * 100)
    return f"{hundredths} %" if hundredths < 100 else "over 99 %"


def lasted(duration: timedelta) -> str:
    """3 days 15 h; 40 min; less than a minute is 1 min."""
    hours, minutes = divmod(max(1, int(duration.total_seconds()) // 60), 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{plural(days, 'day')}{f' {hours} h' if hours else ''}"
    return f"{hours} h{f' {minutes} min' if minutes and hours < 10 else ''}" if hours else f"{minutes} min"


def plural(many: int, word: str) -> str:
    return f"{many:,} {word}{'' if many == 1 else 's'}"


def sentence(says: str) -> str:
    words = clipped(says.strip().rstrip("."), _LONGEST_SAYING)
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def clipped(says: str, at_most: int) -> str:
    """On one line, and no longer than that."""
    line = " ".join(says.split())
    return line if len(line) <= at_most else line[: at_most - 1].rstrip() + "…"


def joined(texts: Sequence[Text], between: str = ", ") -> Text:
    found: list[Slot] = []
    for number, one in enumerate(texts):
        found += ([between] if number else []) + list(one)
    return tuple(found)
