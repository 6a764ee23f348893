"""Signs: what can be seen of a change, in words that rules weigh. Each says what was seen and what proves it. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from core.analysis import habits, rules
from core.analysis.cause import BURST, BURST_WINDOW, Cause, destroys_by_hand, explains, owned_by_git
from core.analysis.habits import Keys
from core.analysis.ties import Node, Side, unexplained
from core.announcement import Announcement
from core.assessment import Severity
from core.baseline import Baseline
from core.batch import ManagedResource
from core.event import Actor, ActorKind, ChangeType, Intent, IntentKind, ReferenceKind, Via
from core.settings import AnalysisSettings
from core.trait import Trait

_TICKET = re.compile(r"\b(?:[A-Z][A-Z0-9]{1,9}-\d{1,7}|#\d{2,7}|(?:CHG|INC|RITM|REQ)\d{5,})\b")
_UPKEEP = frozenset({Trait.SCALES, Trait.BACKS_UP, Trait.ROTATES, Trait.MAINTAINS})
# What a controller may carry out but never thinks up: somebody's specification asked for it.
_ASKED_FOR = frozenset(
    {
        Trait.PRIVILEGED_WORKLOAD,
        Trait.RUNS_FOREIGN_CODE,
        Trait.EXECUTES_IN_WORKLOAD,
        Trait.EXPOSES_PUBLICLY,
        Trait.SHARES_OUTSIDE,
        Trait.GRANTS_ADMIN,
        Trait.STOPS_LOGGING,
        Trait.STOPS_DETECTION,
        Trait.LEAVES_ORGANISATION,
    }
)
_DAILY_ERRAND = 0.3
_WEIGHTY = frozenset({ChangeType.DELETED, ChangeType.STOPPED, ChangeType.EXECUTED, ChangeType.REPLACED})
# From this much on an act is rarely done by hand without telling anybody; below it is daily work that is merely watched.
_TELLING = 1.0
_WITH_OTHERS = frozenset({Trait.CREATES_IDENTITY, Trait.INVITES_OUTSIDE, Trait.STARTS_WORKLOAD, Trait.STARTS_COMPUTE})
_MOST_TELLING = 3.5
_EACH_MORE = 0.3
# Nothing happened and nobody was denied anything: what is left is what was meant to be done.
_MISTAKEN = 0.3
_ROLLBACK_WINDOW = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign:
    """`size` scales a rule's weight where the rule says so."""

    name: str
    says: str
    ref: str
    kind: str
    at: datetime | None = None
    size: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Everything one event is judged by. `baselines` are as they were before it."""

    node: Node
    keys: Keys
    cause: Cause = field(default_factory=Cause)
    announcements: Sequence[Announcement] = ()
    managed: ManagedResource | None = None
    baselines: Mapping[str, Baseline] = field(default_factory=dict)
    settings: AnalysisSettings = field(default_factory=AnalysisSettings)


@lru_cache(maxsize=4096)
def severity_of(traits: frozenset[Trait], change_type: ChangeType) -> tuple[Severity, tuple[Trait, ...]]:
    """The gravest of the traits (a refused act one step less), and the security-sensitive ones, gravest first."""
    table = rules.traits()
    known = [trait for trait in traits if trait in table]
    ranks = [table[trait].severity.rank for trait in known]
    ranks += [joint.severity.rank for joint in rules.together() if joint.traits <= traits]
    rank = max(ranks, default=0)
    if change_type is ChangeType.ATTEMPTED and rank:
        rank -= 1
    guarded = sorted((t for t in known if table[t].guarded), key=lambda t: (-table[t].severity.rank, t))
    return list(Severity)[rank], tuple(guarded)


def signs_of(seen: Seen) -> dict[str, Sign]:
    """Every sign that holds, by name."""
    found = {sign.name: sign for part in (_who, _why, _what, _where, _when) for sign in part(seen)}
    if "privileged" in found and ("platform" in found or not _tells_rights(seen, found)):
        del found["privileged"]
    _dispute_stack(seen, found)
    declared = _DECLARED & found.keys()
    grave = "guarded" in found and found["guarded"].size >= _NOT_BY_NAME
    if declared == {"ci_identity"} and (grave or "in_bad_company" in found):
        # What hides tracks or opens a way in, and what is done beside it, is not explained by what an identity is called: keys leak
        # with their names.
        del found["ci_identity"]
        declared = frozenset()
    if not declared:
        found["not_declared"] = Sign(name="not_declared", says="no run, window or ticket explains it", ref="", kind="rule")
    if "platform" not in found:
        found["not_platform"] = Sign(name="not_platform", says="not the platform itself", ref="", kind="rule")
    return found


def _tells_rights(seen: Seen, found: Mapping[str, Sign]) -> bool:
    """Do unlimited rights say anything about this act? A root account is locked away and an emergency's identity is kept for emergencies;
    but a cluster's administrator is who works on a small one every day, and counts beside what is told beforehand alone.

    https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/create-cluster-kubeadm/
    """
    actor = seen.node.actor
    return "root" in (actor.name.casefold(), actor.id.casefold()) or not found.keys().isdisjoint(("break_glass", "telling"))


def _dispute_stack(seen: Seen, found: dict[str, Sign]) -> None:
    """CloudFormation carries out what a stack operation asks for, and that is a record of its own in the same trail: where a
    security-sensitive act comes without one, it says how it was done and not that it was meant. Less still where the record contradicts
    itself: what AWS calls by itself comes from the service's name, not from an address.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-api-logging-cloudtrail.html,
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    """
    actor = seen.node.actor
    if "telling" not in found or "via_iac" not in found or not actor.tool.startswith(_STACKS) or found.keys() & _DECLARED != {"via_iac"}:
        return
    says = f"done with {actor.tool}, but no stack operation was seen"
    size = 1.0
    if actor.network:
        says, size = f"{says}, and it came from an address ({actor.network})", _CONTRADICTED
    found["stack_unseen"] = Sign(name="stack_unseen", says=says, ref=found.pop("via_iac").ref, kind="identity", size=size)


_STACKS = "CloudFormation"
_CONTRADICTED = 0.65
_NOT_BY_NAME = 2.0
_DECLARED = frozenset(
    {
        "intent_run",
        "intent_stack",
        "intent_gitops",
        "intent_pipeline",
        "intent_commit",
        "intent_release",
        "intent_ticket",
        "in_window",
        "in_run",
        "via_iac",
        "via_gitops",
        "ci_identity",
        "cause_planned",
    }
)


def _who(seen: Seen) -> Iterator[Sign]:
    node, actor = seen.node, seen.node.actor
    who = actor.name or actor.id or "someone unknown"
    ref = actor.id or node.id
    if node.side is Side.PLATFORM:
        yield Sign(name="platform", says=f"{who} is the platform itself", ref=ref, kind="identity")
    if node.side is Side.HAND:
        how = f" with {actor.tool}" if actor.tool else f" in the {actor.via}" if actor.via is Via.CONSOLE else ""
        yield Sign(name="by_hand", says=f"{who}{how}, by hand", ref=ref, kind="identity")
    if not actor.known and node.side is Side.UNKNOWN:
        yield Sign(name="actor_unknown", says="nobody known did it", ref=node.id, kind="identity")
        if node.event.nameless:
            yield Sign(name="nameless", says="its source names nobody", ref=node.id, kind="identity")
    if actor.via is Via.IAC:
        yield Sign(name="via_iac", says=f"done with {actor.tool or 'infrastructure as code'}", ref=ref, kind="identity")
    if actor.via is Via.GITOPS:
        yield Sign(name="via_gitops", says=f"done by {actor.tool or who} from Git", ref=ref, kind="identity")
    spellings = frozenset({actor.id, actor.name, actor.session})
    # A person may be named like anything; our own list counts for them only where the settings say so.
    like = rules.matching(spellings, seen.settings.ci_identities)
    if not like and actor.kind is not ActorKind.HUMAN and node.side is not Side.PLATFORM and not _typed_by_hand(actor):
        like = rules.looks_like("ci", spellings)
    if like:
        yield Sign(name="ci_identity", says=f"{who} is a deployment identity ({like})", ref=ref, kind="identity")
    if actor.privileged:
        says = "done as root" if who.casefold() == "root" else f"{who} acts as root or with emergency rights"
        yield Sign(name="privileged", says=says, ref=ref, kind="identity")
    if like := rules.matching(spellings, seen.settings.break_glass) or rules.looks_like("break_glass", spellings):
        yield Sign(name="break_glass", says=f"{who} is an identity for emergencies ({like})", ref=ref, kind="identity")


def _typed_by_hand(actor: Actor) -> bool:
    """A bare client of HTTP or a browser is no pipeline's tool: names are copied along with keys and tokens."""
    return actor.via is Via.CONSOLE or bool(rules.looks_like("bare_client", frozenset({actor.tool})))


