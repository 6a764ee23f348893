"""How far a name goes that whoever asks gives to themselves: of a tool, of a role's session."""

from dataclasses import replace

import pytest

from core.analysis.classify import classify
from core.analysis.habits import keys_of
from core.analysis.signs import Seen
from core.analysis.ties import node_of
from core.assessment import Verdict
from core.batch import ManagedResource
from core.event import Actor, ActorKind, ChangeType, Event, Intent, IntentKind, ReferenceKind, Via
from core.settings import AnalysisSettings
from core.trait import Trait
from tests.unit.core.changes import BEN, T0, change


def verdict(event: Event, **more: object) -> Verdict:
    seen = Seen(node=node_of(event, event.actor), keys=keys_of(event, event.actor), **more)  # type: ignore[arg-type]
    return classify(seen).classification.verdict


def reason(kind: IntentKind) -> tuple[Intent, ...]:
    return (Intent(kind=kind, says="as written", ref="r-1"),)


TERRAFORM = replace(BEN, via=Via.IAC, tool="Terraform 1.5.7")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (change("vpc", 0, TERRAFORM), Verdict.PLANNED),
        (change("trail", 0, TERRAFORM, traits=(Trait.STOPS_LOGGING,), type=ChangeType.STOPPED), Verdict.UNKNOWN),
        (change("user", 0, TERRAFORM, traits=(Trait.GRANTS_ADMIN, Trait.GRANTS_ACCESS)), Verdict.UNKNOWN),
        (change("role", 0, TERRAFORM, traits=(Trait.CREATES_IDENTITY,)), Verdict.UNKNOWN),
        (change("db", 0, TERRAFORM, traits=(Trait.DESTROYS_STORE, Trait.DELETES_DATA), type=ChangeType.DELETED), Verdict.UNKNOWN),
        (change("trail", 0, replace(TERRAFORM, id="terraform-ci", name="terraform-ci"), traits=(Trait.STOPS_LOGGING,)), Verdict.UNKNOWN),
        (change("user", 0, TERRAFORM, traits=(Trait.GRANTS_ADMIN,), intents=reason(IntentKind.COMMIT)), Verdict.PLANNED),
        (change("user", 0, TERRAFORM, traits=(Trait.GRANTS_ADMIN,), refs=((ReferenceKind.RUN, "run-1"),)), Verdict.PLANNED),
    ],
)
def test_the_name_of_a_tool_explains_a_sensitive_act_only_with_what_an_apply_leaves(event: Event, expected: Verdict) -> None:
    assert verdict(event) is expected


def test_a_sensitive_act_of_a_tool_on_what_its_state_manages_is_planned() -> None:
    managed = ManagedResource(source="tf", address="aws_iam_user.ops", kind="aws_iam_user", aliases=("user",), workspace="prod", since=T0)
    grant = change("user", 0, TERRAFORM, traits=(Trait.GRANTS_ADMIN,))
    assert (verdict(grant), verdict(grant, managed=managed)) == (Verdict.UNKNOWN, Verdict.PLANNED)


def session(role: str, name: str = "GitHubActions") -> Actor:
    return Actor(kind=ActorKind.AUTOMATION, id=f"arn:aws:sts::1:assumed-role/{role}/{name}", name=name, via=Via.CLI, tool="aws-cli 2.15")


def test_what_a_session_calls_itself_explains_nothing_and_what_its_role_is_called_an_ordinary_act() -> None:
    assert verdict(change("db", 0, session("Admin"))) is Verdict.UNKNOWN
    assert verdict(change("db", 0, session("Admin"), intents=reason(IntentKind.PIPELINE))) is Verdict.PLANNED
    assert verdict(change("db", 0, session("ci-deploy"))) is Verdict.PLANNED
    assert verdict(change("trail", 0, session("ci-deploy"), traits=(Trait.STOPS_LOGGING,))) is Verdict.UNPLANNED
    declared = AnalysisSettings(ci_identities=("arn:aws:sts::*:assumed-role/Admin/GitHubActions",))
    assert verdict(change("db", 0, session("Admin")), settings=declared) is Verdict.PLANNED
