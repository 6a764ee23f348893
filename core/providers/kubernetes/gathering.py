"""What one poll has found so far; later readings see what earlier ones left known."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.batch import KnownState, Reading
from core.coverage import Coverage
from core.event import Event
from core.observation import Observation
from core.ports import KnownStates


@dataclass(slots=True)
class Gathering:
    """Observations are kept one per check: a status that moved ten times is told once, as it is now."""

    under: KnownStates
    over: dict[str, KnownState] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    observations: dict[str, Observation] = field(default_factory=dict)
    coverage: list[Coverage] = field(default_factory=list)
    read_before: dict[str, KnownState | None] = field(default_factory=dict)
    more: bool = False

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        self.look_up(keys)
        found: dict[str, KnownState] = {}
        for key in keys:
            state = self.over.get(key, self.read_before[key])
            if state is not None and state.state is not None:
                found[key] = state
        return found

    def look_up(self, keys: Collection[str]) -> None:
        """Ask for many states at once, so that later questions cost nothing."""
        wanted = [key for key in dict.fromkeys(keys) if key not in self.read_before]
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            told = self.under.get(part)
            self.read_before.update({key: told.get(key) for key in part})

    def forget_read(self) -> None:
        """Let go of what was only read: a long list would keep every page of states in memory."""
        self.read_before.clear()

    def one(self, key: str) -> KnownState | None:
        return self.get([key]).get(key)

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return self.under.page(prefix, after, limit)

    def keep(self, states: Iterable[KnownState]) -> None:
        self.over.update({state.key: state for state in states})

    def take(self, reading: Reading) -> None:
        self.events += reading.events
        self.observe(reading.observations)
        self.keep(reading.known_changes)

    def observe(self, observations: Iterable[Observation]) -> None:
        self.observations.update({observation.key: observation for observation in observations})