def _why(seen: Seen) -> Iterator[Sign]:
    node, at = seen.node, seen.node.at
    for intent in node.event.intents:
        kind = "run" if intent.kind in (IntentKind.RUN, IntentKind.STACK, IntentKind.PIPELINE) else intent.kind.value
        yield Sign(
            name=f"intent_{intent.kind}",
            says=_reason(intent),
            ref=intent.ref or node.id,
            kind=kind,
            at=at,
        )
        if intent.kind is not IntentKind.TICKET and (ticket := _TICKET.search(intent.says)):
            yield Sign(name="intent_ticket", says=f"names {ticket.group()}", ref=ticket.group(), kind="ticket", at=at)
    for said in seen.announcements:
        if not explains(said, node):
            continue
        if said.kind == "window":
            yield Sign(name="in_window", says=f"inside the window {said.title}", ref=said.id, kind="window", at=said.range.start)
            if said.by.known and {said.by.id, said.by.name} & {node.actor.id, node.actor.name} - {""}:
                yield Sign(
                    name="in_own_window", says=f"{said.by.name or said.by.id} announced it", ref=said.id, kind="window", at=said.range.start
                )
        else:
            yield Sign(name="in_run", says=f"{said.title} was going on", ref=said.id, kind="run", at=said.range.start)
    if node.side is not Side.HAND:
        yield from _from_cause(seen)
    bad, weighty = (
        seen.cause.alarming,
        node.event.change_type in _WEIGHTY or _coloured(node.event.traits),
    )
    if bad and bad[0] != node.id and weighty and not node.event.intents and unexplained(node.actor, node.side):
        yield Sign(name="in_bad_company", says=f"in one sitting with: {bad[1]}", ref=bad[0], kind="rule")


