"""EventBridge: attribute ▸ correlate ▸ classify ▸ context ▸ comfort over one batch, each step pure over values that were loaded once.

A step that raises costs that step alone: the event commits as unknown with the step as evidence, and is tried again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

from core.analysis import habits, rules, team
from core.analysis.attribute import attribute, names_of
from core.analysis.cause import Cause, cause_of
from core.analysis.chronicle import Assignment, Member, assign, links, swallowed, tell
from core.analysis.classify import Judgement, classify
from core.analysis.comfort import Ending, Reach, comfort
from core.analysis.context import context
from core.analysis.correlate import Group, correlate
from core.analysis.crossing import Doubted, crossed, doubt, uncalmed
from core.analysis.due import arrived, to_judge, touched
from core.analysis.memory import Memory
from core.analysis.revise import because, with_failures
from core.analysis.signs import Seen, severity_of
from core.analysis.ties import Node, node_of
from core.analysis.watching import follow_up
from core.announcement import Announcement
from core.assessment import Assessment, Attribution, Classification, Comfort, Context, Correlation, Severity, Stability, Verdict
from core.baseline import Activity, Baseline
from core.batch import Batch, Cursor
from core.batch_run import BatchRun
from core.clock import Clock, utc_now
from core.conclusions import Conclusions
from core.coverage import Coverage
from core.event import Event
from core.loading import Remembered, baselines_of, load, reach_of, scores_of, seen_of
from core.settings import AnalysisSettings
from core.story import FollowUp, Story
from core.unified import UnifiedEvent

_NO_CONTEXT, _NO_COMFORT = Context(), Comfort()
# Other records of one resource that may tell who changed it; the latest of them.
_MOST_WITNESSES = 64
# Why calm is taken back within a story.
_BESIDE = "something unexplained came to the same story, or began on the same thing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """The steps in their order, each pure."""

    attribute: Callable[[Event, Iterable[Event], Sequence[Announcement]], Attribution] = attribute
    correlate: Callable[[Iterable[Node], timedelta], list[Group]] = correlate
    classify: Callable[[Seen], Judgement] = classify
    context: Callable[[Node, habits.Keys, Mapping[str, Baseline], Sequence[Coverage] | None], Context] = context
    comfort: Callable[[Event, Verdict, Judgement, Context, Reach, Ending, Stability | None], Comfort] = comfort


class EventBridge:
    """From a batch to its conclusions. Reads the store, writes nothing."""

    def __init__(
        self, store: Remembered, *, settings: AnalysisSettings | None = None, clock: Clock = utc_now, steps: Steps | None = None
    ) -> None:
        self._steps = steps or Steps()
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
        run = BatchRun(now=now, loaded=loaded, memory=Memory({}), backfilled=backfilled, new=new)
        return self._conclude(run, batch)

    def reassess(self, held: Sequence[UnifiedEvent]) -> Conclusions:
        """Try unfinished events again. Those that fail in the same way once more are left as they are. Raises StorageError."""
        now = self._clock()
        batch = Batch(cursor=Cursor(), events=tuple(one.event for one in held))
        loaded = load(self._store, "", batch, horizon=self._horizon, now=now, backfilled=True)
        loaded = replace(loaded, known={**loaded.known, **{one.id: one for one in held}})
        run = BatchRun(now=now, loaded=loaded, memory=Memory({}, learns=False), backfilled=True, new={})
        again = frozenset(one.id for one in held)
        return self._conclude(run, batch, again=again)

    # --- the steps ---------------------------------------------------------------------------------------------------------

    def _conclude(self, run: BatchRun, batch: Batch, again: frozenset[str] = frozenset()) -> Conclusions:
        nodes = self._attribute(run)
        run.nodes = {node.id: node for node in nodes}
        alone = [Group(nodes=(node,), joins={}) for node in nodes]
        groups = run.step("correlate", again or run.new, lambda: self._steps.correlate(nodes, self._horizon), alone)
        every = assign(groups, run.loaded.known, run.loaded.stories, run.loaded.large)
        plans = every if batch.announcements else touched(every, run.loaded.known, again)
        causes = {plan.story_id: cause_of(plan.group.nodes, run.loaded.announcements, self._settings.ci_identities) for plan in plans}
        due = [(node, plan) for plan in plans for node in self._due(run, plan, causes[plan.story_id], again, batch)]
        self._remember(run, due)
        for node, plan in sorted(due, key=lambda pair: (pair[0].at, pair[0].id)):
            self._judge(run, node, plan, causes[plan.story_id], again)
        made = self._assemble(run, batch, plans, causes, again)
        fresh = Doubted.of((run.nodes[event_id], run.verdict_of(event_id)) for event_id in run.judgements)
        untouched = [plan for plan in every if plan.story_id not in causes]
        assessments, stories = doubt(untouched, run.loaded.known, fresh, self._horizon, run.now)
        return replace(made, assessments=(*made.assessments, *assessments), stories=(*made.stories, *stories))

    def _due(self, run: BatchRun, plan: Assignment, cause: Cause, again: frozenset[str], batch: Batch) -> Sequence[Node]:
        known = run.loaded.known
        fresh = arrived(plan, known)
        stored = [node for node in plan.group.nodes if node.id not in fresh]
        if not stored:
            return plan.group.nodes
        # An announcement may speak of any of them.
        before = None if batch.announcements else cause_of(stored, run.loaded.announcements, self._settings.ci_identities)
        return to_judge(plan, cause, before, known, again)

    def _remember(self, run: BatchRun, due: Sequence[tuple[Node, Assignment]]) -> None:
        """The baselines of what is judged, and of what the new ones of it followed."""
        nodes = {node.id: node for node, _ in due}
        nodes.update((other.id, other) for node, plan in due if node.id in run.new for other in plan.group.nodes)
        run.keys, rows = baselines_of(self._store, list(nodes.values()))
        run.memory.rows.update(rows)

    def _attribute(self, run: BatchRun) -> list[Node]:
        by_name: dict[str, list[Event]] = {}
        known = run.loaded.known
        everything = {**{event_id: one.event for event_id, one in known.items()}, **run.new}
        for event in (*run.loaded.witnesses.values(), *everything.values()):
            for name in names_of(event) if event.actor.known else ():
                by_name.setdefault(name, []).append(event)
        runs = tuple(said for said in run.loaded.announcements if said.kind != "window")
        nodes = []
        for event in everything.values():
            others = () if event.actor.known else [o for name in names_of(event) for o in by_name.get(name, ())[-_MOST_WITNESSES:]]
            own = Attribution(actor=event.actor)
            found = run.step("attribute", (event.id,), lambda e=event, o=others: self._steps.attribute(e, o, runs), own)  # type: ignore[misc]
            held = known.get(event.id)
            if held and not event.actor.known and not found.evidence and held.assessment.attribution.evidence:
                found = held.assessment.attribution
            run.attributions[event.id] = found
            told = run.loaded.nodes.get(event.id)
            nodes.append(told if told and told.event is event and told.actor is found.actor else node_of(event, found.actor, runs))
        return nodes

    def _judge(self, run: BatchRun, node: Node, plan: Assignment, cause: Cause, again: frozenset[str]) -> None:
        keys = run.keys[node.id]
        seen = seen_of(node, keys, cause, run.loaded, run.memory.rows, self._settings)
        severity, _ = severity_of(node.event.traits, node.event.change_type)
        run.judgements[node.id] = run.step("classify", (node.id,), lambda: self._steps.classify(seen), _not_judged(severity))
        if node.id in again:
            before = run.memory.without(node, keys)
            run.contexts[node.id] = run.step("context", (node.id,), lambda: self._steps.context(node, keys, before, None), _NO_CONTEXT)
        elif node.id in run.new:
            run.contexts[node.id] = run.step(
                "context", (node.id,), lambda: self._steps.context(node, keys, run.memory.rows, run.loaded.gaps), _NO_CONTEXT
            )
            run.memory.take(node, keys, plan.group.nodes, run.judgements[node.id].classification.verdict)

    def _assemble(
        self, run: BatchRun, batch: Batch, plans: Sequence[Assignment], causes: Mapping[str, Cause], again: frozenset[str]
    ) -> Conclusions:
        assessments: list[Assessment] = []
        stories: list[Story] = []
        activities: list[Activity] = []
        drafts = {plan.story_id: [self._draft(run, node, plan, again) for node in plan.group.nodes] for plan in plans}
        moved: dict[str, list[Member]] = {}
        for story_id, members in drafts.items():
            for member in members:
                if member.before and member.before.correlation.story_id != story_id:
                    moved.setdefault(member.before.correlation.story_id, []).append(member)
        scores = self._stability(run, batch)
        doubted = Doubted.of((node, run.verdict_of(event_id)) for event_id, node in run.nodes.items())
        for plan in plans:
            members = self._comforted(run, plan, drafts[plan.story_id], doubted, scores, again)
            # What its stories lost to others; what a swallowed one brought along counts as a member.
            here = {member.node.id for member in members}
            base = [story.id for story in (plan.goes_on, *plan.swallows) if story]
            left = [member for story_id in base for member in moved.get(story_id, ()) if member.node.id not in here]
            story = tell(plan, members, left, causes[plan.story_id], run.now, watch=self._reopens(run, members))
            stories += [story, *swallowed(plan, run.now)]
            for member in members:
                if member.assessment is not member.before:
                    assessments.append(member.assessment)
                    activities += self._activities(run, member)
        return Conclusions(
            assessments=tuple(assessments),
            stories=tuple(stories),
            links=tuple(link for plan in plans for link in links(plan, arrived(plan, run.loaded.known))),
            baselines=run.memory.changed(),
            follow_ups=self._follow_ups(run, stories, drafts),
            activities=team.joined(activities),
        )

    # --- one event ---------------------------------------------------------------------------------------------------------

    def _draft(self, run: BatchRun, node: Node, plan: Assignment, again: frozenset[str]) -> Member:
        """The event's conclusions but for comfort. A stored event that nothing changed for keeps its assessment."""
        held = run.loaded.known.get(node.id)
        if held is not None and node.id not in run.judgements:
            return Member(node=node, assessment=held.assessment, before=held.assessment)
        judgement = run.judgements[node.id]
        correlation = Correlation(story_id=plan.story_id, confidence=plan.group.confidence(node.id), evidence=plan.group.evidence(node.id))
        told = with_failures(judgement.classification, node.id, run.failed.get(node.id, {}))
        made = Assessment(
            event_id=node.id,
            revision=1,
            assessed_at=run.now,
            correlation=correlation,
            attribution=run.attributions[node.id],
            classification=told,
            context=run.contexts.get(node.id, _NO_CONTEXT),
            rules_version=rules.version(),
            failed_steps=tuple(sorted(run.failed.get(node.id, {}))),
        )
        if held is None:
            return Member(node=node, assessment=made)
        before = held.assessment
        why = because(before, made, plan)
        if (node.id in again and before.failed_steps == made.failed_steps) or not why:
            return Member(node=node, assessment=before, before=before)
        later = replace(
            made,
            revision=before.revision + 1,
            context=run.contexts.get(node.id, before.context),
            comfort=before.comfort,
            overrule=before.overrule,
            because=why,
        )
        return Member(node=node, assessment=later, before=before)

    def _comforted(
        self,
        run: BatchRun,
        plan: Assignment,
        drafts: Sequence[Member],
        doubted: Doubted,
        scores: Mapping[str, Stability | None],
        again: frozenset[str],
    ) -> list[Member]:
        """The members with their comfort, where anything about them is new."""
        old = plan.goes_on
        rest = old.verdicts if old and old.event_count > len(drafts) else {}
        verdicts = {member.assessment.verdict for member in drafts} | {Verdict(name) for name, count in rest.items() if count > 0}
        troubled = not verdicts.isdisjoint({Verdict.UNPLANNED, Verdict.UNKNOWN}) or crossed(plan.group.nodes, doubted, self._horizon)
        ending = Ending(troubled=troubled)
        if old and not self._reopens(run, drafts):
            ending = replace(ending, settling=old.settling, says=old.settling_says, evidence=old.settling_evidence)
        return [self._comfort(run, member, ending, scores, again) for member in drafts]

    def _comfort(
        self, run: BatchRun, member: Member, ending: Ending, scores: Mapping[str, Stability | None], again: frozenset[str]
    ) -> Member:
        if member.assessment is member.before:
            calm = ending.troubled and member.assessment.comfort.reassures
            return replace(member, assessment=uncalmed(member.assessment, _BESIDE, run.now)) if calm else member
        event, draft = member.node.event, member.assessment
        judgement, reach, score = run.judgements[event.id], reach_of(event, run.loaded), scores.get(event.environment)
        made = run.step(
            "comfort",
            (event.id,),
            lambda: self._steps.comfort(event, draft.verdict, judgement, draft.context, reach, ending, score),
            _NO_COMFORT,
        )
        failed = run.failed.get(event.id, {})
        final = replace(draft, comfort=made, failed_steps=tuple(sorted(failed)))
        if "comfort" in failed:
            final = replace(final, classification=with_failures(draft.classification, event.id, failed))
        if member.before and event.id in again and member.before.failed_steps == final.failed_steps:
            final = member.before
        return Member(node=member.node, assessment=final, before=member.before)

    def _activities(self, run: BatchRun, member: Member) -> Sequence[Activity]:
        now = UnifiedEvent(event=member.node.event, assessment=member.assessment)
        reverts = member.before is None and "rollback_soon" in run.judgements[now.id].signs
        return team.increments(run.loaded.known.get(now.id), now, self._settings.teams, reverted=reverts)

    # --- around the batch ----------------------------------------------------------------------------------------------------

    def _stability(self, run: BatchRun, batch: Batch) -> dict[str, Stability | None]:
        if run.backfilled:
            return {}
        return scores_of(self._store, {event.environment for event in run.new.values()}, batch.observations, run.now)

    @staticmethod
    def _reopens(run: BatchRun, members: Sequence[Member]) -> bool:
        """Does something new in it, that really changed, want following up?"""
        return not run.backfilled and any(m.before is None and not m.node.event.attempted for m in members)

    def _follow_ups(self, run: BatchRun, stories: Sequence[Story], drafts: Mapping[str, Sequence[Member]]) -> tuple[FollowUp, ...]:
        settle = timedelta(minutes=self._settings.settle_minutes)
        reopened = (story for story in stories if self._reopens(run, drafts.get(story.id, ())))
        return tuple(follow_up(story, drafts[story.id], run.now, settle) for story in reopened)


@cache
def _not_judged(severity: Severity) -> Judgement:
    return Judgement(classification=Classification(severity=severity), shares={})
