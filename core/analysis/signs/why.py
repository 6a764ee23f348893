"""Why it was done, as far as it came with a reason or belongs to something that has one. Pure."""

import re
from collections.abc import Iterator

from core.analysis import rules
from core.analysis.cause import explains
from core.analysis.signs.seen import Seen, Sign
from core.analysis.signs.what import TELLING
from core.analysis.ties import Side, unexplained
from core.event import ChangeType, Intent, IntentKind, Via
from core.trait import Trait

_TICKET = re.compile(r"\b(?:[A-Z][A-Z0-9]{1,9}-\d{1,7}|#\d{2,7}|(?:CHG|INC|RITM|REQ)\d{5,})\b")
_WEIGHTY = frozenset({ChangeType.DELETED, ChangeType.STOPPED, ChangeType.EXECUTED, ChangeType.REPLACED})
_WITH_OTHERS = frozenset({Trait.CREATES_IDENTITY, Trait.INVITES_OUTSIDE, Trait.STARTS_WORKLOAD, Trait.STARTS_COMPUTE})


def why(seen: Seen) -> Iterator[Sign]:
    """Signs of a reason: what came with the change, what was announced, and what its story is known to be part of."""
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
    if _inherits(seen):
        yield from _from_cause(seen)
    bad, weighty = (
        seen.cause.alarming,
        node.event.change_type in _WEIGHTY or _coloured(node.event.traits),
    )
    if bad and bad[0] != node.id and weighty and not node.event.intents and unexplained(node.actor, node.side):
        yield Sign(name="in_bad_company", says=f"in one sitting with: {bad[1]}", ref=bad[0], kind="rule")


def _inherits(seen: Seen) -> bool:
    """Does its story's cause speak for it too? It speaks for what follows by itself and for what belongs to the very operation.

    Not for a hand, nor for somebody unknown; where the source tells nobody, it may be the operation itself, but not with a tool of its
    own. A program beside the operation answers for its security-sensitive acts itself.
    """
    node = seen.node
    match node.side:
        case Side.PLATFORM:
            return True
        case Side.HAND:
            return False
        case Side.UNKNOWN:
            return node.event.nameless and not node.actor.tool and node.actor.via is not Via.CONSOLE
        case Side.MACHINERY:
            own = not seen.cause.carriers.isdisjoint((*node.operations, node.sitting))
            return own or not unexplained(node.actor, node.side) or not _coloured(node.event.traits)


def _coloured(traits: frozenset[Trait]) -> bool:
    """Does what stands beside it say what it is for? An identity alone opens nothing, and a machine may start at any time; beside an
    alarming act the one is a way back in, and the other runs what was put there."""
    table = rules.traits()
    return not _WITH_OTHERS.isdisjoint(traits) or any(table[trait].telling >= TELLING for trait in traits if trait in table)


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
