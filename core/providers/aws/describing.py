"""Describe what was touched, and once a day again what is known, to find what no record told of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from core.clock import Deadline
from core.errors import ProviderError, ProviderForbidden, ProviderTimedOut
from core.event import ChangeType, Event, Resource
from core.json import JsonObject
from core.providers.aws.describers import DESCRIBERS, describe
from core.providers.aws.faults import asked
from core.providers.aws.history import History, Recalled, Touched
from core.providers.aws.lookup import OVERLAP
from core.providers.aws.recorded import comparable
from core.providers.aws.state import Known, compared, is_of, known_key, redacted, thing_of, untold
from core.redaction import Redactor

_MOST_TOUCHED = 50
_MOST_SWEPT = 50
_MOST_SUSPECTS = 200
_KEEP_SECONDS = 1.0
_SWEEP_EVERY = timedelta(days=1)


@dataclass(slots=True)
class Describing:
    """`refused` collects what may not be described: kind → reason and next step."""

    source: str
    environment: str
    redactor: Redactor
    client: Callable[[str, str, str, Deadline], Any]
    now: datetime
    history: History | None = None
    tells: Callable[[Event], bool] = bool
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)

    def touched(self, events: list[Event], known: Known, deadline: Deadline) -> list[Event]:
        """The events with before and after. A resource is described once, for its newest change; what there is no time for stays told."""
        newest: dict[str, Event] = {}
        for event in sorted(events, key=lambda one: one.occurred_at):
            if not event.attempted and event.resource.kind in DESCRIBERS:
                newest[known_key(event.resource)] = event
        enriched = {event.id: event for event in events}
        found: dict[str, tuple[JsonObject | None]] = {}
        for key, event in list(newest.items())[-_MOST_TOUCHED:]:
            now = self._now_of(event.resource, deadline)
            if now is not None:
                found[key] = now
        befores = {key: is_of(known.one(key)) for key in found}
        recalled = self._recalled(newest, found, befores, deadline)
        for key, (now_is,) in found.items():
            event, before = newest[key], befores[key]
            enriched[event.id] = compared(event, before, now_is) if key not in recalled else self._since(event, recalled[key], now_is)
            if now_is is not None or before is not None:
                known.keep(event.resource, now_is, max(event.occurred_at, self.now))
        return list(enriched.values())

    def _recalled(
        self,
        newest: Mapping[str, Event],
        found: Mapping[str, tuple[JsonObject | None]],
        befores: Mapping[str, JsonObject | None],
        deadline: Deadline,
    ) -> dict[str, Recalled]:
        """What AWS Config knows of those that were there before their change and of which nothing is known."""
        if self.history is None:
            return {}
        asking = {
            key: Touched(event=newest[key], described=now_is)
            for key, (now_is,) in found.items()
            if now_is is not None and befores[key] is None and newest[key].change_type is not ChangeType.CREATED and self.tells(newest[key])
        }
        return self.history.before(asking, deadline)

    def _since(self, event: Event, recalled: Recalled, now_is: JsonObject | None) -> Event:
        """The event against what AWS Config recorded, and a word of where that is from."""
        was = redacted(event.resource, recalled.fields, self.redactor)
        if now_is is None or was is None or was.keys() != recalled.fields.keys():
            return event
        kind = event.resource.kind
        told = compared(event, comparable(kind, {**now_is, **was}), comparable(kind, now_is))
        if told is event:
            return event
        says = f"AWS Config, recorded {recalled.seen_at:%Y-%m-%d %H:%M:%S} UTC"
        return replace(told, metadata={**told.metadata, "before_from": says})

    def sweep(self, state: dict[str, Any], known: Known, deadline: Deadline) -> list[Event]:
        """Describe the next known things again, once a day each round. What differs is told only when its record is overdue."""
        events = self._settle(state, known, deadline)
        swept = state.get("swept_at")
        if swept is None:
            state["swept_at"] = self.now.isoformat()
        elif "sweep_after" not in state and self.now - datetime.fromisoformat(swept) >= _SWEEP_EVERY:
            state["sweep_after"] = ""
        if "sweep_after" not in state:
            return events
        suspects: dict[str, str] = dict(state.get("suspects") or {})
        rows = known.page(str(state["sweep_after"]), _MOST_SWEPT)
        for row in rows:
            if deadline.remaining_seconds() < _KEEP_SECONDS or len(suspects) >= _MOST_SUSPECTS:
                break
            state["sweep_after"] = row.key
            thing = thing_of(row, self.environment)
            found = self._now_of(thing, deadline) if row.key not in known.over and thing.kind in DESCRIBERS else None
            if found is not None and found[0] != is_of(row):
                suspects[row.key] = self.now.isoformat()
        if not rows:
            del state["sweep_after"]
            state["swept_at"] = self.now.isoformat()
        state["suspects"] = suspects
        return events

    def _settle(self, state: dict[str, Any], known: Known, deadline: Deadline) -> list[Event]:
        """Suspects whose record would have come by now: told as changes that nobody told of."""
        events: list[Event] = []
        left: dict[str, str] = {}
        for key, noticed in dict(state.get("suspects") or {}).items():
            noticed_at = datetime.fromisoformat(noticed)
            row = known.one(key)
            if row is None or row.at > noticed_at:
                continue  # A record came and told of it.
            found = self._now_of(thing_of(row, self.environment), deadline) if self.now - noticed_at >= OVERLAP else None
            if found is None:
                left[key] = noticed
                continue
            thing = thing_of(row, self.environment)
            event = untold(thing, row, found[0], source=self.source, observed_at=self.now, noticed_at=noticed_at)
            if event is not None:
                events.append(event)
                known.keep(thing, found[0], self.now)
        state["suspects"] = left
        return events

    def _now_of(self, thing: Resource, deadline: Deadline) -> tuple[JsonObject | None] | None:
        """The (redacted) state as it is, wrapped; (None,) where it is gone, None where it could not be asked."""
        if thing.kind in self.refused or deadline.remaining_seconds() < _KEEP_SECONDS:
            return None
        describer = DESCRIBERS[thing.kind]
        try:
            client = self.client(thing.scope.account, thing.scope.region, describer.service, deadline)
            with asked(self.source, " or ".join(describer.needs)):
                return (redacted(thing, describe(client, thing), self.redactor),)
        except ProviderForbidden as error:
            self.refused[thing.kind] = (str(error), error.next_step)
        except ProviderTimedOut as error:
            self.refused[thing.kind] = (str(error), "")
        except ProviderError as error:
            self.refused[thing.kind] = (str(error), error.next_step)
        return None
