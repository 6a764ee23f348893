"""Objects tell what changed, the audit log tells who did it: the two joined by object, verb and time. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.event import Actor, ActorKind, ChangeType, Event, IntentKind, Reference, ReferenceKind, Via
from core.kube.kinds import FOLLOWERS
from core.kube.ties import NOTES
from core.providers.kubernetes.events import workload_of
from core.providers.kubernetes.origin import SNAPSHOT, VERSION, Origin
from core.trait import Trait

# Acts on pods and ReplicaSets that are changes of their own; what else befalls them is their owner's doing.
_DIRECT = frozenset({ChangeType.EXECUTED, ChangeType.DELETED, ChangeType.ATTEMPTED})
# Field managers' times are whole seconds, and the server's clock is not ours.
_SKEW = timedelta(seconds=5)
# An act that no object's change was seen for within this did not change anything.
PATIENCE = timedelta(minutes=2)
_VERBS = {
    ChangeType.CREATED: ("create", "patch", "update"),
    ChangeType.MODIFIED: ("update", "patch", "create"),
    ChangeType.SCALED: ("update", "patch"),
    ChangeType.RESTARTED: ("update", "patch"),
    ChangeType.REPLACED: ("create", "update", "patch"),
    ChangeType.DELETED: ("delete", "deletecollection"),
}
_OF_REQUEST = frozenset({Trait.WEAKENS_AUTHENTICATION})
_LOOPBACK = ("127.0.0.0/24", "::/48")
_MOST_NAMES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """`events` are to be told; `waiting` are acts whose object's change may still come."""

    events: tuple[Event, ...]
    waiting: tuple[Event, ...]


def join(seen: Sequence[Event], acts: Sequence[Event], watched: frozenset[str], origin: Origin) -> Joined:
    """Give each seen change its actor; keep the acts that no object shows (exec, tokens, refusals); drop what changed nothing.

    `watched` are the kinds whose objects are read whole: an act on one of them that no change was seen for waits.
    """
    pairs = _Pairs.of(seen, acts, origin)
    events = [event if (act := pairs.take(event)) is None else _with_actor(event, act) for event in seen]
    waiting, alone = [], []
    for act in acts:
        if act.id in pairs.used:
            continue
        if act.attempted or act.change_type not in _VERBS or act.resource.kind in FOLLOWERS or act.resource.kind not in watched:
            alone.append(act)
        else:
            waiting.append(act)
    return Joined(events=(*events, *_grouped(_worth_telling(alone, origin))), waiting=tuple(waiting))


def in_order(events: Sequence[Event]) -> list[Event]:
    """By time, each object's changes as its watch told them: one whose moment is not known was before the next one of its object."""
    before: dict[str, datetime] = {}
    told = []
    for event in reversed(events):
        if event.native_action == SNAPSHOT:
            latest = before.get(event.resource.key)
            if latest is not None and event.occurred_after is not None and event.occurred_at > latest:
                event = replace(event, occurred_at=latest, occurred_after=min(event.occurred_after, latest))
            before[event.resource.key] = event.occurred_at
        told.append(event)
    told.reverse()
    return sorted(told, key=lambda event: event.occurred_at)


@dataclass(slots=True)
class _Pairs:
    """Which act made which change. `later` is how many changes of an object are still to be paired, `latest` its last pair's time."""

    by_key: Mapping[str, Sequence[Event]]
    later: Counter[str]
    origin: Origin
    used: set[str] = field(default_factory=set)
    latest: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, seen: Sequence[Event], acts: Sequence[Event], origin: Origin) -> "_Pairs":
        by_key: dict[str, list[Event]] = defaultdict(list)
        for act in sorted(acts, key=lambda one: (one.occurred_at, one.id)):
            if not act.attempted:
                by_key[act.resource.key].append(act)
        return cls(by_key=by_key, later=Counter(event.resource.key for event in seen), origin=origin)

    def take(self, event: Event) -> Event | None:
        """The act of the change's very version; else the nearest in time, in the changes' order, that leaves one for each later change.

        None where several people's would do, for any but one of them may have changed nothing.
        """
        key = event.resource.key
        self.later[key] -= 1
        fit = [act for act in self._unpaired(event) if _fits(event, act)]
        # A later request that changes nothing is answered with the same version.
        act = next((one for one in fit if _version(one) and _version(event)), None)
        if act is None and fit:
            early = fit[: max(1, len(fit) - self.later[key])]
            if len({one.actor.id or one.actor.name for one in early if one.actor.kind is not ActorKind.SERVICE}) > 1:
                return None
            act = min(early, key=lambda one: (abs(one.occurred_at - event.occurred_at), one.id))
        if act is not None:
            self.used.add(act.id)
            self.latest[key] = act.occurred_at
        return act

    def _unpaired(self, event: Event) -> Iterator[Event]:
        after = self.latest.get(event.resource.key)
        for act in self.by_key.get(event.resource.key, ()):
            if act.id not in self.used and (after is None or act.occurred_at >= after):
                yield act
        if event.change_type is ChangeType.DELETED:
            yield from self.by_key.get(self.origin.key(event.resource.kind, "*", event.resource.scope.namespace), ())


