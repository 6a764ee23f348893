"""Raw records through their reader and the bridge, as a poll would take them."""

from datetime import timedelta
from typing import Any

from core.assessment import Verdict
from core.batch import Batch, Cursor
from core.bridge import EventBridge
from core.clock import utc_now
from core.event import Event
from core.ingest import Ingest
from core.json import JsonObject
from core.providers import ProviderContext, reader
from core.redaction import Redactor
from core.trait import Trait
from core.unified import UnifiedEvent
from tests.unit.core.providers.kubernetes.given import Rows
from tests.unit.core.small_store import SmallStore

CONTEXT = ProviderContext(redactor=Redactor(b"k" * 32))


def judged(format: str, *records: JsonObject) -> list[UnifiedEvent]:
    """What is concluded about the records' events, in their order. All arrive at once, minutes after they happened."""
    store: Any = SmallStore()
    reads, rows, now = reader(format, source="s", environment="prod", context=CONTEXT), Rows(), utc_now()
    events = [event for record in records for event in reads.read(record, rows, now).events]
    late = max((event.occurred_at for event in events), default=now) + timedelta(minutes=5)
    ingest = Ingest(store, EventBridge(store, clock=lambda: late), clock=lambda: late)
    ingest.take("s", Batch(cursor=Cursor(), events=tuple(events)), backfilled=True)
    return [store.unified(event.id) for event in events]


def reads(format: str, record: JsonObject) -> list[Event]:
    """The record's events alone."""
    return list(reader(format, source="s", environment="prod", context=CONTEXT).read(record, Rows(), utc_now()).events)


def told(format: str, record: JsonObject) -> tuple[Verdict, frozenset[Trait]]:
    """One record's verdict and traits. Whatever it is, nothing may calm about what is security-sensitive."""
    (one,) = judged(format, record)
    return one.verdict, one.event.traits
