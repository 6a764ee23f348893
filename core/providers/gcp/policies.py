"""Changes of policies as a feed tells them: with the policy before, so that none need be kept. Pure."""

from datetime import datetime

from core.batch import KnownState, Reading
from core.errors import RecordUnreadable
from core.json import JsonObject
from core.providers.gcp import assets
from core.redaction import Redactor

_CONTENT = ("iamPolicy", "orgPolicy", "accessPolicy", "accessLevel", "servicePerimeter")
# https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/batchGetAssetsHistory#PriorAssetState
_NONE_BEFORE = ("DOES_NOT_EXIST", "DELETED")


def holds_none(change: JsonObject) -> bool:
    """Is it of the resource itself: made, changed or gone?"""
    return change.get("deleted") is True or not any(change["asset"].get(key) for key in _CONTENT)


def read(change: JsonObject, *, source: str, environment: str, redactor: Redactor, observed_at: datetime) -> Reading:
    """The policy's change. Raises RecordUnreadable where it does not tell what was before."""
    asset: JsonObject = change["asset"]
    prior = change.get("priorAsset")
    if isinstance(prior, dict):
        before = assets.state_of(prior, redactor)
    elif change.get("priorAssetState") in _NONE_BEFORE:
        before = {}
    else:
        raise RecordUnreadable("the feed does not tell the policy before")
    now = assets.state_of(asset, redactor)
    known = KnownState(
        key=assets.known_key(str(asset["name"])), state={**{key: {} for key in now}, **before, "kind": now["kind"]}, at=observed_at
    )
    reading = assets.read(change, known, source=source, environment=environment, redactor=redactor, observed_at=observed_at)
    return Reading(events=reading.events)
