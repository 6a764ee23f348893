"""A second look at stored events: after their story settled, and when a person overrules. Nothing new is counted by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.analysis import team
from core.analysis.cause import cause_of
from core.analysis.chronicle import verdict_of
from core.analysis.classify import Judgement, classify
from core.analysis.comfort import Ending, Reach, comfort
from core.analysis.crossing import Doubted, crossed
from core.analysis.teaching import MODEL_KEY, learn
from core.analysis.teaching import key_of as like_of
from core.analysis.ties import node_of
from core.assessment import Assessment, Overrule, Verdict
from core.baseline import Baseline
from core.batch import Batch, Cursor
from core.clock import Clock, utc_now
from core.conclusions import Conclusions
from core.coverage import overlapping, read_until
from core.loading import Remembered, baselines_of, load, scores_of, seen_of
from core.settings import AnalysisSettings
from core.story import Story
from core.timerange import TimeRange
from core.unified import UnifiedEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class _Looked:
    judgements: Mapping[str, Judgement]
    rows: Mapping[str, Baseline]
    crossed: bool = False


class LookBack:
    """Reads the store, writes nothing: what it concludes is for core.ingest to commit."""

    def __init__(self, store: Remembered, *, settings: AnalysisSettings | None = None, clock: Clock = utc_now) -> None:
        self._store = store
        self._settings = settings or AnalysisSettings()
        self._clock = clock
        self._horizon = timedelta(minutes=self._settings.correlation_minutes)

    def after_settling(self, story: Story, held: Sequence[UnifiedEvent]) -> tuple[Assessment, ...]:
        """New revisions of the story's events whose comfort differs now that its settling is known. Raises StorageError."""
        if not held:
            return ()
        now = self._clock()
        looked = self._look(held)
        scores = scores_of(self._store, {one.event.environment for one in held}, (), now)
        reach, ending = self._reach(story, now), _ending(story, crossed=looked.crossed)
        revised = []
        for one in held:
            stored = one.assessment
            judgement = replace(looked.judgements[one.id], classification=stored.classification)
            score = scores.get(one.event.environment)
            made = comfort(one.event, stored.verdict, judgement, stored.context, reach, ending, score)
            if replace(made, stability=None) != replace(stored.comfort, stability=None):
                because = story.settling_says or "its story settled"
                revised.append(replace(stored, revision=stored.revision + 1, assessed_at=now, comfort=made, because=because))
        return tuple(revised)

    def overruled(self, one: UnifiedEvent, story: Story | None, overrule: Overrule) -> Conclusions:
        """What a person's word changes: the event, its story, and what is learned for the like. Raises StorageError."""
        now, stored = self._clock(), one.assessment
        looked = self._look([one])
        retold = _recounted(story, stored.verdict, overrule, now) if story else None
        judgement = replace(looked.judgements[one.id], classification=stored.classification)
        reach = self._reach(retold, now) if retold else Reach()
        ending = _ending(retold, crossed=looked.crossed) if retold else Ending()
        revised = replace(
            stored,
            revision=stored.revision + 1,
            assessed_at=now,
            overrule=overrule,
            comfort=comfort(one.event, overrule.verdict, judgement, stored.context, reach, ending, stored.comfort.stability),
            because=f"someone said it was {overrule.verdict}",
        )
        increment = team.moved(one.event, one.actor, stored.verdict, overrule.verdict, self._settings.teams)
        return Conclusions(
            assessments=(revised,),
            stories=(retold,) if retold else (),
            baselines=self._taught(one, looked, overrule.verdict, now),
            activities=(increment,) if increment else (),
        )

    def _taught(self, one: UnifiedEvent, looked: _Looked, said: Verdict, now: datetime) -> tuple[Baseline, ...]:
        if one.assessment.overrule is not None and one.assessment.overrule.verdict is said:
            return ()  # the same word again teaches nothing new
        key, judgement = like_of(one.event, one.actor), looked.judgements[one.id]
        like = looked.rows.get(key) or Baseline(key=key)
        model = looked.rows.get(MODEL_KEY) or Baseline(key=MODEL_KEY)
        like, model = learn(like, model, said, judgement.shares, judgement.signs)
        return replace(like, last_at=now), replace(model, last_at=now)

    def _look(self, held: Sequence[UnifiedEvent]) -> _Looked:
        batch = Batch(cursor=Cursor(), events=tuple(one.event for one in held))
        loaded = load(self._store, "", batch, horizon=self._horizon, now=self._clock(), backfilled=True)
        runs = tuple(said for said in loaded.announcements if said.kind != "window")
        nodes = {one.id: node_of(one.event, one.actor, runs) for one in held}
        around = {**{one.id: node_of(one.event, one.actor, runs) for one in loaded.known.values()}, **nodes}
        ids = {one.correlation_id for one in held}
        members = [node for key, node in around.items() if key in nodes or loaded.known[key].correlation_id in ids]
        cause = cause_of(members, loaded.announcements, self._settings.ci_identities)
        keys, rows = baselines_of(self._store, list(nodes.values()))
        found = {key: classify(seen_of(node, keys[key], cause, loaded, rows, self._settings)) for key, node in nodes.items()}
        doubted = Doubted.of((around[one.id], one.verdict) for one in loaded.known.values())
        return _Looked(judgements=found, rows=rows, crossed=crossed(members, doubted, self._horizon))

    def _reach(self, story: Story, now: datetime) -> Reach:
        """Were the story's sources read without a gap from its first change until their newest reading?"""
        last = self._store.coverage.last()
        read = [read_until(last[source]) for source in story.sources if source in last]
        names = ", ".join(story.sources)
        if len(read) < len(story.sources) or not read or min(read) <= story.last_at:
            return Reach(ref=names)
        span = TimeRange(start=story.first_at, end=min(read))
        gaps = overlapping(self._store.coverage.report(span, story.sources, now).unread, span)
        says = tuple(f"{gap.source} was not read {gap.range.start:%H:%M}–{gap.range.end:%H:%M} UTC" for gap in gaps if gap.source in last)
        return Reach(read=True, gaps=says, ref=names)


def _ending(story: Story, *, crossed: bool) -> Ending:
    troubled = crossed or any(story.verdicts.get(verdict) for verdict in (Verdict.UNPLANNED, Verdict.UNKNOWN))
    return Ending(settling=story.settling, says=story.settling_says, evidence=story.settling_evidence, troubled=troubled)


def _recounted(story: Story, before: Verdict, overrule: Overrule, now: datetime) -> Story:
    verdicts = dict(story.verdicts)
    verdicts[before] = verdicts.get(before, 1) - 1
    verdicts[overrule.verdict] = verdicts.get(overrule.verdict, 0) + 1
    kept = {name: count for name, count in sorted(verdicts.items()) if count > 0}
    because = f"someone said it was {overrule.verdict}" + (f": {overrule.why}" if overrule.why else "")
    return replace(story, revision=story.revision + 1, updated_at=now, verdicts=kept, verdict=verdict_of(kept), because=because)