def _kept_up(node: Node) -> frozenset[Trait]:
    """What of it is upkeep. What scales by itself is the platform, or works without a hand's tool; and it leaves something running."""
    kept = _UPKEEP & node.event.traits
    by_itself = node.actor.via not in (Via.CLI, Via.CONSOLE) and Trait.STOPS_WORKLOAD not in node.event.traits
    return kept if node.side is Side.PLATFORM or by_itself else kept - {Trait.SCALES}


def _coloured(traits: frozenset[Trait]) -> bool:
    """Does what stands beside it say what it is for? An identity alone opens nothing, and a machine may start at any time; beside an
    alarming act the one is a way back in, and the other runs what was put there."""
    table = rules.traits()
    return not _WITH_OTHERS.isdisjoint(traits) or any(table[trait].telling >= _TELLING for trait in traits if trait in table)


def _reason(intent: Intent) -> str:
    """The reason in words; what people wrote stands as they wrote it."""
    match intent.kind:
        case IntentKind.CHANGE_CAUSE:
            return f"its author wrote: {intent.says}"
        case IntentKind.COMMIT if not intent.says.casefold().startswith("commit"):
            return f"commit {intent.says}"
        case IntentKind.TICKET if not intent.says.casefold().startswith("ticket"):
            return f"ticket {intent.says}"
    return intent.says


