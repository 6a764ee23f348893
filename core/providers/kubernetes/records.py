"""Raw Kubernetes records for backfill: audit records, snapshots of objects, Events."""

from dataclasses import dataclass
from datetime import datetime

from core.batch import Reading
from core.json import JsonObject
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.kubernetes import audit, events, objects
from core.providers.kubernetes.origin import Origin


@dataclass(frozen=True, slots=True)
class AuditReader:
    origin: Origin

    def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
        inner = audit.unwrapped(record)
        key = audit.open_key(inner)
        started = known.get([key]).get(key) if key else None
        return audit.read(inner, started, origin=self.origin, observed_at=observed_at)


@dataclass(frozen=True, slots=True)
class ObjectReader:
    origin: Origin

    def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
        key = objects.lineage_key(record)
        return objects.read(record, key, known.get([key]).get(key), origin=self.origin, observed_at=observed_at)


@dataclass(frozen=True, slots=True)
class EventReader:
    origin: Origin

    def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
        return events.read(record, origin=self.origin, observed_at=observed_at)


def _origin(source: str, environment: str, context: ProviderContext) -> Origin:
    return Origin(source=source, environment=environment, cluster=source, redactor=context.redactor)


def audit_reader(source: str, environment: str, context: ProviderContext) -> AuditReader:
    return AuditReader(_origin(source, environment, context))


def object_reader(source: str, environment: str, context: ProviderContext) -> ObjectReader:
    return ObjectReader(_origin(source, environment, context))


def event_reader(source: str, environment: str, context: ProviderContext) -> EventReader:
    return EventReader(_origin(source, environment, context))
