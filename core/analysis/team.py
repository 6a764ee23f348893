"""Team activity: counts by actor and day, never a grade of people. Increments, to be added to what is stored. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from core.assessment import Verdict
from core.baseline import Activity
from core.event import Actor, ActorKind, Event
from core.unified import UnifiedEvent


def team_of(actor: Actor, teams: Mapping[str, tuple[str, ...]]) -> str:
    return next((team for team, people in teams.items() if actor.id in people or actor.name in people), "")


def activity(
    event: Event, actor: Actor, verdict: Verdict, teams: Mapping[str, tuple[str, ...]], *, reverted: bool = False
) -> Activity | None:
    """The increment of one new event; None for the platform itself and for nobody."""
    if not actor.known or actor.kind is ActorKind.SERVICE:
        return None
    blank = _blank(event, actor, teams)
    if event.attempted:
        return replace(blank, attempted=1)
    return replace(_with(blank, verdict, 1), changes=1, reverts=int(reverted))


def moved(event: Event, actor: Actor, before: Verdict, after: Verdict, teams: Mapping[str, tuple[str, ...]]) -> Activity | None:
    """The increment where an earlier verdict changed."""
    if before is after or not actor.known or actor.kind is ActorKind.SERVICE or event.attempted:
        return None
    return _with(_with(_blank(event, actor, teams), after, 1), before, -1)


def increments(
    before: UnifiedEvent | None, after: UnifiedEvent, teams: Mapping[str, tuple[str, ...]], *, reverted: bool
) -> Sequence[Activity]:
    """Of a new event (`before` None), or of one that has another verdict now, or is somebody's, somebody else's or nobody's now.

    Reverts stay as they were counted when it was new.
    """
    event = after.event
    if before is None:
        made = [activity(event, after.actor, after.verdict, teams, reverted=reverted)]
    elif (before.actor.id, before.actor.name) == (after.actor.id, after.actor.name):
        made = [moved(event, after.actor, before.verdict, after.verdict, teams)]
    else:
        taken = activity(event, before.actor, before.verdict, teams)
        made = [taken and _negative(taken), activity(event, after.actor, after.verdict, teams)]
    return [one for one in made if one is not None]


def _blank(event: Event, actor: Actor, teams: Mapping[str, tuple[str, ...]]) -> Activity:
    return Activity(
        actor=actor.id or actor.name,
        name=actor.name or actor.id,
        day=event.occurred_at.date().isoformat(),
        environment=event.environment,
        team=team_of(actor, teams),
    )


def _with(one: Activity, verdict: Verdict, by: int) -> Activity:
    match verdict:
        case Verdict.PLANNED:
            return replace(one, planned=one.planned + by)
        case Verdict.UNPLANNED:
            return replace(one, unplanned=one.unplanned + by)
        case Verdict.ROUTINE:
            return replace(one, routine=one.routine + by)
        case Verdict.UNKNOWN:
            return replace(one, unknown=one.unknown + by)


def _negative(one: Activity) -> Activity:
    counts = ("changes", "planned", "unplanned", "routine", "unknown", "attempted")
    return replace(one, **{name: -getattr(one, name) for name in counts})


def joined(increments: Iterable[Activity]) -> tuple[Activity, ...]:
    """One row per actor, day and environment."""
    rows: dict[tuple[str, str, str], Activity] = {}
    for one in increments:
        key = (one.actor, one.day, one.environment)
        held = rows.get(key)
        rows[key] = one if held is None else _sum(held, one)
    return tuple(rows.values())


def _sum(one: Activity, other: Activity) -> Activity:
    return replace(
        one,
        team=one.team or other.team,
        changes=one.changes + other.changes,
        planned=one.planned + other.planned,
        unplanned=one.unplanned + other.unplanned,
        routine=one.routine + other.routine,
        unknown=one.unknown + other.unknown,
        attempted=one.attempted + other.attempted,
        reverts=one.reverts + other.reverts,
    )
