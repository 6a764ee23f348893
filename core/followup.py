"""Has it settled? Stories that are watched are asked again, from health read after the change and within coverage."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from core.analysis import habits
from core.assessment import Verdict
from core.baseline import Baseline, Metric
from core.clock import Clock, utc_now
from core.conclusions import Conclusions
from core.coverage import Coverage, CoverageState, overlapping, read_until
from core.event import ChangeType
from core.evidence import Evidence
from core.lookback import LookBack
from core.observation import NO_HEALTH, Health, Observation
from core.ports import Baselines, CoverageStore, EventStore, ObservationStore, Span, StoryStore
from core.ports import FollowUps as FollowUpStore
from core.story import FollowUp, FollowUpState, Settling, Story
from core.subscription import EVERYTHING, EventFilter
from core.timerange import TimeRange
from core.unexplained import VERDICTS
from core.unified import UnifiedEvent

# A reading this soon after the change may still be of the time before it took effect.
_TOO_SOON = timedelta(minutes=2)
_JUST_BEFORE = timedelta(hours=1)
_MOST_REVISED = 60
# Clocks differ: what is stamped a little ahead of ours has happened.
_AHEAD = timedelta(days=1)
_CHANGES = frozenset(ChangeType) - {ChangeType.ATTEMPTED}


class Commits(Protocol):
    """core.ingest.Ingest: writes conclusions, and tells them."""

    def exclusive(self) -> AbstractContextManager[object]: ...

    def commit(self, conclusions: Conclusions) -> int: ...


class Watched(Protocol):
    """The ports that following up reads from."""

    events: EventStore
    stories: StoryStore
    observations: ObservationStore
    coverage: CoverageStore
    baselines: Baselines
    follow_ups: FollowUpStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What the health signals say now. WATCHING: too early to tell."""

    settling: Settling
    says: str = ""
    evidence: tuple[Evidence, ...] = ()


