"""Raw CloudTrail records for backfill: of files, of EventBridge, or as LookupEvents answers them."""

from dataclasses import dataclass
from datetime import datetime

from core.batch import Reading
from core.json import JsonObject
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.aws import trail


@dataclass(frozen=True, slots=True)
class CloudTrailReader:
    source: str
    environment: str
    context: ProviderContext

    def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
        return trail.read(record, source=self.source, environment=self.environment, redactor=self.context.redactor, observed_at=observed_at)


def cloudtrail_reader(source: str, environment: str, context: ProviderContext) -> CloudTrailReader:
    return CloudTrailReader(source, environment, context)
