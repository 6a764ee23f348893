"""Words and marks that several views share: verdicts, places, field changes."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from bot.views.mrkdwn import People, code, person, prose, strong, user, value
from core import phrases
from core.assessment import Severity, Verdict
from core.event import Actor, ChangeType, Event, FieldChange, Resource, Via
from core.json import JsonValue
from core.story import Settling, Story
from core.unified import UnifiedEvent

MARKS = {Verdict.PLANNED: "🏗", Verdict.UNPLANNED: "🔎", Verdict.ROUTINE: "🔁", Verdict.UNKNOWN: "❔"}
SAYS = {Verdict.PLANNED: "Planned", Verdict.UNPLANNED: "Unplanned", Verdict.ROUTINE: "Routine", Verdict.UNKNOWN: "I can't tell"}
SETTLED, DEGRADED, ATTEMPTED = "✓", "⚠", "⛔"
_VIAS = {Via.CONSOLE: "from the console", Via.CLI: "from the command line", Via.IAC: "with IaC", Via.GITOPS: "by GitOps"}
_SHOWN_CHANGES, _SHOWN_ACTORS = 3, 3
ACTIONS: Mapping[str, str] = {
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
    ChangeType.ATTEMPTED: "tried, and refused",
}


def mark(story: Story) -> str:
    if story.settling is Settling.SETTLED:
        return SETTLED
    if story.settling is Settling.DEGRADED:
        return DEGRADED
    if set(story.counts) == {ChangeType.ATTEMPTED}:
        return ATTEMPTED
    return MARKS[story.verdict]


def verdict(of: Verdict, confidence: float) -> str:
    """The verdict with how sure it is; an unknown one has no number."""
    return SAYS[of] if of is Verdict.UNKNOWN else f"{SAYS[of]}, {phrases.sure(confidence)}"


def story_verdict(story: Story, headline: UnifiedEvent) -> str:
    """The story's verdict; a person's word names the person."""
    overrule = headline.assessment.overrule
    if overrule is None or overrule.verdict is not story.verdict:
        return f"*{verdict(story.verdict, story.confidence)}*"
    why = f": “{prose(overrule.why, 120)}”" if overrule.why else ""
    return f"*{SAYS[story.verdict]}* ({user(overrule.by)}{why})"


def name_of(resource: Resource) -> str:
    """A resource as people call it: with its namespace where it has one."""
    return f"{resource.scope.namespace}/{resource.name}" if resource.scope.namespace else resource.name


def place(resource: Resource, environment: str = "") -> str:
    """Where it is and what: environment, cluster or account, name."""
    scope = resource.scope
    where = scope.cluster or scope.project or scope.account
    parts = [environment or resource.environment, where, scope.region if not scope.cluster else "", name_of(resource)]
    return " · ".join(strong(part) for part in parts if part)


def actor(of: Actor, people: People) -> str:
    """Who, and with what."""
    who = person(of, people)
    if of.privileged:
        who += " (privileged)"
    with_what = f"with {prose(of.tool, 40)}" if of.tool else _VIAS.get(of.via, "")
    if of.tool and of.tool == of.name:
        return who
    return f"{who} {with_what}".strip()


def actors(story: Story, headline: UnifiedEvent, people: People) -> str:
    """Everyone of the story. The gravest change's words follow right after, so where nobody is known for it, that is said first."""
    known = [one for one in story.actors if one.known]
    shown = known if headline.actor.known else [headline.actor, *known]
    if len(shown) <= 1:
        return actor(headline.actor, people)
    *first, last = [person(one, people) for one in shown[:_SHOWN_ACTORS]]
    if len(shown) > _SHOWN_ACTORS:
        first, last = [*first, last], f"{len(shown) - _SHOWN_ACTORS} more"
    return f"{', '.join(first)} and {last}"


def field_name(path: str, paths: Sequence[str]) -> str:
    """The last part of a path, as many parts as make it unique among the shown ones."""
    parts = _parts(path)
    for many in range(1, len(parts) + 1):
        short = ".".join(parts[-many:])
        if sum(1 for other in paths if _parts(other)[-many:] == parts[-many:]) <= 1:
            return short
    return path


def _parts(path: str) -> list[str]:
    # A key in brackets belongs to what it is a key of, dots and all: `bindings[roles/bigquery.dataViewer]`.
    return re.findall(r"(?:[^./\[\]]|\[[^\]]*\])+", path) or [path or "?"]


def one_change(change: FieldChange, paths: Sequence[str]) -> str:
    before, after = change.before, change.after
    name = strong(field_name(change.path, paths), 60)
    if _secret(before) or _secret(after):
        what = "a secret was removed" if after is None else "a secret was set" if before is None else "a secret changed"
        return f"{name} {what}"
    if before is None:
        return f"{name} set to {value(after, 60)}"
    if after is None:
        return f"{name} {value(before, 60)} removed"
    return f"{name} {value(before, 60)} → {value(after, 60)}"


def _secret(of: JsonValue) -> bool:
    return isinstance(of, str) and of.startswith("redacted:")


def what_changed(event: Event, shown: int = _SHOWN_CHANGES) -> str:
    """One line: what became of the resource, with its first field changes."""
    if event.attempted:
        return f"{code(event.native_action, 80)} was tried and refused: {prose(event.error or 'no reason was given', 160)}"
    if event.change_type in (ChangeType.CREATED, ChangeType.DELETED, ChangeType.REPLACED, ChangeType.EXECUTED) or not event.changes:
        kind = f"{code(event.resource.kind, 80)} {ACTIONS[event.change_type]}"
        return f"{kind} ({code(event.native_action, 80)})" if event.native_action else kind
    ordered = sorted(event.changes, key=_interest)
    paths = [change.path for change in ordered]
    said = ", ".join(one_change(change, paths) for change in ordered[:shown])
    more = len(ordered) - shown
    return said + (f", and {more} more field{'s' if more > 1 else ''}" if more > 0 else "")


# What people look for first; the rest keeps the order of the source.
_FIRST = ("image", "replicas", "cidr", "policy", "ingress", "egress", "public", "version", "size", "type")


def _interest(change: FieldChange) -> int:
    last = _parts(change.path)[-1].lower()
    return next((rank for rank, word in enumerate(_FIRST) if word in last), len(_FIRST))


def counted(counts: Mapping[str, int]) -> str:
    """9 modified, 4 created, 1 deleted."""
    return ", ".join(f"{many} {prose(str(kind), 20)}" for kind, many in Counter(counts).most_common() if many)


def plural(many: int, one: str, more: str = "") -> str:
    return f"{many:,} {one if many == 1 else more or one + 's'}"


def matters(severity: Severity) -> bool:
    return severity.rank >= Severity.HIGH.rank
