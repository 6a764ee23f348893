"""Cloud Asset Inventory snapshots: two of one name → what changed between them. Pure.

https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/exportAssets#asset (either spelling of the field names).
"""

from collections.abc import Mapping
from datetime import datetime

from core.batch import KnownState, Reading
from core.diff import diff
from core.errors import RecordUnreadable
from core.event import UNKNOWN_ACTOR, ChangeType, Event, FieldChange, Reference, ReferenceKind, Resource, Scope, event_id
from core.json import JsonObject, JsonValue, canonical
from core.observation import Health, Observation, Signal
from core.providers.gcp import rules
from core.providers.gcp.entries import parse_time
from core.providers.gcp.subject import Binding, Subject, words
from core.redaction import Redactor
from core.trait import Trait

# Content types of an asset: https://cloud.google.com/asset-inventory/docs/reference/rpc/google.cloud.asset.v1#contenttype
_CONTENT = {
    "resource": "resource", "iam_policy": "iam", "iamPolicy": "iam", "org_policy": "org_policy", "orgPolicy": "org_policy",
    "v2_org_policies": "org_policy", "access_policy": "access", "accessPolicy": "access", "access_level": "access", "accessLevel": "access",
    "service_perimeter": "perimeter", "servicePerimeter": "perimeter", "os_inventory": "os_inventory",
}  # fmt: skip
# Fields that move without anyone changing anything: versions of the record itself, counters and heartbeats.
_NOISE = {
    "etag", "fingerprint", "labelfingerprint", "metageneration", "generation", "updated", "updatetime", "lastupdatetime",
    "laststarttimestamp",
    "laststoptimestamp", "lastmodifiedtime", "lastheartbeat", "lastattachtimestamp", "lastdetachtimestamp", "selflinkwithid",
    "numbytes", "numrows",
    "numlongtermbytes", "serverresponsetime", "lastautosuspendtime", "resourceversion", "managedfields", "observedgeneration", "uptime",
    "currentdisksize", "settingsversion", "primaryversionstate", "discoverydocumenturi", "lastaccesstime",
}  # fmt: skip
_RUNNING = {"RUNNING", "ACTIVE", "READY", "ONLINE", "RUNNABLE"}
_STOPPED = {"TERMINATED", "STOPPED", "SUSPENDED", "STOPPING", "SUSPENDING"}
_SICK = {"ERROR", "DEGRADED", "FAILED", "REPAIRING", "UNAVAILABLE", "UNHEALTHY"}


def known_key(name: str) -> str:
    return f"asset/{name}"


def state_of(asset: JsonObject, redactor: Redactor) -> JsonObject:
    """What is kept of an asset: its kind, its project where its name holds none, and each content, redacted and without heartbeats."""
    contents = {kept: _quiet(redactor.value(_content(asset[key]), name=key)) for key, kept in _CONTENT.items() if asset.get(key)}
    project = asset.get("project")
    return {"kind": _kind(asset), **({"project": project} if project else {}), **contents}


def read(
    asset: JsonObject, before: KnownState | None, *, source: str, environment: str, redactor: Redactor, observed_at: datetime
) -> Reading:
    """Compare with what was known. Raises RecordUnreadable where the record is no asset."""
    if isinstance(asset.get("asset"), dict):
        # A TemporalAsset of a feed or a history: the asset with its window, and `deleted`.
        window = asset.get("window")
        start = window.get("startTime") or window.get("start_time") if isinstance(window, dict) else None
        gone = asset.get("deleted") is True
        asset = {"updateTime": start, **asset["asset"]} if start else asset["asset"]
        if gone:
            return _deletion(asset, before, source=source, environment=environment, observed_at=observed_at)
    name = asset.get("name")
    if not isinstance(name, str) or not name:
        raise RecordUnreadable("no asset: the field `name` is missing")
    state = state_of(asset, redactor)
    at = parse_time(asset.get("updateTime") or asset.get("update_time"))
    resource = resource_of(asset, environment)
    health = _health(state, resource, source, at or observed_at)
    if before is None or before.state is None:
        return Reading(known_changes=(_known(name, state, at or observed_at),), observations=health, baseline=True)
    # The project's name is ours to know: that we know it now is no change.
    shared = {key for key in state if key in before.state and key != "project"}
    merged = {**before.state, **state}
    changes = diff({k: before.state[k] for k in shared}, {k: state[k] for k in shared})
    kept = _known(name, merged, at or observed_at)
    if not changes:
        return Reading(known_changes=(kept,), observations=health, baseline=not (shared - {"kind"}))
    event = _event(name, resource, changes, before, merged, source=source, at=at, observed_at=observed_at)
    return Reading(events=(event,), known_changes=(kept,), observations=health)


