"""What the analysis steps need to know of the store, read once a batch through narrow ports."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from core.analysis import habits
from core.analysis.attribute import names_of
from core.analysis.cause import Cause
from core.analysis.comfort import Reach
from core.analysis.correlate import OPERATION_HORIZON
from core.analysis.habits import Keys, keys_of
from core.analysis.signs import Seen
from core.analysis.stability import FRESH, stability
from core.analysis.teaching import MODEL_KEY
from core.analysis.teaching import key_of as like_of
from core.analysis.ties import Node, asked_keys, node_of
from core.announcement import Announcement
from core.assessment import Stability
from core.baseline import Baseline
from core.batch import Batch, ManagedResource
from core.coverage import Coverage, CoverageState
from core.event import Event
from core.observation import Observation
from core.ports import Announcements, Baselines, CoverageStore, EventStore, ManagedResources, ObservationStore, StoryStore
from core.settings import AnalysisSettings
from core.story import Story
from core.subscription import EVERYTHING
from core.timerange import TimeRange
from core.unified import UnifiedEvent

# Of a larger story the rest stays as it is: its events are no longer looked at one by one.
MOST_EVENTS_OF_A_STORY = 120
_HISTORY = timedelta(days=habits.CLAIMED_DAYS)


class Remembered(Protocol):
    """The ports that analysis reads from."""

    events: EventStore
    stories: StoryStore
    observations: ObservationStore
    coverage: CoverageStore
    managed: ManagedResources
    announcements: Announcements
    baselines: Baselines


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """One batch's surroundings. `known` are the stored events of the stories that the batch's events may belong to.

    `witnesses` are stored events that said who made some of these, where they are not at hand otherwise.
    `large` are stories too long to be loaded whole, by the operation and sitting keys that lead to them.
    `nodes` are the batch's own events as their sources told them, before anybody looked for who did it.
    `gaps` are those of the source over the last month, None where nobody knows what was read (backfill).
    """

    known: Mapping[str, UnifiedEvent] = field(default_factory=dict)
    stories: Mapping[str, Story] = field(default_factory=dict)
    large: Mapping[str, Story] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    witnesses: Mapping[str, Event] = field(default_factory=dict)
    announcements: Sequence[Announcement] = ()
    managed: Mapping[str, ManagedResource] = field(default_factory=dict)
    gaps: Sequence[Coverage] | None = None
    read_until: datetime | None = None


def load(store: Remembered, source: str, batch: Batch, *, horizon: timedelta, now: datetime, backfilled: bool) -> Loaded:
    """Raises StorageError."""
    span = _span(batch, horizon)
    if span is None:
        return Loaded()
    said = {one.id: one for one in store.announcements.around(span)} | {one.id: one for one in batch.announcements}
    announcements = tuple(said[key] for key in sorted(said))
    runs = tuple(one for one in announcements if one.kind != "window")
    nodes = {event.id: node_of(event, event.actor, runs) for event in batch.events}
    stories, known, large = _neighbours(store, batch, nodes.values(), span, horizon)
    return Loaded(
        known=known,
        stories=stories,
        large=large,
        nodes=nodes,
        witnesses=_witnesses(store, batch, known, said),
        announcements=announcements,
        managed=_managed(store, batch, known.values()),
        gaps=None if backfilled else _gaps(store, source, batch, now),
        read_until=None if backfilled else max((c.range.end for c in batch.coverage if c.state is not CoverageState.GAP), default=None),
    )


def _span(batch: Batch, horizon: timedelta) -> TimeRange | None:
    times = [event.occurred_at for event in batch.events] + [event.occurred_after for event in batch.events if event.occurred_after]
    for said in batch.announcements:
        # An open end lies far in the future; a run may be told long after it ended.
        times += [said.range.start, min(said.range.end, said.range.start + OPERATION_HORIZON)]
    return TimeRange(start=min(times) - horizon, end=max(times) + horizon) if times else None


def _neighbours(
    store: Remembered, batch: Batch, nodes: Iterable[Node], span: TimeRange, horizon: timedelta
) -> tuple[dict[str, Story], dict[str, UnifiedEvent], dict[str, Story]]:
    asked = _asked(batch, nodes)
    found: dict[str, Story] = {}
    large: dict[str, Story] = {}
    for key, linked in store.stories.by_links(asked.keys(), span.start - OPERATION_HORIZON).items():
        reach = OPERATION_HORIZON if key.startswith("op:") else horizon
        start, end = asked[key]
        for story, _ in linked:
            if story.first_at - reach <= end and story.last_at + reach >= start:
                found[story.id] = story
                if story.event_count > MOST_EVENTS_OF_A_STORY and key.startswith(("op:", "sit:")):
                    large.setdefault(key, story)
    known = {one.id: one for one in store.events.of_stories(EVERYTHING, found, MOST_EVENTS_OF_A_STORY)} if found else {}
    return found, known, large


def _witnesses(store: Remembered, batch: Batch, known: Mapping[str, UnifiedEvent], said: Mapping[str, Announcement]) -> dict[str, Event]:
    """Without them, one of several people who changed a thing would be named as soon as a batch brings that one alone along."""
    if not any(event.actor.known for event in batch.events):
        return {}
    named = {found.ref for one in known.values() if not one.event.actor.known for found in one.assessment.attribution.evidence if found.ref}
    away = named - known.keys() - said.keys() - {event.id for event in batch.events}
    return {one.id: one.event for one in store.events.by_ids(EVERYTHING, away)} if away else {}


def _asked(batch: Batch, nodes: Iterable[Node]) -> dict[str, tuple[datetime, datetime]]:
    """The keys to look for stories under, each with the time from and to which it is asked for."""
    asked: dict[str, tuple[datetime, datetime]] = {}

    def ask(keys: Iterable[str], start: datetime, end: datetime) -> None:
        for key in keys:
            held = asked.get(key)
            asked[key] = (min(start, held[0]), max(end, held[1])) if held else (start, end)

    for said in batch.announcements:
        keys = {f"is:{key}" for key in said.covers.resource_keys} | ({f"op:run:{said.reference}"} if said.reference else set())
        ask(keys, said.range.start, min(said.range.end, said.range.start + OPERATION_HORIZON))
    for node in nodes:
        ask(asked_keys(node), node.begins, node.at)
    return asked


def _managed(store: Remembered, batch: Batch, known: Iterable[UnifiedEvent]) -> dict[str, ManagedResource]:
    aliases = {name for event in (*batch.events, *(one.event for one in known)) for name in names_of(event)}
    stored = dict(store.managed.by_alias(aliases)) if aliases else {}
    for one in batch.managed:
        stored.update(dict.fromkeys(one.aliases, one))
    return stored


def _gaps(store: Remembered, source: str, batch: Batch, now: datetime) -> tuple[Coverage, ...]:
    """Stretches of the source, over the last month and from the batch's first event on, that neither earlier polls nor this one read."""
    read = [c for c in batch.coverage if c.state is not CoverageState.GAP]
    if not batch.events or not read:
        return tuple(c for c in batch.coverage if c.state is CoverageState.GAP)
    end = max(now, *(c.range.end for c in read))
    start = min(end - _HISTORY, *(event.occurred_after or event.occurred_at for event in batch.events))
    stored = store.coverage.report(TimeRange(start=min(start, end), end=end), (source,), now).unread
    holes = [piece for gap in stored if gap.source == source for piece in _less(gap, read)]
    return (*holes, *(c for c in batch.coverage if c.state is CoverageState.GAP))


