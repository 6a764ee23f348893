"""One batch on its way through the steps of analysis: what was loaded for it, and what is concluded so far."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from core.analysis import habits
from core.analysis.classify import Judgement
from core.analysis.memory import Memory
from core.analysis.ties import Node
from core.assessment import Attribution, Context, Verdict
from core.event import Event
from core.loading import Loaded

_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(slots=True)
class BatchRun:
    """One batch on its way. `new` are this batch's events, `known` stored ones that may change with them."""

    now: datetime
    loaded: Loaded
    memory: Memory
    backfilled: bool
    new: Mapping[str, Event]
    attributions: dict[str, Attribution] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
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

    def verdict_of(self, event_id: str) -> Verdict:
        """As told now; as stored where it was not judged anew."""
        held = self.loaded.known.get(event_id)
        if held is not None and (held.assessment.overrule is not None or event_id not in self.judgements):
            return held.verdict
        judged = self.judgements.get(event_id)
        return judged.classification.verdict if judged else Verdict.UNKNOWN
