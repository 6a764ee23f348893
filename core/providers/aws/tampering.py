"""Requests that turn a thing's own means against it: other code or rights for one run, data encrypted away, a trail narrowed. Pure."""

from collections.abc import Iterator, Mapping

from core.json import JsonObject
from core.providers.aws.policies import ACCOUNT
from core.providers.aws.subject import Subject, find, texts

# What people type into or click on names itself so; a program of a team's own does not.
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
_HAND_TOOLS = ("aws-cli/", "mozilla/", "s3 browser", "cyberduck", "winscp", "s3console", "aws-powershell", "awspowershell")


def overrides_rights(subject: Subject) -> bool:
    """A task that runs once with other rights than its definition gives. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html"""
    return any(True for one in find(subject.after, "overrides") for _ in texts(one, "taskRoleArn", "executionRoleArn"))


def overrides_build(subject: Subject) -> bool:
    """A build that runs once with other commands, image, source or rights. https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html"""
    names = ("buildspecOverride", "imageOverride", "sourceLocationOverride", "serviceRoleOverride", "privilegedModeOverride")
    return any(value not in (None, "", False) for value in find(subject.after, *names))


def customer_key(subject: Subject) -> bool:
    """Encrypted with a key that AWS does not keep. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html"""
    copying = ("copysource", "copy-source")
    return any(
        key.lower().replace("-", "").endswith("customeralgorithm") and not any(word in key.lower() for word in copying)
        for key in subject.after
    )


def overwrites_itself(subject: Subject) -> bool:
    """An object copied onto itself: nothing changes but how it is kept."""
    sources = {source.strip("/").split("?")[0] for source in texts(subject.after, "x-amz-copy-source")}
    return any(f"{bucket}/{key}" in sources for bucket in texts(subject.after, "bucketName") for key in texts(subject.after, "key"))


def key_of_other_account(subject: Subject) -> bool:
    names = ("kmsMasterKeyId", "kMSMasterKeyID", "x-amz-server-side-encryption-aws-kms-key-id")
    return bool(subject.account) and any(found != subject.account for key in texts(subject.after, *names) for found in ACCOUNT.findall(key))


def with_hand_tool(subject: Subject) -> bool:
    agent = subject.agent.strip("[]'\" ").lower()
    return agent.startswith(_HAND_TOOLS)


def selectors_whole(subject: Subject) -> bool:
    """A trail keeps every management event, reads and writes. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html"""
    plain = [one for found in find(subject.after, "eventSelectors") if isinstance(found, list) for one in found if isinstance(one, dict)]
    return any(_whole(one) for one in plain) or any(_only_of_category(one) for one in _advanced(subject))


def _whole(selector: JsonObject) -> bool:
    management = any(str(value).lower() == "true" for value in find(selector, "includeManagementEvents"))
    both = {value.lower() for value in texts(selector, "readWriteType")} <= {"all"}
    return management and both and not any(bool(value) for value in find(selector, "excludeManagementEventSources"))


def _advanced(subject: Subject) -> Iterator[JsonObject]:
    for found in find(subject.after, "advancedEventSelectors"):
        yield from (one for one in (found if isinstance(found, list) else []) if isinstance(one, dict))


def _only_of_category(selector: JsonObject) -> bool:
    fields = [one for found in find(selector, "fieldSelectors") if isinstance(found, list) for one in found if isinstance(one, Mapping)]
    return len(fields) == 1 and "Management" in set(texts(fields[0], "equals"))
