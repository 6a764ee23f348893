"""What the parts of one CloudTrail record say, read once, and what they point at: operations, stacks, groups, reasons, pages. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.event import Actor, ChangeType, Event, Intent, IntentKind, Link, Reference, ReferenceKind, Resource, Via
from core.json import JsonObject
from core.providers.aws.actors import Who
from core.providers.aws.resources import Where, references_of
from core.providers.aws.subject import find, told

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", re.IGNORECASE)
_COMMIT_TAGS = frozenset({"git_commit", "git-commit", "gitcommit", "commit", "commit_sha", "commit-sha"})
_TICKET_TAGS = frozenset({"ticket", "change-ticket", "change_ticket", "jira", "change-request", "change_request"})
_STACK_CALLS = ("cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:ExecuteChangeSet")


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One call: what was asked, answered and told besides, where and when. `timed` is False where `at` is only when it was read."""

    record: JsonObject
    call: str
    request: JsonObject
    response: JsonObject
    extra: JsonObject
    where: Where
    at: datetime
    timed: bool
    error: str


def tags_of(request: JsonObject) -> dict[str, str]:
    """The tags that a request gives, in whichever of AWS's ways of writing them, at most 50."""
    found: dict[str, str] = {}
    for rows in find(request, "tags", "tagSet", "tag"):
        if isinstance(rows, dict) and isinstance(rows.get("items"), list):
            rows = rows["items"]
        if isinstance(rows, dict) and all(isinstance(value, str) for value in rows.values()):
            found |= rows
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict):
                key, value = row.get("key", row.get("Key", row.get("tagKey"))), row.get("value", row.get("Value", row.get("tagValue")))
                if isinstance(key, str) and isinstance(value, str):
                    found[key] = value
    return dict(sorted(found.items())[:50])


def references(act: Act, thing: Resource, tags: dict[str, str]) -> tuple[Reference, ...]:
    """What the act on `thing` belongs to: its stack and that stack's operation, its request, its scaling group."""
    found = list(references_of(thing))
    stack = tags.get("aws:cloudformation:stack-id", "")
    if thing.kind == "AWS::CloudFormation::Stack":
        stack = thing.uid or thing.name
    if stack:
        found.append(Reference(kind=ReferenceKind.STACK_OPERATION, id=f"{_stack_name(stack, act)} {act.at:%Y-%m-%dT%H}"))
        found.append(Reference(kind=ReferenceKind.PART_OF, id=stack))
    request_id = told(act.record.get("requestID"))
    if UUID.match(request_id):
        found.append(Reference(kind=ReferenceKind.REQUEST, id=f"aws-request/{request_id.lower()}"))
    shared = told(act.record.get("sharedEventID"))
    if UUID.match(shared):
        found.append(Reference(kind=ReferenceKind.REQUEST, id=f"aws-shared/{shared.lower()}"))
    group = tags.get("aws:autoscaling:groupName") or next(filter(None, (told(v) for v in find(act.request, "autoScalingGroupName"))), "")
    if group and thing.kind != "AWS::AutoScaling::AutoScalingGroup":
        found.append(Reference(kind=ReferenceKind.PART_OF, id=f"asg/{act.where.account}/{act.where.region}/{group}"))
    return tuple(dict.fromkeys(found))


def _stack_name(stack: str, act: Act) -> str:
    """One spelling for a stack: some calls of its operation name it, others give its ARN."""
    name = stack.split("/")[1] if stack.startswith("arn:") and "/" in stack else stack
    return f"{act.where.account}/{act.where.region}/{name}"


def intents(event: Event, act: Act, found: Who, tags: dict[str, str]) -> Iterator[Intent]:
    """Reasons that came with the act: a pipeline, a stack's operation, a commit or ticket in its tags."""
    if found.pipeline:
        yield Intent(kind=IntentKind.PIPELINE, says=event.actor.name or event.actor.id, ref=event.actor.session or event.actor.id)
    stack = tags.get("aws:cloudformation:stack-name", "")
    if act.call.startswith(_STACK_CALLS) and not event.attempted:
        thing = event.resource
        yield Intent(kind=IntentKind.STACK, says=f"an operation of the stack {thing.name}", ref=thing.uid or thing.name)
    elif stack and _by_stack(event.actor):
        yield Intent(kind=IntentKind.STACK, says=f"an operation of the stack {stack}", ref=tags.get("aws:cloudformation:stack-id", stack))
    for key, value in tags.items():
        if key.lower() in _COMMIT_TAGS and re.fullmatch(r"[0-9a-f]{7,40}", value):
            yield Intent(kind=IntentKind.COMMIT, says=value, ref=value)
        elif key.lower() in _TICKET_TAGS and value and event.change_type is ChangeType.CREATED:
            yield Intent(kind=IntentKind.TICKET, says=value, ref=value)


def _by_stack(actor: Actor) -> bool:
    return actor.via is Via.IAC and actor.tool.startswith("CloudFormation")


def links(act: Act) -> tuple[Link, ...]:
    """The console's page of the record, where one can be told."""
    event, region = told(act.record.get("eventID")), act.where.region
    if not UUID.match(event) or not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region) or act.where.partition != "aws":
        return ()
    return (
        Link(title="CloudTrail", url=f"https://{region}.console.aws.amazon.com/cloudtrailv2/home?region={region}#/events/{event.lower()}"),
    )
