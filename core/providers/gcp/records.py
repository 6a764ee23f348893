"""Raw Google Cloud records for backfill: audit log entries and asset snapshots."""

from dataclasses import dataclass
from datetime import datetime

from core.batch import Reading
from core.errors import RecordUnreadable
from core.json import JsonObject
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.gcp import assets, audit


@dataclass(frozen=True, slots=True)
class AuditReader:
    source: str
    environment: str
    context: ProviderContext

    def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
        return audit.read(record, source=self.source, environment=self.environment, redactor=self.context.redactor, observed_at=observed_at)


@dataclass(frozen=True, slots=True)
class AssetReader:
    source: str
    environment: str
    context: ProviderContext

    def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
        inner = record.get("asset")
        name = (inner if isinstance(inner, dict) else record).get("name")
        if not isinstance(name, str) or not name:
            raise RecordUnreadable("no asset: the field `name` is missing")
        key = assets.known_key(name)
        return assets.read(
            record,
            known.get([key]).get(key),
            source=self.source,
            environment=self.environment,
            redactor=self.context.redactor,
            observed_at=observed_at,
        )


def audit_reader(source: str, environment: str, context: ProviderContext) -> AuditReader:
    return AuditReader(source, environment, context)


def asset_reader(source: str, environment: str, context: ProviderContext) -> AssetReader:
    return AssetReader(source, environment, context)
