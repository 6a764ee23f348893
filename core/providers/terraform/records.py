"""Raw states for backfill: each is compared with the one before of the same lineage."""

from dataclasses import dataclass
from datetime import datetime

from core.batch import Reading
from core.json import JsonObject
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.terraform import statefile
from core.providers.terraform.compare import Comparison
from core.providers.terraform.origin import Origin, Place


@dataclass(frozen=True, slots=True)
class StateReader:
    origin: Origin

    def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
        """A state without a lineage belongs to no other: it is a baseline of its own. Raises RecordUnreadable."""
        state = statefile.parse(record)
        if not state.lineage:
            return Reading(baseline=True)
        place = Place(id=state.lineage, label=state.lineage[:8])
        return Comparison(origin=self.origin, place=place, state=state, known=known, at=observed_at, observed_at=observed_at).read()


def tfstate_reader(source: str, environment: str, context: ProviderContext) -> StateReader:
    return StateReader(Origin(source=source, environment=environment, redactor=context.redactor))
