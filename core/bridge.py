"""EventBridge: attribute ▸ correlate ▸ classify ▸ context ▸ comfort over one batch, each step pure over values that were loaded once.

A step that raises costs that step alone: the event commits as unknown with the step as evidence, and is tried again.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from core.analysis import habits, rules, team
from core.analysis.attribute import attribute, names_of
from core.analysis.cause import Cause, cause_of
from core.analysis.chronicle import Assignment, Member, assign, links, swallowed, tell
from core.analysis.classify import Judgement, classify
from core.analysis.comfort import Ending, Reach, comfort
from core.analysis.context import context
from core.analysis.correlate import Group, correlate
from core.analysis.memory import Memory
from core.analysis.signs import Seen, severity_of
from core.analysis.stability import FRESH, stability
from core.analysis.teaching import MODEL_KEY, key_of
from core.analysis.ties import Node, node_of
from core.assessment import Assessment, Attribution, Classification, Comfort, Context, Correlation, Stability, Verdict
from core.baseline import Activity
from core.batch import Batch, Cursor
from core.clock import Clock, utc_now
from core.conclusions import Conclusions
from core.coverage import overlapping
from core.event import Event
from core.evidence import Evidence
from core.loading import Loaded, Remembered, load, reach_of
from core.observation import Observation
from core.settings import AnalysisSettings
from core.story import FollowUp, Settling, Story
from core.subscription import EVERYTHING
from core.timerange import TimeRange
from core.unified import UnifiedEvent

_log = logging.getLogger(__name__)
T = TypeVar("T")
_MOST_WATCHED = 200
_LAST_CALL = timedelta(hours=1)
# A later look at an earlier event changes it for readers only from this much on.
_CONFIDENCE_STEP = 0.1


@dataclass(slots=True)
class _Run:
    """One batch on its way. `new` are this batch's events, `known` stored ones that may change with them."""

    now: datetime
    loaded: Loaded
    memory: Memory
    backfilled: bool
    new: Mapping[str, Event]
    attributions: dict[str, Attribution] = field(default_factory=dict)
    keys: dict[str, habits.Keys] = field(default_factory=dict)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    contexts: dict[str, Context] = field(default_factory=dict)
    failed: dict[str, dict[str, str]] = field(default_factory=dict)

    def step(self, name: str, event_ids: Iterable[str], work: Callable[[], T], instead: T) -> T:
        """The step's result, or `instead` with the failure noted for the events it was for."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - whatever a step raises costs that step only
            _log.exception("analysis step failed", extra={"step": name})
            for event_id in event_ids:
                self.failed.setdefault(event_id, {})[name] = f"{type(error).__name__}: {error}"[:200]
            return instead


class EventBridge:
    """From a batch to its conclusions. Reads the store, writes nothing."""

    def __init__(self, store: Remembered, *, settings: AnalysisSettings | None = None, clock: Clock = utc_now) -> None:
        self._store = store
        self._settings = settings or AnalysisSettings()
        self._clock = clock
        self._horizon = timedelta(minutes=self._settings.correlation_minutes)

    def assess(self, source: str, batch: Batch, *, backfilled: bool = False) -> Conclusions:
        """Conclusions about events that are not stored yet. Raises StorageError."""
        if not batch.events and not batch.announcements:
            return Conclusions()
        now = self._clock()
        loaded = load(self._store, source, batch, horizon=self._horizon, now=now, backfilled=backfilled)
        new = {event.id: event for event in sorted(batch.events, key=lambda event: (event.occurred_at, event.id))}
        run = _Run(now=now, loaded=loaded, memory=Memory({}), backfilled=backfilled, new=new)
        return self._conclude(run, batch)

    def reassess(self, held: Sequence[UnifiedEvent]) -> Conclusions:
        """Try unfinished events again. Those that fail in the same way once more are left as they are. Raises StorageError."""
        now = self._clock()
        batch = Batch(cursor=Cursor(), events=tuple(one.event for one in held))
        loaded = load(self._store, "", batch, horizon=self._horizon, now=now, backfilled=True)
        loaded = replace(loaded, known={**loaded.known, **{one.id: one for one in held}})
        run = _Run(now=now, loaded=loaded, memory=Memory({}, learns=False), backfilled=True, new={})
        again = frozenset(one.id for one in held)
        return self._conclude(run, batch, again=again)

    def after_settling(self, story: Story, held: Sequence[UnifiedEvent]) -> tuple[Assessment, ...]:
        """New revisions of the story's events whose comfort differs now that its settling is known. Raises StorageError."""
        if not held:
            return ()
        now = self._clock()
        batch = Batch(cursor=Cursor(), events=tuple(one.event for one in held))
        loaded = load(self._store, "", batch, horizon=self._horizon, now=now, backfilled=True)
        run = _Run(now=now, loaded=loaded, memory=Memory({}, learns=False), backfilled=True, new={})
        nodes = [node_of(one.event, one.actor, tuple(loaded.announcements)) for one in held]
        self._remember(run, nodes)
        plan = Assignment(group=Group(nodes=tuple(nodes), joins={}), story_id=story.id, goes_on=story)
        cause = cause_of(nodes, loaded.announcements)
        for node in nodes:
            self._judge(run, node, plan, cause)
        scores = self._scores(frozenset(one.event.environment for one in held), (), now)
        reach = self._reach_until_now(story, now)
        troubled = any(story.verdicts.get(verdict) for verdict in (Verdict.UNPLANNED, Verdict.UNKNOWN))
        ending = Ending(settling=story.settling, says=story.settling_says, evidence=story.settling_evidence, troubled=troubled)
        revised = []
        for one in held:
            stored = one.assessment
            judgement = replace(run.judgements[one.id], classification=stored.classification)
            made = comfort(one.event, stored.verdict, judgement, stored.context, reach, ending, scores.get(one.event.environment))
            if replace(made, stability=None) != replace(stored.comfort, stability=None):
                revised.append(replace(stored, revision=stored.revision + 1, assessed_at=now, comfort=made, because=story.settling_says))
        return tuple(revised)

    def _reach_until_now(self, story: Story, now: datetime) -> Reach:
        """Were the story's sources read without a gap from its first change until their newest reading?"""
        last = self._store.coverage.last()
        read = [last[source].range.end for source in story.sources if source in last]
        if len(read) < len(story.sources) or min(read) <= story.last_at:
            return Reach(ref=", ".join(story.sources))
        span = TimeRange(start=story.first_at, end=min(read))
        gaps = overlapping(self._store.coverage.report(span, story.sources, now).gaps, span)
        says = tuple(
            f"{gap.source} was not read {gap.range.start:%H:%M}–{gap.range.end:%H:%M} UTC" for gap in gaps if gap.source in story.sources
        )
        return Reach(read=True, gaps=says, ref=", ".join(story.sources))

    # --- the steps ---------------------------------------------------------------------------------------------------------

    def _conclude(self, run: _Run, batch: Batch, again: frozenset[str] = frozenset()) -> Conclusions:
        nodes = self._attribute(run)
        self._remember(run, nodes)
        groups = run.step("correlate", run.new, lambda: correlate(nodes, self._horizon), [_alone(node) for node in nodes])
        plans = [plan for plan in assign(groups, run.loaded.known, run.loaded.stories) if _touched(plan, run, again) or batch.announcements]
        causes = {plan.story_id: cause_of(plan.group.nodes, run.loaded.announcements) for plan in plans}
        for node, plan in sorted(((n, p) for p in plans for n in p.group.nodes), key=lambda pair: (pair[0].at, pair[0].id)):
            self._judge(run, node, plan, causes[plan.story_id])
        return self._assemble(run, batch, plans, causes, again)

    def _remember(self, run: _Run, nodes: Sequence[Node]) -> None:
        """Read the baselines that the events count under, now that their actors are known."""
        run.keys = {node.id: habits.keys_of(node.event, node.actor) for node in nodes}
        taught = {key_of(node.event, node.actor) for node in nodes}
        counted = {key for keys in run.keys.values() for key in keys.all()}
        run.memory.rows.update(self._store.baselines.get({MODEL_KEY, *taught, *counted}))

    def _attribute(self, run: _Run) -> list[Node]:
        by_name: dict[str, list[Event]] = {}
        known = run.loaded.known
        everything = {**{event_id: one.event for event_id, one in known.items()}, **run.new}
        for event in everything.values():
            for name in names_of(event):
                by_name.setdefault(name, []).append(event)
        runs = tuple(said for said in run.loaded.announcements if said.kind != "window")
        nodes = []
        for event in everything.values():
            others = [other for name in names_of(event) for other in by_name[name]] if not event.actor.known else []
            own = Attribution(actor=event.actor)
            found = run.step("attribute", (event.id,), lambda e=event, o=others: attribute(e, o, runs), own)  # type: ignore[misc]
            held = known.get(event.id)
            if held and not found.actor.known and held.assessment.attribution.actor.known:
                found = held.assessment.attribution
            run.attributions[event.id] = found
            nodes.append(node_of(event, found.actor, runs))
        return nodes

    def _judge(self, run: _Run, node: Node, plan: Assignment, cause: Cause) -> None:
        keys = run.keys[node.id]
        managed = next((run.loaded.managed[name] for name in sorted(node.names) if name in run.loaded.managed), None)
        seen = Seen(
            node=node,
            keys=keys,
            cause=cause,
            announcements=run.loaded.announcements,
            managed=managed,
            baselines=run.memory.rows,
            settings=self._settings,
        )
        severity, _ = severity_of(node.event.traits, node.event.change_type)
        nothing = Judgement(classification=Classification(severity=severity), shares={})
        run.judgements[node.id] = run.step("classify", (node.id,), lambda: classify(seen), nothing)
        if node.id in run.new:
            run.contexts[node.id] = run.step(
                "context", (node.id,), lambda: context(node, keys, run.memory.rows, run.loaded.gaps), Context()
            )
            run.memory.take(node, keys, plan.group.nodes)

    def _assemble(
        self, run: _Run, batch: Batch, plans: Sequence[Assignment], causes: Mapping[str, Cause], again: frozenset[str]
    ) -> Conclusions:
        assessments: list[Assessment] = []
        stories: list[Story] = []
        activities: list[Activity | None] = []
        drafts = {plan.story_id: [self._draft(run, node, plan, again) for node in plan.group.nodes] for plan in plans}
        everyone = {member.node.id: member for members in drafts.values() for member in members}
        scores = self._stability(run, batch)
        for plan in plans:
            members = drafts[plan.story_id]
            base = {story.id for story in (plan.goes_on, *plan.swallows) if story}
            here = {member.node.id for member in members}
            left = [m for m in everyone.values() if m.before and m.before.correlation.story_id in base and m.node.id not in here]
            story = self._watched(run, tell(plan, members, left, causes[plan.story_id], run.now), members)
            stories += [story, *swallowed(plan, run.now)]
            for member in members:
                final = self._comforted(run, member, story, scores)
                if final is not None:
                    assessments.append(final)
                    activities.append(self._activity(run, member, final))
        return Conclusions(
            assessments=tuple(assessments),
            stories=tuple(stories),
            links=tuple(link for plan in plans for link in links(plan)),
            baselines=run.memory.changed(),
            follow_ups=self._follow_ups(run, stories, drafts),
            activities=team.joined(one for one in activities if one is not None),
        )

    # --- one event ---------------------------------------------------------------------------------------------------------

    def _draft(self, run: _Run, node: Node, plan: Assignment, again: frozenset[str]) -> Member:
        """The event's conclusions but for comfort. A stored event that nothing changed for keeps its assessment."""
        held = run.loaded.known.get(node.id)
        judgement = run.judgements[node.id]
        correlation = Correlation(story_id=plan.story_id, confidence=plan.group.confidence(node.id), evidence=plan.group.evidence(node.id))
        told = _with_failures(judgement.classification, node.id, run.failed.get(node.id, {}))
        made = Assessment(
            event_id=node.id,
            revision=1,
            assessed_at=run.now,
            correlation=correlation,
            attribution=run.attributions[node.id],
            classification=told,
            context=run.contexts.get(node.id, Context()),
            rules_version=rules.version(),
            failed_steps=tuple(sorted(run.failed.get(node.id, {}))),
        )
        if held is None:
            return Member(node=node, assessment=made)
        before = held.assessment
        because = _because(before, made, plan)
        if (node.id in again and before.failed_steps == made.failed_steps) or not because:
            return Member(node=node, assessment=before, before=before)
        later = replace(
            made, revision=before.revision + 1, context=before.context, comfort=before.comfort, overrule=before.overrule, because=because
        )
        return Member(node=node, assessment=later, before=before)

    def _comforted(self, run: _Run, member: Member, story: Story, scores: Mapping[str, Stability | None]) -> Assessment | None:
        """The member's assessment with its comfort; None where nothing about it changed."""
        if member.assessment is member.before:
            return None
        event, draft = member.node.event, member.assessment
        troubled = any(story.verdicts.get(verdict) for verdict in (Verdict.UNPLANNED, Verdict.UNKNOWN))
        ending = Ending(settling=story.settling, says=story.settling_says, evidence=story.settling_evidence, troubled=troubled)
        made = run.step(
            "comfort",
            (event.id,),
            lambda: comfort(
                event,
                draft.verdict,
                run.judgements[event.id],
                draft.context,
                reach_of(event, run.loaded),
                ending,
                scores.get(event.environment),
            ),
            Comfort(),
        )
        return replace(draft, comfort=made, failed_steps=tuple(sorted(run.failed.get(event.id, {}))))

    def _activity(self, run: _Run, member: Member, final: Assessment) -> Activity | None:
        actor, teams = member.node.actor, self._settings.teams
        if member.before is None:
            return team.activity(member.node.event, actor, final.verdict, teams)
        return team.moved(member.node.event, actor, member.before.verdict, final.verdict, teams)

    # --- around the batch ----------------------------------------------------------------------------------------------------

    def _stability(self, run: _Run, batch: Batch) -> dict[str, Stability | None]:
        if run.backfilled:
            return {}
        return self._scores(frozenset(event.environment for event in run.new.values()), batch.observations, run.now)

    def _scores(self, environments: frozenset[str], fresh: Sequence[Observation], now: datetime) -> dict[str, Stability | None]:
        unsettled = self._store.stories.unsettled(EVERYTHING)
        found: dict[str, Stability | None] = {}
        for environment in sorted(environments):
            read = self._store.observations.of_environment(environment, now - FRESH)
            found[environment] = stability((*read, *fresh), unsettled, now, environment)
        return found

    def _watched(self, run: _Run, story: Story, members: Sequence[Member]) -> Story:
        """A story that something new was really changed in is to be followed up (again)."""
        if run.backfilled or not any(m.before is None and not m.node.event.attempted for m in members):
            return story
        return replace(story, settling=Settling.WATCHING, settled_at=None, settling_says="", settling_evidence=())

    def _follow_ups(self, run: _Run, stories: Sequence[Story], drafts: Mapping[str, Sequence[Member]]) -> tuple[FollowUp, ...]:
        opened = []
        for story in stories:
            members = drafts.get(story.id, ())
            if run.backfilled or not any(m.before is None and not m.node.event.attempted for m in members):
                continue
            due_at = story.last_at + timedelta(minutes=self._settings.settle_minutes)
            opened.append(
                FollowUp(
                    story_id=story.id,
                    opened_at=run.now,
                    due_at=due_at,
                    last_call_at=max(due_at, run.now) + _LAST_CALL,
                    resources=_watched_resources(members),
                    environment=story.environment,
                )
            )
        return tuple(opened)


