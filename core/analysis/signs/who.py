"""Who did it, and with what rights and tools. Pure."""

from collections.abc import Iterator

from core.analysis import rules
from core.analysis.signs.seen import Seen, Sign
from core.analysis.ties import Side
from core.event import Actor, ActorKind, Via
from core.trait import Trait


def who(seen: Seen) -> Iterator[Sign]:
    """Signs of the actor: by which side it acts, with what, with which rights, and what its names say."""
    node, actor = seen.node, seen.node.actor
    named = actor.name or actor.id or "someone unknown"
    ref = actor.id or node.id
    if node.side is Side.PLATFORM:
        yield Sign(name="platform", says=f"{named} is the platform itself", ref=ref, kind="identity")
    if node.side is Side.HAND:
        how = f" with {actor.tool}" if actor.tool else f" in the {actor.via}" if actor.via is Via.CONSOLE else ""
        yield Sign(name="by_hand", says=f"{named}{how}, by hand", ref=ref, kind="identity")
    if not actor.known and node.side is Side.UNKNOWN:
        yield Sign(name="actor_unknown", says="nobody known did it", ref=node.id, kind="identity")
        if node.event.nameless:
            yield Sign(name="nameless", says="its source names nobody", ref=node.id, kind="identity")
    if actor.via is Via.IAC:
        yield Sign(name="via_iac", says=f"done with {actor.tool or 'infrastructure as code'}", ref=ref, kind="identity")
    if actor.via is Via.GITOPS:
        yield Sign(name="via_gitops", says=f"done by {actor.tool or named} from Git", ref=ref, kind="identity")
    spellings = frozenset({actor.id, actor.name, actor.session})
    # A person may be named like anything; our own list counts for them only where the settings say so. No name alone explains what was
    # run inside a workload: a pipeline deploys, and its token is what an intruder would use.
    like = rules.matching(spellings, seen.settings.ci_identities)
    guessed = actor.kind is not ActorKind.HUMAN and node.side is not Side.PLATFORM and not _typed_by_hand(actor)
    if not like and guessed and Trait.EXECUTES_IN_WORKLOAD not in node.event.traits:
        like = rules.looks_like("ci", rules.given_names(actor))
    if like:
        yield Sign(name="ci_identity", says=f"{named} is a deployment identity ({like})", ref=ref, kind="identity")
    if actor.privileged:
        says = "done as root" if named.casefold() == "root" else f"{named} acts as root or with emergency rights"
        yield Sign(name="privileged", says=says, ref=ref, kind="identity")
    if like := rules.matching(spellings, seen.settings.break_glass) or rules.looks_like("break_glass", spellings):
        yield Sign(name="break_glass", says=f"{named} is an identity for emergencies ({like})", ref=ref, kind="identity")


def _typed_by_hand(actor: Actor) -> bool:
    """A bare client of HTTP or a browser is no pipeline's tool: names are copied along with keys and tokens."""
    return actor.via is Via.CONSOLE or bool(rules.looks_like("bare_client", frozenset({actor.tool})))
