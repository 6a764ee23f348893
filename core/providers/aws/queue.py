"""CloudTrail records that EventBridge puts into an SQS queue: near real time, at least once.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.clock import Deadline
from core.errors import ProviderError
from core.json import JsonObject, parsed
from core.providers.aws.faults import asked

_ROUNDS = 30
_KEEP_SECONDS = 2.0


@dataclass(slots=True)
class Received:
    """`receipts` are to be deleted once the batch is stored, those of unreadable messages too: they would come for ever."""

    records: list[JsonObject] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    unreadable: int = 0
    more: bool = False


def receive(client: Callable[[], Any], url: str, deadline: Deadline, source: str) -> Received:
    """What waits in the queue, up to some hundred messages. Raises ProviderError where not even the first can be had."""
    found = Received()
    for _ in range(_ROUNDS):
        if deadline.remaining_seconds() < _KEEP_SECONDS:
            found.more = bool(found.receipts)
            return found
        try:
            with asked(source, "sqs:ReceiveMessage"):
                messages = client().receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages", [])
        except ProviderError:
            if not found.receipts:
                raise
            return found
        for message in messages:
            found.receipts.append(str(message["ReceiptHandle"]))
            record = _record(str(message.get("Body", "")))
            if record is None:
                found.unreadable += 1
            else:
                found.records.append(record)
        if not messages:
            return found
    found.more = True
    return found


def _record(body: str) -> JsonObject | None:
    try:
        told = parsed(body)
        inner = parsed(told["Message"]) if isinstance(told, dict) and "TopicArn" in told and "Message" in told else told
    except ValueError:
        return None
    return inner if isinstance(inner, dict) else None


def delete(client: Callable[[], Any], url: str, receipts: list[str], source: str) -> None:
    for start in range(0, len(receipts), 10):
        entries = [{"Id": str(index), "ReceiptHandle": receipt} for index, receipt in enumerate(receipts[start : start + 10])]
        with asked(source, "sqs:DeleteMessage"):
            client().delete_message_batch(QueueUrl=url, Entries=entries)