def created(
    asset: JsonObject, *, source: str, environment: str, redactor: Redactor, observed_at: datetime, after: datetime | None
) -> Reading:
    """An asset that was not there when the whole inventory was last read."""
    name, state = str(asset["name"]), state_of(asset, redactor)
    at = parse_time(asset.get("updateTime") or asset.get("update_time"))
    resource = resource_of(asset, environment)
    known = KnownState(key=known_key(name), state={"kind": state["kind"]}, at=after or at or observed_at)
    event = _event(name, resource, (), known, state, source=source, at=at, observed_at=observed_at, change_type=ChangeType.CREATED)
    return Reading(
        events=(event,),
        known_changes=(_known(name, state, at or observed_at),),
        observations=_health(state, resource, source, at or observed_at),
    )


def _deletion(asset: JsonObject, before: KnownState | None, *, source: str, environment: str, observed_at: datetime) -> Reading:
    name = str(asset.get("name") or "")
    if not name:
        raise RecordUnreadable("no asset: the field `name` is missing")
    at = parse_time(asset.get("updateTime") or asset.get("update_time"))
    return deleted(name, before, source=source, environment=environment, at=at, observed_at=observed_at, kind=_kind(asset))


def deleted(
    name: str, before: KnownState | None, *, source: str, environment: str, at: datetime | None, observed_at: datetime, kind: str = ""
) -> Reading:
    """The event of an asset that is gone."""
    state = before.state if before and before.state else {"kind": kind}
    resource = resource_of(
        {
            "name": name,
            "asset_type": state.get("kind") or kind,
            "project": state.get("project"),
            "resource": {"data": _section(state, "resource")},
        },
        environment,
    )
    known = before or KnownState(key=known_key(name), state=state, at=at or observed_at)
    event = _event(name, resource, (), known, {}, source=source, at=at, observed_at=observed_at, change_type=ChangeType.DELETED)
    return Reading(events=(event,), known_changes=(KnownState(key=known_key(name), state=None, at=observed_at),))


def _event(
    name: str, resource: Resource, changes: tuple[FieldChange, ...], before: KnownState, after: JsonObject, *,
    source: str, at: datetime | None, observed_at: datetime, change_type: ChangeType | None = None,
) -> Event:  # fmt: skip
    occurred_at = at or observed_at
    old = before.state or {}
    bindings = tuple(_binding_changes(old.get("iam"), after.get("iam")))
    subject = Subject(
        change_type=change_type or ChangeType.MODIFIED,
        kind=resource.kind,
        name=resource.name,
        before=old,
        after=after,
        bindings=bindings if change_type is not ChangeType.DELETED else (),
        projects=frozenset({resource.scope.project} - {""}),
        changed=tuple(change.path for change in changes),
    )
    traits = rules.traits(subject)
    native = f"{name}@{canonical(after) if not at else at.isoformat()}@{change_type or 'modified'}"
    return Event(
        id=event_id(source, native),
        source=source,
        provider="gcp",
        occurred_at=occurred_at,
        occurred_after=min(before.at, occurred_at) if at is None else None,
        observed_at=max(observed_at, occurred_at),
        resource=resource,
        change_type=change_type or _change_type(changes, traits),
        native_action="asset snapshot",
        native_id=f"{name}@{occurred_at.isoformat()}",
        actor=UNKNOWN_ACTOR,
        nameless=True,
        traits=traits or frozenset({Trait.CHANGES_CONFIGURATION}),
        changes=changes,
        references=(
            Reference(kind=ReferenceKind.SAME_AS, id=name),
            Reference(kind=ReferenceKind.SAME_AS, id=name.partition("//")[2].partition("/")[2]),
        ),
    )


