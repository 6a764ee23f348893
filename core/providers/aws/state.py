"""Before and after: a touched resource is described and compared with what was known of it. Pure but for the client that is handed in."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.batch import KnownState
from core.diff import diff
from core.event import ChangeType, Event, FieldChange, Resource, Scope, event_id
from core.json import JsonObject, canonical
from core.ports import KnownStates
from core.providers.aws import rules
from core.providers.aws.fields import hidden
from core.providers.aws.resources import references_of
from core.providers.aws.subject import Subject
from core.redaction import Redactor

PREFIX = "aws/"
_MOST_FIELDS = 80
_LONGEST_STATE = 200_000


def known_key(thing: Resource) -> str:
    return f"{PREFIX}{thing.scope.account}/{thing.scope.region}/{thing.kind}/{thing.name}"


def thing_of(row: KnownState, environment: str) -> Resource:
    """The resource that a known state is of."""
    account, region, kind, name = row.key.removeprefix(PREFIX).split("/", 3)
    uid = str((row.state or {}).get("uid") or "")
    return Resource(provider="aws", kind=kind, name=name, scope=Scope(account=account, region=region), uid=uid, environment=environment)


@dataclass(slots=True)
class Known:
    """The stored states, and over them what this poll has found."""

    under: KnownStates
    over: dict[str, KnownState] = field(default_factory=dict)

    def one(self, key: str) -> KnownState | None:
        found = self.over.get(key) or self.get([key]).get(key)
        return found if found is not None and found.state is not None else None

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        return self.under.get(keys)

    def page(self, after: str, limit: int) -> Sequence[KnownState]:
        return self.under.page(PREFIX, after, limit)

    def keep(self, thing: Resource, found: JsonObject | None, at: datetime) -> None:
        key = known_key(thing)
        self.over[key] = KnownState(key=key, state=None if found is None else {"uid": thing.uid, "is": found}, at=at)


def redacted(thing: Resource, found: JsonObject | None, redactor: Redactor) -> JsonObject | None:
    """The described state without secrets; None where it is gone or too large to keep."""
    if found is None:
        return None
    shown: JsonObject = hidden("cloudformation:Describe" if "CloudFormation" in thing.kind else "", found, redactor)
    return shown if len(canonical(shown)) <= _LONGEST_STATE else {"digest": redactor.hash(shown)}


def is_of(row: KnownState | None) -> JsonObject | None:
    inside = row.state.get("is") if row is not None and row.state is not None else None
    return inside if isinstance(inside, dict) else None


def compared(event: Event, before: JsonObject | None, after: JsonObject | None) -> Event:
    """The event with before and after where both are known; what the request told stays where they are not."""
    if before is None or after is None or event.change_type is ChangeType.DELETED:
        return event
    changes = diff(before, after)[:_MOST_FIELDS]
    if not changes:
        return event
    return replace(event, changes=changes, traits=event.traits | _seen_traits(event.resource, event.change_type, before, after, changes))


def _seen_traits(thing: Resource, change_type: ChangeType, before: JsonObject, after: JsonObject, changes: tuple[FieldChange, ...]) -> Any:
    subject = Subject(
        change_type=change_type, kind=thing.kind, name=thing.name, account=thing.scope.account, before=before, after=after,
        changed=tuple(change.path for change in changes),
    )  # fmt: skip
    return rules.traits(subject)


def untold(
    thing: Resource, before: KnownState, after: JsonObject | None, *, source: str, observed_at: datetime, noticed_at: datetime
) -> Event | None:
    """A change that no record told of, found by describing again. It happened between the two looks; nobody knows who did it."""
    was = is_of(before) or {}
    changes = diff(was, after or {})[:_MOST_FIELDS] if after is not None else ()
    if after is not None and not changes:
        return None
    change_type = ChangeType.DELETED if after is None else ChangeType.MODIFIED
    digest = canonical([before.key, before.at.isoformat(), json.dumps(after, sort_keys=True, default=str)])
    native = f"sweep/{event_id(source, digest)}"
    return Event(
        id=event_id(source, native),
        source=source,
        provider="aws",
        occurred_at=noticed_at,
        occurred_after=min(before.at, noticed_at),
        observed_at=observed_at,
        resource=thing,
        change_type=change_type,
        native_action="found by describing",
        native_id=native,
        traits=_seen_traits(thing, change_type, was, after or {}, tuple(changes)),
        changes=tuple(changes),
        references=references_of(thing),
        metadata={"found_by": "sweep", "account": thing.scope.account},
    )
