"""The names that "in …" may take, from the store."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from core import providers
from core.catchup_request import Places, unknown_environment
from core.clock import Clock
from core.ports import CoverageStore, EventStore, Span
from core.subscription import EVERYTHING, EventFilter
from core.timerange import TimeRange

_DAY = timedelta(days=1)
_MOST_WORDS = 12


class Named(Protocol):
    """The ports that names are read from."""

    events: EventStore
    coverage: CoverageStore


class KnownPlaces:
    """Raises StorageError where the store cannot be read. `sources` are those that are configured."""

    def __init__(self, store: Named, clock: Clock, sources: Collection[str]) -> None:
        self._store = store
        self._clock = clock
        self._sources = tuple(sources)

    def named_in(self, words: str) -> Places:
        """What is configured, was read, or changed in the last day. An environment in which nothing happened lately is looked for by its
        name."""
        known = self._lately()
        found = set(known.environments)
        for word in list(dict.fromkeys(words.replace(",", " ").split()))[:_MOST_WORDS]:
            if known.find(word) is None:
                found.update(self._rare(word))
        return replace(known, environments=frozenset(found))

    def environments(self, names: Iterable[str]) -> frozenset[str]:
        """The environments of these names, whatever their case. Raises RequestUnclear for one that is not watched: that nothing changed
        there could not be said."""
        known = self._lately()
        found: set[str] = set()
        for name in names:
            held = known.environments_called(name) or self._rare(name)
            if not held:
                raise unknown_environment(name, known)
            found.update(held)
        return frozenset(found)

    def _lately(self) -> Places:
        now = self._clock()
        counts = self._store.events.counts(EVERYTHING, EventFilter(), Span(range=TimeRange(start=now - _DAY, end=now)))
        return Places(
            environments=frozenset(name for name in counts.by_environment if name),
            providers=frozenset((*providers.PROVIDERS, *counts.by_provider)),
            sources=frozenset((*self._sources, *self._store.coverage.last())),
        )

    def _rare(self, name: str) -> frozenset[str]:
        page = self._store.events.page(EVERYTHING, EventFilter(environments=frozenset({name})), Span(), limit=1)
        return frozenset(one.event.environment for one in page.items if one.event.environment)
