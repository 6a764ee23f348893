"""What one event is judged by, and what can be seen of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.analysis.cause import Cause
from core.analysis.habits import Keys
from core.analysis.ties import Node
from core.announcement import Announcement
from core.baseline import Baseline
from core.batch import ManagedResource
from core.settings import AnalysisSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign:
    """`size` scales a rule's weight where the rule says so."""

    name: str
    says: str
    ref: str
    kind: str
    at: datetime | None = None
    size: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Everything one event is judged by. `baselines` are as they were before it."""

    node: Node
    keys: Keys
    cause: Cause = field(default_factory=Cause)
    announcements: Sequence[Announcement] = ()
    managed: ManagedResource | None = None
    baselines: Mapping[str, Baseline] = field(default_factory=dict)
    settings: AnalysisSettings = field(default_factory=AnalysisSettings)
