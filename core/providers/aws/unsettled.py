"""How far services and scaling groups that were touched have come, read until they are well. What was not touched costs nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.clock import Deadline
from core.errors import ProviderError
from core.event import Event, ReferenceKind, Resource, Scope
from core.json import JsonObject
from core.observation import Health, Observation, Signal
from core.providers.aws.deployments import Progress, of_group, of_service
from core.providers.aws.faults import asked, holding
from core.providers.aws.gathered import Gathered
from core.providers.aws.state import known_key
from core.redaction import Redactor

SERVICE = "AWS::ECS::Service"
GROUP = "AWS::AutoScaling::AutoScalingGroup"
_EVERY = timedelta(minutes=1)
# A change is watched for its effect that long; what is not well by then is read on until it is, for a day at most.
_SETTLES = timedelta(minutes=30)
_AT_MOST = timedelta(days=1)
_MOST = 40
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
_SERVICES_A_CALL = 10
_ACTIVITIES = 10
_OF_GROUP = "asg/"

# account, region, service, deadline → client
Ask = Callable[[str, str, str, Deadline], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """One thing that was touched, when it was last."""

    thing: Resource
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsettled:
    """What is watched is kept in the cursor's `unsettled`; at most forty things, the longest watched go first."""

    client: Ask
    redactor: Redactor

    def read(self, events: Iterable[Event], state: dict[str, Any], found: Gathered, deadline: Deadline) -> None:
        """Take in what was touched; once a minute, read how far everything watched has come."""
        watched = _held(state, found.environment)
        for one in _touched(events, found.now):
            key = known_key(one.thing)
            if key not in watched or watched[key].since < one.since:
                watched[key] = one
        kept = sorted(watched.items(), key=lambda pair: pair[1].since)[-_MOST:]
        if len(watched) > len(kept):
            reason = f"{len(watched) - len(kept)} more were touched than are watched at a time ({_MOST})"
            found.lacks("deployments", reason)
        watched, read_at = dict(kept), state.get("unsettled_at")
        if watched and (not read_at or found.now - datetime.fromisoformat(read_at) >= _EVERY):
            state["unsettled_at"] = found.now.isoformat()
            for key, progress in self._progress(watched, found, deadline).items():
                one = watched[key]
                if progress is not None:
                    found.observations.append(self._observation(one.thing, progress, found))
                if progress is None or (progress.health is Health.HEALTHY and found.now - one.since >= _SETTLES):
                    del watched[key]
        state["unsettled"] = {
            key: {"since": one.since.isoformat(), "uid": one.thing.uid} for key, one in watched.items() if found.now - one.since < _AT_MOST
        }

    def _observation(self, thing: Resource, progress: Progress, found: Gathered) -> Observation:
        return Observation(
            source=found.source,
            resource=thing,
            signal=Signal.DEPLOYMENT,
            health=progress.health,
            at=found.now,
            says=f"{thing.name.rpartition('/')[2]}: {self.redactor.text(progress.says)}",
            numerator=progress.there,
            denominator=progress.wanted,
        )

    def _progress(self, watched: Mapping[str, Watched], found: Gathered, deadline: Deadline) -> dict[str, Progress | None]:
        """Key → how far it has come, None where it is gone. What could not be asked is left out, and said."""
        places: dict[tuple[str, str, str], dict[str, Watched]] = {}
        for key, one in watched.items():
            places.setdefault((one.thing.kind, one.thing.scope.account, one.thing.scope.region), {})[key] = one
        read: dict[str, Progress | None] = {}
        for (kind, account, region), rows in sorted(places.items()):
            ask = self._services if kind == SERVICE else self._groups
            try:
                share = Deadline.after(deadline.remaining_seconds() * 0.5, monotonic=deadline.monotonic)
                read |= ask(account, region, rows, found, share)
            except ProviderError as error:
                found.lacks(f"deployments of {kind} in {account}/{region}", str(error), error.next_step)
        return read

    def _services(
        self, account: str, region: str, rows: Mapping[str, Watched], found: Gathered, deadline: Deadline
    ) -> dict[str, Progress | None]:
        clusters: dict[str, dict[str, str]] = {}
        for key, one in rows.items():
            cluster, _, name = one.thing.name.rpartition("/")
            clusters.setdefault(cluster or "default", {})[name] = key
        read: dict[str, Progress | None] = {}
        for cluster, named in clusters.items():
            for names in _chunks(list(named), _SERVICES_A_CALL):
                client = self.client(account, region, "ecs", deadline)
                with asked(found.source, "ecs:DescribeServices"):
                    answer = _described(client, cluster, names)
                there = {str(one.get("serviceName")): one for one in answer.get("services") or []}
                for name in names:
                    key = named[name]
                    read[key] = of_service(there[name], rows[key].since) if name in there else None
        return read

    def _groups(
        self, account: str, region: str, rows: Mapping[str, Watched], found: Gathered, deadline: Deadline
    ) -> dict[str, Progress | None]:
        named = {one.thing.name: key for key, one in rows.items()}
        client = self.client(account, region, "autoscaling", deadline)
        with asked(found.source, "autoscaling:DescribeAutoScalingGroups"):
            answer = holding(client.describe_auto_scaling_groups(AutoScalingGroupNames=list(named)), "AutoScalingGroups")
        read: dict[str, Progress | None] = dict.fromkeys(named.values())
        for group in answer.get("AutoScalingGroups") or []:
            key = named.get(str(group.get("AutoScalingGroupName")))
            if key is None:
                continue
            since = rows[key].since
            progress = of_group(group, (), since)
            if progress.health is not Health.HEALTHY:
                activities = self._activities(account, region, str(group["AutoScalingGroupName"]), found, deadline)
                progress = of_group(group, activities, since)
            read[key] = progress
        return read

    def _activities(self, account: str, region: str, group: str, found: Gathered, deadline: Deadline) -> list[JsonObject]:
        client = self.client(account, region, "autoscaling", deadline)
        with asked(found.source, "autoscaling:DescribeScalingActivities"):
            answer = holding(client.describe_scaling_activities(AutoScalingGroupName=group, MaxRecords=_ACTIVITIES), "Activities")
        return list(answer.get("Activities") or [])