def _watched_resources(members: Sequence[Member]) -> tuple[str, ...]:
    """What was touched, and what refers to it or is referred to: dependants show the effect."""
    found: dict[str, None] = {}
    for member in members:
        found[member.node.event.resource.key] = None
    for member in members:
        found.update(dict.fromkeys(sorted(member.node.points)))
    return tuple(found)[:_MOST_WATCHED]


def _alone(node: Node) -> Group:
    return Group(nodes=(node,), joins={})


def _touched(plan: Assignment, run: _Run, again: frozenset[str]) -> bool:
    known = run.loaded.known
    return bool(plan.swallows) or any(
        node.id in again or node.id not in known or known[node.id].correlation_id != plan.story_id or _newly_known(known[node.id], node)
        for node in plan.group.nodes
    )


def _newly_known(held: UnifiedEvent, node: Node) -> bool:
    return node.actor.known and not held.actor.known


def _because(before: Assessment, after: Assessment, plan: Assignment) -> str:
    """Why a stored event's assessment has a new revision; empty where a reader would see no difference."""
    if before.failed_steps and before.failed_steps != after.failed_steps:
        return f"{', '.join(before.failed_steps)} tried again"
    if before.correlation.story_id != after.correlation.story_id:
        return "it turned out to have the same cause as an older story" if plan.swallows else "a likelier cause arrived"
    if after.attribution.evidence and before.attribution.actor != after.attribution.actor:
        return after.attribution.evidence[0].says
    changed = before.classification.verdict is not after.classification.verdict
    surer = after.classification.confidence - before.classification.confidence
    if (changed or abs(surer) >= _CONFIDENCE_STEP) and after.classification.evidence and not after.failed_steps:
        old = {one.says for one in before.classification.evidence}
        fresh = next((one.says for one in after.classification.evidence if one.says not in old), "")
        return f"since then: {fresh}" if fresh else ""
    return ""


def _with_failures(told: Classification, event_id: str, failed: Mapping[str, str]) -> Classification:
    if not failed:
        return told
    notes = tuple(Evidence(kind="step", says=f"the step {name} failed ({why})", ref=event_id) for name, why in sorted(failed.items()))
    # What rests on a failed step is not known.
    return replace(told, verdict=Verdict.UNKNOWN, evidence=(*told.evidence, *notes))