class FollowUps:
    """Asks of every watched story whether it has settled."""

    def __init__(self, store: Watched, ingest: Commits, look_back: LookBack, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._ingest = ingest
        self._look_back = look_back
        self._clock = clock

    def settle(self, now: datetime | None = None) -> int:
        """Look at every watched story; how many changed. Raises StorageError."""
        now = now or self._clock()
        changed = 0
        with self._ingest.exclusive():
            for follow_up in self._store.follow_ups.watching():
                conclusions = self._one(follow_up, now)
                if conclusions is not None:
                    self._ingest.commit(conclusions)
                    changed += bool(conclusions.stories)
        return changed

    def _one(self, follow_up: FollowUp, now: datetime) -> Conclusions | None:
        story = self._store.stories.get(follow_up.story_id)
        if story is None:
            return Conclusions(follow_ups=(replace(follow_up, state=FollowUpState.DONE),))
        if story.merged_into:
            return self._handed_on(follow_up, story, now)
        readings = self._readings(story, follow_up)
        finding = judge(story, follow_up, readings, self._gaps(story, follow_up, readings, now), now)
        if finding.settling is Settling.SETTLED:
            finding = self._undermined(story, now) or finding
        if finding.settling is Settling.DEGRADED:
            before = TimeRange(start=story.first_at - _JUST_BEFORE, end=story.first_at)
            finding = _as_before(finding, self._store.observations.history(follow_up.resources, before))
        last_call = now >= follow_up.last_call_at
        done = finding.settling is Settling.SETTLED or last_call
        if finding.settling is Settling.WATCHING and not done:
            return None
        if finding.settling is story.settling and not done:
            return None
        state = replace(follow_up, state=FollowUpState.DONE if done else FollowUpState.WATCHING)
        if finding.settling is story.settling:
            return Conclusions(follow_ups=(state,), stories=self._closed(story, now))
        return self._concluded(story, state, finding, now, done=done)

    def _handed_on(self, follow_up: FollowUp, story: Story, now: datetime) -> Conclusions:
        """The story was merged away: the one it went into is watched instead."""
        done = replace(follow_up, state=FollowUpState.DONE)
        heir = self._store.stories.get(story.merged_into)
        if heir is None or any(other.story_id == heir.id for other in self._store.follow_ups.watching()):
            return Conclusions(follow_ups=(done,))
        return Conclusions(follow_ups=(done, replace(follow_up, story_id=heir.id, opened_at=now)))

    def _readings(self, story: Story, follow_up: FollowUp) -> Sequence[Observation]:
        """Of what it deleted there is nothing to be well: that it still answers for a moment says nothing."""
        readings = self._store.observations.current(follow_up.resources)
        if not readings or not story.counts.get(ChangeType.DELETED):
            return readings
        held = sorted(self._store.events.of_story(EVERYTHING, story.id, limit=_MOST_REVISED).items, key=lambda one: one.timestamp)
        last = {one.resource.key: one.event.change_type for one in held}
        return [one for one in readings if last.get(one.resource.key) is not ChangeType.DELETED]

    def _undermined(self, story: Story, now: datetime) -> Finding | None:
        """Was what it changed changed since, or deleted, by what nobody explained? How it runs then says nothing of the story."""
        keys = frozenset(one.resource.key for one in self._store.events.of_story(EVERYTHING, story.id, limit=_MOST_REVISED).items)
        if not keys:
            return None
        since = Span(range=TimeRange(start=story.last_at + timedelta(microseconds=1), end=now + _AHEAD))
        wanted = EventFilter(resource_keys=keys, change_types=_CHANGES, verdicts=VERDICTS)
        for one in self._store.events.page(EVERYTHING, wanted, since, limit=1).items:
            says = f"{one.resource.name} was {one.event.change_type} at {one.timestamp:%H:%M} UTC by another change"
            evidence = Evidence(kind="change", says=says, ref=one.id, at=one.timestamp)
            return Finding(settling=Settling.UNVERIFIED, says=f"{says}, so I can't say whether this one settled", evidence=(evidence,))
        return None

    def _gaps(self, story: Story, follow_up: FollowUp, readings: Sequence[Observation], now: datetime) -> tuple[Coverage, ...]:
        """Holes since the change in the sources whose signals would tell, until it has had its time to show an effect."""
        sources = sorted({one.source for one in readings})
        newest = max((one.at for one in readings), default=story.last_at)
        if newest <= story.last_at:
            return ()
        until = max(newest, min(follow_up.due_at, now))
        span = TimeRange(start=story.last_at, end=until)
        told = overlapping(self._store.coverage.report(span, sources, now).unread, span)
        last = self._store.coverage.last()
        # What is still on its way by the report's measure is not read yet by this one.
        ahead = tuple(
            Coverage(source=one, range=TimeRange(start=read_until(last[one]), end=until), state=CoverageState.GAP, complete_until=until)
            for one in sources
            if one in last and last[one].state is not CoverageState.GAP and read_until(last[one]) < until
        )
        return (*told, *ahead)

    def _closed(self, story: Story, now: datetime) -> tuple[Story, ...]:
        """Nothing more will be known of an unverified story."""
        return (replace(story, open=False),) if story.settling is Settling.UNVERIFIED else ()

    def _concluded(self, story: Story, state: FollowUp, finding: Finding, now: datetime, *, done: bool) -> Conclusions:
        settled = finding.settling is Settling.SETTLED
        told = replace(
            story,
            revision=story.revision + 1,
            updated_at=now,
            settling=finding.settling,
            settled_at=now if settled else None,
            settling_says=finding.says,
            settling_evidence=finding.evidence,
            open=story.open and not (done and finding.settling is Settling.UNVERIFIED),
            because=finding.says,
        )
        events = self._store.events.of_story(EVERYTHING, story.id, limit=_MOST_REVISED).items
        return Conclusions(
            stories=(told,),
            follow_ups=(state,),
            assessments=self._look_back.after_settling(told, events),
            baselines=self._endings(events, finding.settling),
            metrics=(_time_to_settle(story, now),) if settled and story.verdict is Verdict.UNPLANNED else (),
        )

    def _endings(self, events: Sequence[UnifiedEvent], settling: Settling) -> tuple[Baseline, ...]:
        if settling not in (Settling.SETTLED, Settling.DEGRADED):
            return ()
        keys = [key for one in events if (key := habits.keys_of(one.event, one.actor).same)]
        rows = dict(self._store.baselines.get(keys))
        for key in keys:
            if key in rows:
                rows[key] = habits.ended(rows[key], settling.value)
        return tuple(rows.values())


def judge(story: Story, follow_up: FollowUp, readings: Sequence[Observation], gaps: Sequence[Coverage], now: datetime) -> Finding:
    """What the readings say of the story. Pure.

    Only readings after the change count. Settled needs each of them healthy, and none missed until the story has had its time: that it
    was well a moment after the change says nothing of what came.
    """
    after = [one for one in readings if one.at > story.last_at and one.signal not in NO_HEALTH and one.health is not Health.UNKNOWN]
    bad = [one for one in after if one.health is Health.DEGRADED]
    due = now >= follow_up.due_at
    if bad and (due or now >= story.last_at + _TOO_SOON):
        return Finding(settling=Settling.DEGRADED, says=_list(bad), evidence=_evidence(bad))
    if not due:
        return Finding(settling=Settling.WATCHING)
    last_call = now >= follow_up.last_call_at
    moving = [one for one in after if one.health is Health.PROGRESSING]
    if moving:
        if not last_call:
            return Finding(settling=Settling.WATCHING)
        return Finding(settling=Settling.DEGRADED, says=f"still not done: {_list(moving)}", evidence=_evidence(moving))
    if not after:
        return Finding(settling=Settling.UNVERIFIED, says="no health signal was read since, so I can't say whether it settled")
    if gaps and not last_call and max(gap.range.end for gap in gaps) >= follow_up.due_at:
        return Finding(settling=Settling.WATCHING)  # The next poll may read on from there.
    if gaps:
        hole = gaps[0]
        says = f"{hole.source} was not read {hole.range.start:%H:%M}–{hole.range.end:%H:%M} UTC, so I can't say whether it settled"
        return Finding(settling=Settling.UNVERIFIED, says=says, evidence=(Evidence(kind="coverage", says=says, ref=hole.source),))
    minutes = int((min(one.at for one in after) - story.last_at).total_seconds() // 60)
    newest = int((max(one.at for one in after) - story.last_at).total_seconds() // 60)
    on = f"{newest} min on" if minutes == newest or len(after) > 1 else f"{minutes} min on"
    return Finding(settling=Settling.SETTLED, says=f"{_list(after)}, {on}", evidence=_evidence(after))


def _as_before(finding: Finding, before: Sequence[Observation]) -> Finding:
    """Where every failing check failed already before the change, that is said: the change may not be why."""
    latest = {one.key: one.health for one in before}
    if all(latest.get(one.ref) is Health.DEGRADED for one in finding.evidence):
        return replace(finding, says=f"{finding.says}, as before the change")
    return finding


def _list(readings: Sequence[Observation]) -> str:
    if len(readings) <= 3:
        return ", ".join(dict.fromkeys(one.says for one in readings))
    word = "healthy" if all(one.health is Health.HEALTHY for one in readings) else "not healthy"
    return f"{len(readings)} checks {word} ({readings[0].says}, …)"


def _evidence(readings: Sequence[Observation]) -> tuple[Evidence, ...]:
    return tuple(Evidence(kind="health", says=one.says, ref=one.key, at=one.at) for one in readings[:20])


def _time_to_settle(story: Story, now: datetime) -> Metric:
    minutes = max(0.0, (now - story.first_at).total_seconds() / 60.0)
    return Metric(name="minutes_to_settle", at=now, numerator=minutes, denominator=1.0, source=story.id, environment=story.environment)
