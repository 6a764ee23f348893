"""What a question may name, from the store: environments, providers, sources and people."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.assistant.vocabulary import PLAIN
from core.ports import CoverageStore, EventStore, Span, TeamActivity
from core.subscription import EVERYTHING, EventFilter, Visibility
from core.timerange import TimeRange

_LATELY, _DAY, _MONTH = timedelta(minutes=30), timedelta(days=1), timedelta(days=30)
_MOST_WORDS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What may be named: each word, in small letters, with what it stands for in the store."""

    environments: Collection[str] = ()
    providers: Collection[str] = ()
    sources: Collection[str] = ()
    actors: Collection[str] = ()


class Named(Protocol):
    """The ports that names are read from."""

    events: EventStore
    coverage: CoverageStore
    activity: TeamActivity


def names(store: Named, text: str, now: datetime, visibility: Visibility, sources: Collection[str]) -> Names:
    """What changed in the last day, who acted in the last month, and environments looked for by name. Raises StorageError."""
    counts = store.events.counts(visibility, EventFilter(), Span(range=TimeRange(start=now - _DAY, end=now + _LATELY)))
    team = store.activity.between((now - _MONTH).date().isoformat(), now.date().isoformat()) if visibility == EVERYTHING else ()
    environments = {name for name in counts.by_environment if name}
    for word in [one for one in dict.fromkeys(re.findall(r"[\w-]+", text)) if one.lower() not in PLAIN][:_MOST_WORDS]:
        if word not in environments:
            page = store.events.page(visibility, EventFilter(environments=frozenset({word})), Span(), limit=1)
            environments.update(one.event.environment for one in page.items)
    return Names(
        environments=environments,
        providers=[name for name in counts.by_provider if name],
        sources={*sources, *store.coverage.last()},
        actors={row.name for row in team if row.name} | {name for name in counts.by_actor if name},
    )
