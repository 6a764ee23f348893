"""What it is: security-sensitive or upkeep, and how grave. Pure."""

from collections.abc import Iterator
from functools import lru_cache

from core.analysis import rules
from core.analysis.cause import BURST, BURST_WINDOW, destroys_by_hand
from core.analysis.signs.seen import Seen, Sign
from core.analysis.ties import Node, Side
from core.assessment import Severity
from core.event import ChangeType, Via
from core.trait import Trait

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
# From this much on an act is rarely done by hand without telling anybody; below it is daily work that is merely watched.
TELLING = 1.0
_MOST_TELLING = 3.5
_EACH_MORE = 0.3
# Nothing happened and nobody was denied anything: what is left is what was meant to be done.
_MISTAKEN = 0.3


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


def what(seen: Seen) -> Iterator[Sign]:
    """Signs of the act: what is security-sensitive in it, what is upkeep, what was destroyed or refused."""
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
        if size >= TELLING:
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


def _kept_up(node: Node) -> frozenset[Trait]:
    """What of it is upkeep. What scales by itself is the platform, or works without a hand's tool; and it leaves something running."""
    kept = _UPKEEP & node.event.traits
    by_itself = node.actor.via not in (Via.CLI, Via.CONSOLE) and Trait.STOPS_WORKLOAD not in node.event.traits
    return kept if node.side is Side.PLATFORM or by_itself else kept - {Trait.SCALES}
