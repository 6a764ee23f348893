"""A real store with what one test says happened, for tests of reports and answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.analysis import team
from core.assessment import Assessment, Classification, Correlation, Severity, Verdict
from core.batch import Batch, Cursor
from core.conclusions import Conclusions
from core.coverage import Coverage, CoverageState
from core.event import Event
from core.evidence import Evidence
from core.ports import Commit, Store
from core.story import Settling, Story
from core.timerange import TimeRange
from storage import open_store
from tests.unit.core.changes import T0

NOW = T0 + timedelta(hours=12)


@dataclass
class Telling:
    """Writes as one commit each, through the store's own unit of work."""

    store: Store

    def read(self, source: str = "cluster", start: datetime = NOW - timedelta(days=30), end: datetime = NOW, reason: str = "") -> None:
        state = CoverageState.GAP if reason else CoverageState.READ
        stretch = Coverage(source=source, range=TimeRange(start=start, end=end), state=state, complete_until=end, reason=reason)
        self.store.work.commit(Commit(source=source, batch=Batch(cursor=Cursor(state={}), coverage=(stretch,))))

    def happened(
        self,
        event: Event,
        verdict: Verdict = Verdict.ROUTINE,
        severity: Severity = Severity.LOW,
        *,
        because: str = "it is usual",
        cause: str = "",
        settling: Settling = Settling.NOT_STARTED,
        says: str = "",
        environments: tuple[str, ...] = (),
        backfilled: bool = False,
    ) -> str:
        """The story's id."""
        story_id = f"story-{event.id}"
        evidence = (Evidence(kind="habit", says=because, ref=event.id, weight=-2.0 if verdict is Verdict.UNPLANNED else 2.0),)
        judged = Assessment(
            event_id=event.id,
            revision=1,
            assessed_at=event.observed_at,
            correlation=Correlation(story_id=story_id, confidence=1.0),
            classification=Classification(verdict=verdict, confidence=0.92, severity=severity, evidence=evidence),
        )
        at = event.occurred_at
        story = Story(
            id=story_id, revision=1, opened_at=at, updated_at=at, first_at=at, last_at=at, headline_event=event.id, cause=cause,
            environment=event.environment, environments=environments, sources=(event.source,), providers=(event.provider,),
            counts={event.change_type: 1}, verdicts={verdict: 1}, verdict=verdict, confidence=0.92, severity=severity,
            actors=(event.actor,) if event.actor.known else (), settling=settling, settling_says=says,
        )  # fmt: skip
        row = team.activity(event, event.actor, verdict, {})
        conclusions = Conclusions(assessments=(judged,), stories=(story,), activities=(row,) if row else ())
        batch = Batch(cursor=Cursor(state={}), events=(event,))
        self.store.work.commit(Commit(source=event.source, batch=batch, conclusions=conclusions, backfilled=backfilled))
        return story_id


@contextmanager
def telling() -> Iterator[Telling]:
    store = open_store("sqlite://", clock=lambda: NOW)
    try:
        yield Telling(store)
    finally:
        store.close()