def _with_actor(event: Event, act: Event) -> Event:
    # The object was compared with what it was before, and so tells which notes on it are new; a request may only repeat them.
    reasons = [intent for intent in act.intents if intent.kind not in NOTES]
    actor = _actor(event.actor, act.actor)
    # A field manager's name may say that Git's controller wrote it; the record knows who did.
    own = [intent for intent in event.intents if intent.kind is not IntentKind.GITOPS or actor.via is Via.GITOPS]
    return replace(
        event,
        actor=actor,
        occurred_at=min(act.occurred_at, event.observed_at),
        occurred_after=None,
        nameless=False,
        traits=_traits(event, act),
        intents=tuple(dict.fromkeys((*own, *reasons))),
        references=tuple(dict.fromkeys((*event.references, *act.references))),
        metadata={**event.metadata, "audit": act.native_id, "verb": act.native_action},
    )


def _fits(event: Event, act: Event) -> bool:
    if act.native_action.partition(" ")[0] not in _VERBS.get(event.change_type, ()):
        return False
    if (ours := _version(event)) and (theirs := _version(act)):
        return ours == theirs
    earliest = event.occurred_after or event.occurred_at
    return earliest - _SKEW <= act.occurred_at <= event.occurred_at + _SKEW


def _version(event: Event) -> str:
    return str(event.metadata.get(VERSION, ""))


def _actor(by_object: Actor, by_audit: Actor) -> Actor:
    """The record knows the person; where its User-Agent says nothing of the tool, the field manager may.

    A manager's name alone makes nobody the platform or machinery: anyone may give any. Of what an administrator's certificate
    did beside the API server itself it is believed, for that is where such parts run.
    """
    if not by_audit.known:
        return by_object
    if by_audit.via not in (Via.UNKNOWN, Via.SDK) or by_object.via in (Via.UNKNOWN, Via.SDK):
        return by_audit
    if by_object.via in (Via.CLI, Via.CONSOLE):
        return replace(by_audit, via=by_object.via, tool=by_object.tool)
    if by_audit.privileged and by_audit.network in _LOOPBACK:
        return replace(by_object, session=f"as {by_audit.id}")
    return replace(by_audit, tool=by_audit.tool or by_object.tool)


def _traits(event: Event, act: Event) -> frozenset[Trait]:
    traits = event.traits | (act.traits & _OF_REQUEST)
    # Seen without its actor the change was judged as anyone's; the platform's own renewal of a secret is no change of trust.
    if act.actor.kind is ActorKind.SERVICE and event.resource.kind == "Secret" and Trait.CHANGES_SECRET in traits:
        return traits - {Trait.CHANGES_SECRET} | {Trait.ROTATES}
    return traits


def _worth_telling(acts: Iterable[Event], origin: Origin) -> list[Event]:
    """The platform's own doings on pods and on what is not read, and its refused retries, are how it works, not changes."""
    told = []
    for act in acts:
        if act.actor.kind is ActorKind.SERVICE or (act.resource.kind in FOLLOWERS and act.change_type not in _DIRECT):
            continue
        if act.attempted and act.actor.kind is ActorKind.AUTOMATION and ("already exists" in act.error or "has been modified" in act.error):
            continue
        told.append(_of_workload(act, origin) if act.resource.kind in FOLLOWERS else act)
    return told


def _of_workload(act: Event, origin: Origin) -> Event:
    kind, name = workload_of(act.resource.kind, act.resource.name)
    if name == act.resource.name:
        return act
    owner = Reference(kind=ReferenceKind.OWNER, id=origin.key(kind, name, act.resource.scope.namespace))
    return replace(act, references=tuple(dict.fromkeys((*act.references, owner))))


def _grouped(acts: Iterable[Event]) -> list[Event]:
    """The same act by the same actor on many things of one kind and place (a drain, a script that is refused) is one event."""
    groups: dict[tuple[object, ...], list[Event]] = defaultdict(list)
    for act in acts:
        scope = act.resource.scope
        place = "" if act.native_action == "create pods/eviction" else scope.namespace
        alike = act.resource.name if act.change_type is ChangeType.EXECUTED else ""
        groups[(act.actor.id, act.native_action, act.attempted, act.resource.kind, place, alike)].append(act)
    return [group[0] if len(group) == 1 else _one(group) for group in groups.values()]


def _one(group: list[Event]) -> Event:
    first = min(group, key=lambda act: (act.occurred_at, act.id))
    names = sorted({act.resource.name for act in group})
    resource = first.resource if len(names) == 1 else replace(first.resource, name="*", uid="", labels={})
    return replace(
        first,
        resource=resource,
        count=len(group),
        traits=frozenset().union(*(act.traits for act in group)),
        references=tuple(dict.fromkeys(ref for act in group for ref in act.references))[:_MOST_NAMES],
        metadata={**first.metadata, "names": names[:_MOST_NAMES]},
    )