def _change_type(changes: tuple[FieldChange, ...], traits: frozenset[Trait]) -> ChangeType:
    if Trait.SCALES in traits:
        return ChangeType.SCALED
    for change in changes:
        if change.path.rsplit(".", 1)[-1] in ("status", "state") and isinstance(change.after, str):
            if change.after.upper() in _STOPPED:
                return ChangeType.STOPPED
            if change.after.upper() in _RUNNING and str(change.before).upper() in _STOPPED:
                return ChangeType.STARTED
    return ChangeType.MODIFIED


def resource_of(asset: JsonObject, environment: str) -> Resource:
    """The asset as a resource; its uid is the full resource name. `project` is set where the name tells none that people know."""
    name = str(asset["name"])
    parts = name.split("/")
    data = _content(asset.get("resource") or {})
    labels = data.get("labels") if isinstance(data, dict) else None
    places = {parts[i]: parts[i + 1] for i in range(len(parts) - 1)}
    location = asset.get("location") or next((places[key] for key in ("zones", "regions", "locations") if key in places), "")
    return Resource(
        provider="gcp",
        kind=_kind(asset) or "googleapis.com/Asset",
        name=parts[-1] or name,
        scope=Scope(
            project=str(asset.get("project") or places.get("projects", "")),
            region=str(location),
            cluster=places.get("clusters", ""),
            account=places.get("organizations", ""),
        ),
        uid=name,
        environment=environment,
        labels={str(k): str(v) for k, v in labels.items()} if isinstance(labels, dict) else {},
    )


def _kind(asset: JsonObject) -> str:
    return str(asset.get("assetType") or asset.get("asset_type") or "")


def _known(name: str, state: JsonObject, at: datetime) -> KnownState:
    return KnownState(key=known_key(name), state=state, at=at)


def _content(value: JsonValue) -> JsonValue:
    return value["data"] if isinstance(value, dict) and isinstance(value.get("data"), dict) else value


def _section(state: JsonObject, key: str) -> JsonObject:
    value = state.get(key)
    return value if isinstance(value, dict) else {}


def _quiet(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return {key: _quiet(below) for key, below in value.items() if "".join(words(str(key))) not in _NOISE}
    return [_quiet(below) for below in value] if isinstance(value, list) else value


def _binding_changes(before: JsonValue, after: JsonValue) -> list[Binding]:
    old, new = _members(before), _members(after)
    return [Binding(action="ADD", role=r, member=m) for r, m in sorted(new - old)] + [
        Binding(action="REMOVE", role=r, member=m) for r, m in sorted(old - new)
    ]


def _members(policy: JsonValue) -> set[tuple[str, str]]:
    bindings = policy.get("bindings") if isinstance(policy, dict) else None
    return {
        (str(binding.get("role") or ""), str(member))
        for binding in (bindings if isinstance(bindings, list) else [])
        if isinstance(binding, dict) and isinstance(binding.get("members"), list)
        for member in binding["members"]
    }


def _health(state: JsonObject, resource: Resource, source: str, at: datetime) -> tuple[Observation, ...]:
    data = _section(state, "resource")
    status = data.get("status", data.get("state"))
    if not isinstance(status, str) or not status.isupper():
        return ()
    health = Health.HEALTHY if status in _RUNNING else Health.DEGRADED if status in _SICK else Health.UNKNOWN
    return (Observation(source=source, resource=resource, signal=Signal.STATUS, health=health, at=at, says=f"status {status}"),)