def _from_cause(seen: Seen) -> Iterator[Sign]:
    cause, node = seen.cause, seen.node
    other = next(((intent, at) for intent, at in cause.intents.values() if at != node.id), None)
    if other:
        yield Sign(name="cause_planned", says=f"part of {other[0].says}", ref=other[1], kind="run")
    elif cause.runs:
        run = cause.runs[0]
        yield Sign(name="cause_planned", says=f"part of {run.title}", ref=run.id, kind="run", at=run.range.start)
    elif cause.announced and node.side is Side.PLATFORM:
        run = cause.announced
        yield Sign(name="cause_planned", says=f"follows what {run.title} announced", ref=run.id, kind="window", at=run.range.start)
    elif cause.drift and node.side is Side.PLATFORM and not node.starts_itself:
        yield Sign(name="follows_drift", says=f"follows by itself: {cause.drift[1]}", ref=cause.drift[0], kind="managed")
    elif cause.machinery and cause.machinery != node.id and not cause.hand and node.side is not Side.MACHINERY:
        yield Sign(name="cause_planned", says="follows a change by declared machinery", ref=cause.machinery, kind="run")


def _what(seen: Seen) -> Iterator[Sign]:
    event = seen.node.event
    _, guarded = severity_of(event.traits, event.change_type)
    if guarded:
        table = rules.traits()
        first = table[guarded[0]]
        telling = sorted((table[trait].telling for trait in guarded), reverse=True)
        size = min(_MOST_TELLING, telling[0] + _EACH_MORE * (len(telling) - 1))
        if event.attempted and rules.is_mistake(event.error):
            size *= _MISTAKEN
        says = "; ".join(table[trait].says for trait in guarded[:3])
        yield Sign(name="guarded", says=says, ref=first.source, kind="rule", size=size)
        if size >= _TELLING:
            yield Sign(name="telling", says=says, ref=first.source, kind="rule")
    if seen.node.side is Side.PLATFORM and not _ASKED_FOR.isdisjoint(event.traits):
        who = seen.node.actor.name or "a controller"
        yield Sign(
            name="on_behalf",
            says=f"{who} only carries it out; who asked for it was not seen",
            ref=event.id,
            kind="rule",
            # A way in from the whole world is also what every public service consists of, and controllers lay it for each.
            size=_DAILY_ERRAND if _ASKED_FOR & event.traits == {Trait.EXPOSES_PUBLICLY} else 1.0,
        )
    if kept := _kept_up(seen.node):
        does = ", ".join(sorted(trait.replace("_", " ") for trait in kept))
        yield Sign(name="upkeep", says=f"it {does}, which is upkeep", ref=event.id, kind="rule")
    if event.change_type is ChangeType.DELETED:
        yield Sign(name="deletes", says="it was deleted", ref=event.id, kind="rule")
    if Trait.DESTROYS_STORE in event.traits:
        yield Sign(name="destroys_store", says="a whole database or file system was deleted", ref=event.id, kind="rule")
    if seen.cause.destroyed and destroys_by_hand(seen.node):
        says = f"{seen.cause.destroyed} stores of data, backups or keys destroyed by hand within 10 minutes"
        yield Sign(name="destroyed_burst", says=says, ref=event.id, kind="rule")
    if event.attempted:
        yield Sign(name="attempted", says=f"refused or failed: {event.error or 'nothing changed'}", ref=event.id, kind="rule")
        attempts = seen.baselines.get(seen.keys.attempts)
        lately = sum(1 for one in attempts.recent if abs(event.occurred_at - one) <= BURST_WINDOW) + 1 if attempts else 1
        lately = max(lately, seen.cause.refusals)
        if lately >= BURST:
            yield Sign(name="attempts_burst", says=f"{lately} refused attempts within 10 minutes", ref=seen.keys.attempts, kind="habit")


