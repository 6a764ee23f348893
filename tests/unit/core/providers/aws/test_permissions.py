"""The policies we ship hold what the calls need, all of it, and nothing that writes or reads a secret."""

import ast
import json
import re
from pathlib import Path

import pytest

from core.providers.aws.describers import DESCRIBERS

ROOT = Path(__file__).parents[5]
NAMED = re.compile(r"(cloudtrail|cloudwatch|config|organizations|health|ecs|autoscaling|sqs):[A-Z]\w+")
# Needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
FREE = {"sts:GetCallerIdentity"}


def granted(name: str) -> set[str]:
    policy = json.loads((ROOT / "deploy/permissions" / name).read_text(encoding="utf-8"))
    assert all(statement["Effect"] == "Allow" for statement in policy["Statement"])
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def named() -> set[str]:
    """Every permission that the code names where it calls AWS, docstrings apart."""
    found: set[str] = set()
    for path in sorted((ROOT / "core/providers/aws").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAMED.fullmatch(node.value):
                found.add(node.value)
    return found


def called() -> set[str]:
    """Every method of a client that the code calls, as the permission of the same name."""
    found: set[str] = set()
    for path in sorted((ROOT / "core/providers/aws").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and re.fullmatch(r"(describe|get|list|lookup|batch_get)_[a-z0-9_]+", node.attr):
                found.add("".join(part.capitalize() for part in node.attr.split("_")))
    return found


def test_the_policy_grants_what_the_describers_and_the_other_readers_need_and_no_more() -> None:
    described = {action for describer in DESCRIBERS.values() for action in describer.needs}
    named_here = {action for action in named() if not action.startswith(("organizations:", "sqs:"))}
    assert granted("aws-policy.json") == described | named_here


def test_the_one_that_asks_for_accounts_may_list_them_and_enter_them() -> None:
    listing = {"organizations:ListAccounts", "organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent"}
    assert granted("aws-organization-policy.json") == listing | {"sts:AssumeRole"}


def test_the_policy_of_the_queue_adds_what_the_queue_needs() -> None:
    assert {action for action in granted("aws-queue-policy.json") if action.startswith("sqs:")} == {
        action for action in named() if action.startswith("sqs:")
    }


def test_every_method_that_is_called_is_granted() -> None:
    """A call whose permission has another name is looked up: the API of S3 and IAM name some otherwise."""
    others = {"GetBucketEncryption": "GetEncryptionConfiguration", "GetPublicAccessBlock": "GetBucketPublicAccessBlock"}
    actions = {action.split(":")[1].lower() for name in ("aws-policy.json", "aws-organization-policy.json") for action in granted(name)}
    actions |= {"getqueueattributes", "getcalleridentity"}
    missing = {call for call in called() if others.get(call, call).lower() not in actions}
    assert missing == set()


@pytest.mark.parametrize("name", ["aws-policy.json", "aws-organization-policy.json"])
def test_nothing_that_is_granted_writes_or_reads_a_secret(name: str) -> None:
    for action in granted(name) - {"sts:AssumeRole"}:
        assert action.split(":")[1].startswith(("Describe", "Get", "List", "Lookup", "BatchGet")), action
    assert not granted(name) & {"secretsmanager:GetSecretValue", "ssm:GetParameter", "s3:GetObject", "kms:Decrypt"}
