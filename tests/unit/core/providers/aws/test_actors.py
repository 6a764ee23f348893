"""Who holds a session: a pipeline's job that a CI system vouches for, or whoever calls itself so."""

from typing import Any

import pytest

from core.event import ActorKind, IntentKind, Via
from core.trait import Trait
from tests.unit.core.providers.aws.given import ACCOUNT, one, record

GITHUB = {"federatedProvider": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"}


def session(role: str, name: str, context: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"
    return {
        "type": "AssumedRole",
        "arn": arn,
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": {"userName": role}, **(context or {})},
        **more,
    }


@pytest.mark.parametrize(
    ("identity", "vouched"),
    [
        (session("deploy", "GitHubActions", {"webIdFederationData": GITHUB}), True),
        (session("deploy", "AWSCodeBuild-1b2c", invokedBy="codebuild.amazonaws.com"), True),
        (session("deploy", "1700000000000", invokedBy="codepipeline.amazonaws.com"), True),
        (session("deploy", "GitHubActions"), False),
        (session("deploy", "AWSCodeBuild-1b2c"), False),
        (session("jenkins", "1700000000000"), False),
    ],
)
def test_a_job_of_a_pipeline_is_one_that_a_ci_system_vouches_for_and_not_what_it_is_called(identity: dict[str, Any], vouched: bool) -> None:
    event = one(record("lambda UpdateFunctionCode20150331v2", {"functionName": "pay"}, userIdentity=identity))
    assert event.actor.kind is ActorKind.AUTOMATION
    assert [intent.kind for intent in event.intents] == ([IntentKind.PIPELINE] if vouched else [])
    assert Trait.ROLLS_OUT in event.traits


def test_a_session_called_like_a_tool_works_with_the_tool_that_it_tells() -> None:
    identity = session("Admin", "terraform-run")
    actor = one(record("s3 CreateBucket", {"bucketName": "b"}, userIdentity=identity, userAgent="aws-cli/2.15")).actor
    assert (actor.kind, actor.via) == (ActorKind.AUTOMATION, Via.CLI)