def _less(gap: Coverage, read: Sequence[Coverage]) -> list[Coverage]:
    """What is left of a stored gap once this batch's stretches are read too. After the newest of them is no gap: still arriving."""
    left: list[Coverage] = []
    at = gap.range.start
    for stretch in sorted((c.range for c in read), key=lambda span: span.start):
        if stretch.start > at:
            end = min(stretch.start, gap.range.end)
            if end > at:
                left.append(replace(gap, range=TimeRange(start=at, end=end)))
        at = max(at, stretch.end)
        if at >= gap.range.end:
            break
    return left


def reach_of(event: Event, loaded: Loaded) -> Reach:
    """Was the event's source read without a gap from the event until the batch's end?"""
    if loaded.read_until is None:
        return Reach(ref=event.source)
    after = TimeRange(start=min(event.occurred_at, loaded.read_until), end=loaded.read_until + timedelta(seconds=1))
    gaps = tuple(
        f"{gap.source} was not read {gap.range.start:%H:%M}–{gap.range.end:%H:%M} UTC"
        for gap in loaded.gaps or ()
        if gap.range.overlaps(after)
    )
    return Reach(read=True, gaps=gaps, ref=event.source)


def baselines_of(store: Remembered, nodes: Sequence[Node]) -> tuple[dict[str, Keys], Mapping[str, Baseline]]:
    """Under which baselines each event counts, now that its actor is known; and those rows, with what people taught."""
    keys = {node.id: keys_of(node.event, node.actor) for node in nodes}
    taught = {like_of(node.event, node.actor) for node in nodes}
    counted = {key for one in keys.values() for key in one.all()}
    return keys, store.baselines.get({MODEL_KEY, *taught, *counted})


def seen_of(node: Node, keys: Keys, cause: Cause, loaded: Loaded, rows: Mapping[str, Baseline], settings: AnalysisSettings) -> Seen:
    """Everything that the event is judged by."""
    managed = next((loaded.managed[name] for name in sorted(node.names & loaded.managed.keys())), None)
    return Seen(node=node, keys=keys, cause=cause, announcements=loaded.announcements, managed=managed, baselines=rows, settings=settings)


def scores_of(store: Remembered, environments: Collection[str], fresh: Sequence[Observation], now: datetime) -> dict[str, Stability | None]:
    """How stable each environment is now, by stored readings and `fresh` ones; None is "not measured"."""
    degraded = store.stories.degraded(EVERYTHING)
    found: dict[str, Stability | None] = {}
    for environment in sorted(environments):
        read = store.observations.of_environment(environment, now - FRESH)
        found[environment] = stability((*read, *fresh), degraded, now, environment)
    return found