def _where(seen: Seen) -> Iterator[Sign]:
    managed = seen.managed
    if managed is not None and not managed.removed:
        says = f"{managed.address} in {managed.workspace or managed.source} owns this and will undo it at the next apply"
        yield Sign(name="managed", says=says, ref=f"{managed.source}:{managed.address}", kind="managed", at=managed.since)
    else:
        yield from _tracked(seen)
    actor = seen.baselines.get(seen.keys.actor)
    network = seen.node.actor.network
    if actor and network and actor.count >= 10:
        known = habits.places(actor)
        if known and network not in known:
            yield Sign(name="new_place", says=f"never before from {network}", ref=seen.keys.actor, kind="habit")


def _tracked(seen: Seen) -> Iterator[Sign]:
    """Does a GitOps application own it?"""
    for ref in seen.node.event.references:
        if ref.kind is ReferenceKind.PART_OF and owned_by_git(ref.id):
            yield Sign(
                name="managed",
                says=f"the GitOps application {ref.id.rpartition('/')[2]} owns this and will undo it at the next sync",
                ref=ref.id,
                kind="managed",
            )
            return


def _when(seen: Seen) -> Iterator[Sign]:
    at, baselines, keys = seen.node.at, seen.baselines, seen.keys
    if keys.actor and keys.actor not in baselines:
        days = habits.known_days(baselines.get(keys.stream), at)
        if days >= habits.HISTORY_NEEDED_DAYS:
            yield Sign(name="new_actor", says=f"first change by this actor in {int(days)} days of history", ref=keys.actor, kind="habit")
    actor = baselines.get(keys.actor)
    if actor and habits.hour_is_strange(actor, at):
        says = f"{actor.count} changes by this actor before, hardly any near {at:%H}:00 UTC"
        yield Sign(name="off_hours", says=says, ref=keys.actor, kind="habit")
    for key in (keys.same, keys.actor_kind):
        usual = habits.regularity(baselines[key], at) if key in baselines else None
        if usual:
            says = f"{usual.hits} of the last {usual.of} {usual.unit(at)} near {at:%H:%M} UTC"
            yield Sign(name="habit", says=says, ref=key, kind="habit")
            break
    same = baselines.get(keys.same)
    if seen.node.side is Side.HAND and same and (deployed := habits.by_machinery(same)):
        says = f"until now machinery changed this here, {deployed[0]} of {deployed[1]} times"
        yield Sign(name="usually_declared", says=says, ref=keys.same, kind="habit", at=same.last_at)
    acts = baselines.get(keys.actor_kind)
    if acts and acts.count >= 20 and habits.recent_days(acts, at, 30) >= 10 and not acts.endings.get("unplanned"):
        yield Sign(name="usual_of_actor", says=f"this actor did the like {acts.count} times before", ref=keys.actor_kind, kind="habit")
    yield from _rollback(seen)


def _rollback(seen: Seen) -> Iterator[Sign]:
    event = seen.node.event
    if Trait.ROLLS_BACK in event.traits:
        yield Sign(name="rollback_soon", says="an earlier version is brought back", ref=event.id, kind="rule")
        return
    same = seen.baselines.get(seen.keys.same)
    if same and same.last_at and event.changes and timedelta(0) <= event.occurred_at - same.last_at <= _ROLLBACK_WINDOW:
        was, now = habits.values_of(event)
        if same.numbers.get("was") == now and same.numbers.get("now") == was:
            says = f"it undoes the change of {same.last_at:%H:%M} UTC"
            yield Sign(name="rollback_soon", says=says, ref=same.key, kind="habit", at=same.last_at)
