"""Helm's own records of its releases name the revision that its objects belong to. Pure but for the states it is given."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.batch import KnownState
from core.event import Event, Intent, IntentKind, Reference, ReferenceKind
from core.json import JsonObject
from core.kube.subject import text
from core.providers.kubernetes.gathering import Gathering
from core.providers.kubernetes.origin import Origin

# https://helm.sh/docs/topics/advanced/#storage-backends
_RECORD = re.compile(r"^sh\.helm\.release\.v1\.(?P<name>.+)\.v(?P<revision>\d+)$")


def note(found: JsonObject, gathering: Gathering, at: datetime) -> None:
    """Remember the newest revision of a release, from the record that Helm writes before it touches an object."""
    told = _RECORD.match(text(found, "metadata", "name"))
    if told is None:
        return
    key = _key(text(found, "metadata", "namespace"), told["name"])
    row = gathering.one(key)
    before = int(row.state.get("revision", 0)) if row and row.state else 0
    if int(told["revision"]) > before:
        gathering.keep([KnownState(key=key, state={"revision": int(told["revision"])}, at=at)])


def with_revisions(events: Sequence[Event], gathering: Gathering, origin: Origin) -> list[Event]:
    """Events that Helm wrote, each with the revision it belongs to."""
    return [_with_revision(event, gathering, origin) for event in events]


def _with_revision(event: Event, gathering: Gathering, origin: Origin) -> Event:
    prefix = f"helm/{origin.cluster}/"
    part = next((ref.id for ref in event.references if ref.kind is ReferenceKind.PART_OF and ref.id.startswith(prefix)), "")
    if not part or not event.actor.tool.startswith("Helm"):
        return event
    namespace, _, name = part.removeprefix(prefix).partition("/")
    row = gathering.one(_key(namespace, name))
    if row is None or not row.state:
        return event
    revision = row.state["revision"]
    intents = [intent for intent in event.intents if intent.kind is not IntentKind.RELEASE]
    intents.append(Intent(kind=IntentKind.RELEASE, says=f"Helm release {name} revision {revision}", ref=f"{name}.v{revision}"))
    release = Reference(kind=ReferenceKind.RELEASE, id=f"{part}/{revision}")
    return replace(event, intents=tuple(intents), references=tuple(dict.fromkeys((*event.references, release))))


def _key(namespace: str, name: str) -> str:
    return f"helm/{namespace}/{name}"
