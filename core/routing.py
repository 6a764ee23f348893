"""Who hears what, when: stories against subscriptions, mutes and quiet hours. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from core.analysis.signs import severity_of
from core.assessment import Severity, Verdict
from core.delivery import Delivery
from core.event import Event, Via
from core.story import DOUBTED, NO_LONGER, NOT_READ_SINCE, TAKEN_BACK, Settling, Story
from core.subscription import EventFilter, Mute, QuietHours, Subscription, Visibility
from core.zones import zone_or_utc

# A delivery with this reason only edits what was posted before; without a receipt there is nothing to say.
ONLY_UPDATES = "only_updates"
# The provider whose states say which calls were one apply's.
_STATE = "terraform"


def route(
    stories: Iterable[Story],
    subscriptions: Sequence[Subscription],
    mutes: Sequence[Mute],
    now: datetime,
    events: Mapping[str, Sequence[Event]] | None = None,
    hold: timedelta = timedelta(0),
) -> tuple[Delivery, ...]:
    """One delivery per story and destination that should hear its present revision.

    `events` are those at hand of each story, for filters that a story alone cannot answer (kinds, resources). `hold` is how long the
    calls of an apply wait for the state that shows whose they are. Raises nothing.
    """
    found = []
    for story in stories:
        at_hand = (events or {}).get(story.id, ())
        ready = max(now, story.opened_at + hold) if hold and _awaits_its_state(story, at_hand) else now
        for subscription in subscriptions:
            delivery = _one(story, subscription, mutes, now, ready, at_hand)
            if delivery is not None:
                found.append(delivery)
    return tuple(found)


# What is new is said in the message that stands there; the change by which it is so has its own.
_EDITS = frozenset({TAKEN_BACK, NO_LONGER, NOT_READ_SINCE, DOUBTED})


def _one(
    story: Story, subscription: Subscription, mutes: Sequence[Mute], now: datetime, ready: datetime, events: Sequence[Event]
) -> Delivery | None:
    if not visible(story, subscription.visibility) or not matches(story, subscription.filter, events):
        return None
    reason = ONLY_UPDATES if story.because in _EDITS else ""
    if story.merged_into or not worth_telling(story, subscription) or _muted(story, subscription.destination, mutes, now, events):
        if story.revision == 1:
            return None
        reason = ONLY_UPDATES
    return Delivery(
        destination=subscription.destination,
        story_id=story.id,
        revision=story.revision,
        not_before=_not_before(story, subscription.quiet_hours, ready),
        reason=reason,
    )


def worth_telling(story: Story, subscription: Subscription) -> bool:
    """Is it anything that the destination wants to hear, where it was not told before?"""
    if story.settling is Settling.DEGRADED:
        return True
    return story.verdict is not Verdict.ROUTINE or subscription.tells_routine or story.severity.rank >= Severity.HIGH.rank


def _awaits_its_state(story: Story, events: Sequence[Event]) -> bool:
    """Only calls of a tool that writes a state, and nothing that anybody would want to hear at once."""
    return (
        story.verdict is not Verdict.UNPLANNED
        and story.severity.rank <= Severity.LOW.rank
        and story.settling is not Settling.DEGRADED
        and _STATE not in story.providers
        and bool(story.actors)
        and all(actor.via is Via.IAC for actor in story.actors)
        and not any(severity_of(event.traits, event.change_type)[1] for event in events)
    )


def visible(story: Story, visibility: Visibility) -> bool:
    """May a reader with this visibility see the story? Every source and environment of it must be visible."""
    if visibility.environments is not None and not (story.places and visibility.environments.issuperset(story.places)):
        return False
    return visibility.sources is None or set(story.sources) <= visibility.sources


def matches(story: Story, wanted: EventFilter, events: Sequence[Event] = ()) -> bool:
    """Does the story (any event of it) meet the filter?"""
    if story.severity.rank < wanted.min_severity.rank or (wanted.story_id and wanted.story_id != story.id):
        return False
    actors = {name for actor in story.actors for name in (actor.id, actor.name)}
    criteria = (
        (wanted.environments, set(story.places)),
        (wanted.sources, set(story.sources)),
        (wanted.providers, set(story.providers)),
        (wanted.verdicts, {story.verdict}),
        (wanted.actors, actors),
        (wanted.actor_kinds, {actor.kind for actor in story.actors}),
        (wanted.change_types, set(story.counts)),
    )
    if any(members and members.isdisjoint(present) for members, present in criteria):
        return False
    return _events_match(wanted, events)


def _events_match(wanted: EventFilter, events: Sequence[Event]) -> bool:
    if not (wanted.kinds or wanted.resource_keys or wanted.text):
        return True
    return any(
        (not wanted.kinds or event.resource.kind in wanted.kinds)
        and (not wanted.resource_keys or event.resource.key in wanted.resource_keys)
        and (not wanted.text or wanted.text in event.resource.key)
        for event in events
    )


def _muted(story: Story, destination: str, mutes: Sequence[Mute], now: datetime, events: Sequence[Event]) -> bool:
    if story.verdict is Verdict.UNPLANNED and story.severity.rank >= Severity.MEDIUM.rank:
        return False
    return any(mute.destination == destination and now < mute.until and _mute_holds(story, mute.filter, events) for mute in mutes)


def _mute_holds(story: Story, wanted: EventFilter, events: Sequence[Event]) -> bool:
    """A mute takes a story only where all of it is meant: one other resource, environment or source in it, and it is told."""
    if not matches(story, wanted, events):
        return False
    whole = ((wanted.environments, story.places), (wanted.sources, story.sources), (wanted.providers, story.providers))
    if any(members and not members.issuperset(present) for members, present in whole):
        return False
    return all(_events_match(wanted, (event,)) for event in events)


def _not_before(story: Story, quiet: QuietHours | None, now: datetime) -> datetime:
    if quiet is None or (story.severity.rank >= quiet.breaks_at.rank and story.verdict is not Verdict.PLANNED):
        return now
    return quiet_until(quiet, now) or now


def quiet_until(quiet: QuietHours, now: datetime) -> datetime | None:
    """When the quiet hours that hold now end; None outside them. Days on which clocks change end at the local time meant.

    In a zone that does not exist they are taken as UTC: too early or too late is better than never."""
    zone = zone_or_utc(quiet.time_zone)
    local = now.astimezone(zone)
    for day in (-1, 0):
        date = local.date() + timedelta(days=day)
        start = datetime.combine(date, quiet.start, tzinfo=zone)
        end_date = date if quiet.end > quiet.start else date + timedelta(days=1)
        end = datetime.combine(end_date, quiet.end, tzinfo=zone)
        if quiet.start != quiet.end and start.timestamp() <= now.timestamp() < end.timestamp():
            return end.astimezone(now.tzinfo)
    return None
