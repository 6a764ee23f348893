"""What is known of a story's cause: the reasons its events carry and the runs that cover it. Read by classify and by the story's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from core.analysis import rules
from core.analysis.ties import Node, Side, unexplained
from core.announcement import Announcement
from core.event import Intent, IntentKind, ReferenceKind
from core.trait import Trait

# From this much on (rules/severity.yaml, `guarded`) an unexplained act colours the rest of its sitting.
ALARMING = 1.8
# Reasons of an operation, which its consequences share.
# So many refusals of one story within this time are no slip.
BURST = 8
BURST_WINDOW = timedelta(minutes=10)
# So many stores of data, backups or keys that one hand destroys within this time are no tidying. https://attack.mitre.org/techniques/T1485/
MANY_DESTROYED = 10
_DESTRUCTIVE = frozenset({Trait.DELETES_DATA, Trait.DESTROYS_BACKUP, Trait.DESTROYS_ENCRYPTION_KEY})
_OPERATION = (IntentKind.RUN, IntentKind.STACK, IntentKind.PIPELINE, IntentKind.GITOPS, IntentKind.RELEASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """`intents` are the operation's reasons with the event that carries each, `carriers` the operations and sittings of those events;
    `machinery` is an event by declared machinery, if any.

    `alarming` is the most security-sensitive act in it by a hand or a program, with its sentence, where nothing declared it. `drift` is
    an act by hand on what Git owns, with its sentence; `announced` a window that explains the hand. `refusals` counts a burst of refused
    attempts, `destroyed` one of data, backups and keys destroyed by hand.
    """

    intents: dict[IntentKind, tuple[Intent, str]] = field(default_factory=dict)
    carriers: frozenset[str] = frozenset()
    runs: tuple[Announcement, ...] = ()
    machinery: str = ""
    hand: bool = False
    alarming: tuple[str, str] | None = None
    drift: tuple[str, str] | None = None
    announced: Announcement | None = None
    refusals: int = 0
    destroyed: int = 0

    def tells_the_same(self, other: "Cause") -> bool:
        """Would events that belong to it be judged the same by the other? A second reason of the same kind adds nothing."""
        return (
            self.intents.keys() == other.intents.keys()
            and {run.id for run in self.runs} == {run.id for run in other.runs}
            and bool(self.machinery) == bool(other.machinery)
            and self.hand == other.hand
            and self.alarming == other.alarming
            and bool(self.drift) == bool(other.drift)
            and (self.announced and self.announced.id) == (other.announced and other.announced.id)
            and bool(self.refusals) == bool(other.refusals)
            and bool(self.destroyed) == bool(other.destroyed)
        )


def cause_of(nodes: Iterable[Node], announcements: Sequence[Announcement], ci_identities: tuple[str, ...] = ()) -> Cause:
    """The group's reasons. A person's hand in the group brings no reasons of an operation to others."""
    intents: dict[IntentKind, tuple[Intent, str]] = {}
    references: set[str] = set()
    machinery, hand = "", False
    drift: tuple[str, str] | None = None
    announced: Announcement | None = None
    carriers: set[str] = set()
    refused: list[Node] = []
    destroyed: list[Node] = []
    worst: tuple[float, str, str] | None = None
    for node in nodes:
        references.update(key.split(":", 2)[2] for key in node.operations)
        if unexplained(node.actor, node.side) and not node.event.intents:
            worst = _worse(worst, node)
        if node.event.attempted:
            refused.append(node)
        if destroys_by_hand(node):
            destroyed.append(node)
        if node.side is Side.HAND:
            hand = True
            if not node.event.attempted:
                drift = drift or _drift(node)
                announced = announced or next((one for one in announcements if one.kind == "window" and explains(one, node)), None)
            continue
        if node.side is Side.MACHINERY and not node.event.attempted and _declared(node, ci_identities):
            machinery = machinery or node.id
        for intent in node.event.intents:
            if intent.kind in _OPERATION:
                intents.setdefault(intent.kind, (intent, node.id))
                carriers.update((*node.operations, node.sitting))
    runs = tuple(said for said in announcements if said.reference and said.reference in references)
    alarming = (worst[1], worst[2]) if worst and worst[0] >= ALARMING and not (intents or runs) else None
    return Cause(
        intents=intents, carriers=frozenset(carriers - {""}), runs=runs, machinery=machinery,
        hand=hand, alarming=alarming, drift=drift, announced=announced,
        refusals=_burst(refused, BURST), destroyed=_burst(destroyed, MANY_DESTROYED),
    )  # fmt: skip


def _declared(node: Node, ci_identities: tuple[str, ...]) -> bool:
    """May others' changes follow it as planned? A program that no tool, reason or deployment identity speaks for declares nothing."""
    actor = node.actor
    if node.event.intents or not unexplained(actor, node.side):
        return True
    spellings = frozenset({actor.id, actor.name, actor.session})
    return bool(rules.looks_like("ci", rules.given_names(actor)) or rules.matching(spellings, ci_identities))


def _drift(node: Node) -> tuple[str, str] | None:
    """A hand on what a GitOps application owns."""
    if not any(owned_by_git(ref.id) for ref in node.event.references if ref.kind is ReferenceKind.PART_OF):
        return None
    return node.id, f"{node.actor.name or node.actor.id} changed {node.event.resource.name} by hand, which Git owns"


def owned_by_git(part: str) -> bool:
    """Does a GitOps application own what is part of it?"""
    return bool(rules.looks_like("gitops_owner", frozenset({part})))


def destroys_by_hand(node: Node) -> bool:
    return node.side is Side.HAND and not node.event.attempted and not _DESTRUCTIVE.isdisjoint(node.event.traits)


def _burst(nodes: Sequence[Node], least: int) -> int:
    """The most of them within the window; 0 where they are no burst."""
    times = sorted(node.at for node in nodes)
    most, first = 0, 0
    for last, at in enumerate(times):
        while at - times[first] > BURST_WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most if most >= least else 0


def _worse(worst: tuple[float, str, str] | None, node: Node) -> tuple[float, str, str] | None:
    table = rules.traits()
    for trait in sorted(node.event.traits):
        if trait in table and (worst is None or table[trait].telling > worst[0]):
            worst = (table[trait].telling, node.id, table[trait].says)
    return worst


def explains(said: Announcement, node: Node) -> bool:
    """Does the announcement cover this event: its time, and what it names (filters joined by AND; a run by reference or resource)?"""
    event, covers = node.event, said.covers
    if not said.range.holds(event.occurred_at):
        return False
    if said.kind != "window":
        named = event.resource.key in covers.resource_keys
        return named or bool(said.reference and any(key.endswith(f":{said.reference}") for key in node.operations))
    wants = (
        (covers.environments, event.environment),
        (covers.sources, event.source),
        (covers.providers, event.provider),
        (covers.kinds, event.resource.kind),
        (covers.resource_keys, event.resource.key),
        (covers.actor_kinds, node.actor.kind),
        (covers.change_types, event.change_type),
    )
    if any(wanted and value not in wanted for wanted, value in wants):
        return False
    if covers.actors and not {node.actor.id, node.actor.name} & covers.actors:
        return False
    return not covers.text or covers.text in event.resource.key