def _described(client: Any, cluster: str, names: list[str]) -> Mapping[str, Any]:
    """DescribeServices' answer; nothing where the cluster itself is gone."""
    try:
        answer: Mapping[str, Any] = holding(client.describe_services(cluster=cluster, services=names), "services")
    except client.exceptions.ClusterNotFoundException:
        return {}
    return answer


def _chunks(names: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


def _touched(events: Iterable[Event], now: datetime) -> Iterator[Watched]:
    """What changes of services and groups touched, and the groups that instances were started or ended for."""
    for event in sorted(events, key=lambda one: one.occurred_at):
        if event.attempted or now - event.occurred_at >= _AT_MOST:
            continue
        if event.resource.kind in (SERVICE, GROUP):
            yield Watched(thing=event.resource, since=event.occurred_at)
        for reference in event.references:
            if reference.kind is ReferenceKind.PART_OF and reference.id.startswith(_OF_GROUP):
                account, region, name = reference.id.removeprefix(_OF_GROUP).split("/", 2)
                scope = Scope(account=account, region=region)
                thing = Resource(provider="aws", kind=GROUP, name=name, scope=scope, environment=event.environment)
                yield Watched(thing=thing, since=event.occurred_at)


def _held(state: JsonObject, environment: str) -> dict[str, Watched]:
    found: dict[str, Watched] = {}
    for key, row in dict(state.get("unsettled") or {}).items():
        _, account, region, kind, name = key.split("/", 4)
        scope = Scope(account=account, region=region)
        thing = Resource(provider="aws", kind=kind, name=name, scope=scope, uid=str(row["uid"]), environment=environment)
        found[key] = Watched(thing=thing, since=datetime.fromisoformat(row["since"]))
    return found
