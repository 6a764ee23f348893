"""Signs: what can be seen of a change, in words that rules weigh. Each says what was seen and what proves it. Pure."""

from collections.abc import Mapping

from core.analysis.signs.seen import Seen, Sign
from core.analysis.signs.usual import when, where
from core.analysis.signs.what import severity_of, what
from core.analysis.signs.who import who
from core.analysis.signs.why import why
from core.event import ReferenceKind

__all__ = ["Seen", "Sign", "severity_of", "signs_of"]

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


def signs_of(seen: Seen) -> dict[str, Sign]:
    """Every sign that holds, by name."""
    found = {sign.name: sign for part in (who, why, what, where, when) for sign in part(seen)}
    if "privileged" in found and ("platform" in found or not _tells_rights(seen, found)):
        del found["privileged"]
    _dispute_stack(seen, found)
    _dispute_tool(seen, found)
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


def _dispute_tool(seen: Seen, found: dict[str, Sign]) -> None:
    """Whoever asks says with which tool, and may say anything. An apply leaves a run, a commit, a window, or a state that knows the thing;
    where a security-sensitive act comes without any, the tool speaks for it as much as the act against it, and no more.

    https://www.rfc-editor.org/rfc/rfc9110#name-user-agent
    """
    told = seen.managed is not None or any(ref.kind is ReferenceKind.RUN for ref in seen.node.event.references)
    sensitive = "guarded" in found and "via_iac" in found and not seen.node.actor.tool.startswith(_STACKS)
    if told or not sensitive or not found.keys() & _DECLARED <= {"via_iac", "ci_identity"}:
        return
    says = f"{found['via_iac'].says}, it says, but no run, commit or state of it was seen"
    found["iac_unseen"] = Sign(name="iac_unseen", says=says, ref=found.pop("via_iac").ref, kind="identity", size=found["guarded"].size)
