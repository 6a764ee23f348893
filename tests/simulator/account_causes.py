"""What happens in the other cloud's account: stacks, scaling, snapshots, root, consoles, keys."""

from datetime import datetime, timedelta

from core.json import JsonObject
from tests.simulator import aws_records as aws
from tests.simulator.organisation import Person
from tests.simulator.scribe import ACCOUNT, Scribe
from tests.simulator.truth import Meant, Truth

_FORMATION = "cloudformation.amazonaws.com"
_GITHUB = "token.actions.githubusercontent.com"
HEALTHY = ((4.0, True), (9.0, True))


def _write(
    scribe: Scribe, at: datetime, truth: Truth | None, service: str, name: str, who: JsonObject, address: str, asked: JsonObject,
    *, agent: str = "", answer: JsonObject | None = None, console: bool = False, error: str = "", read_only: bool = False,
    vitals: tuple[tuple[float, bool], ...] = (),
) -> None:  # fmt: skip
    record = aws.call(
        scribe.id(), at, service=service, name=name, who=who, agent=agent or address, address=address, asked=asked, answer=answer,
        console=console, error=error, read_only=read_only,
    )  # fmt: skip
    scribe.write(ACCOUNT, at, record, truth, vitals)


def stack(scribe: Scribe, at: datetime) -> None:
    """CI updates a stack; CloudFormation makes the calls."""
    truth = scribe.cause("stack", Meant.PLANNED, healthy=True)
    name = scribe.chance.choice(("mailroom", "reports", "edge-cache"))
    ci = aws.role("rollout-robot", "GitHubActions", federated=_GITHUB)
    stack_id = f"arn:aws:cloudformation:{aws.REGION}:{aws.ACCOUNT}:stack/{name}/7c1d2e3f"
    _write(scribe, at, truth, "cloudformation", "UpdateStack", ci, "192.0.2.90", {"stackName": name}, agent="Boto3/1.35.70",
           answer={"stackId": stack_id}, vitals=HEALTHY)  # fmt: skip
    by = aws.role("rollout-robot", "GitHubActions", invoked_by=_FORMATION, federated=_GITHUB)
    calls: tuple[tuple[str, str, JsonObject], ...] = (
        ("lambda", "UpdateFunctionConfiguration20150331v2", {"functionName": f"{name}-worker", "memorySize": 512}),
        ("sqs", "SetQueueAttributes", {"queueUrl": f"https://sqs.{aws.REGION}.amazonaws.com/{aws.ACCOUNT}/{name}",
        "attributes": {"VisibilityTimeout": "60"}}),
        ("dynamodb", "UpdateTable", {"tableName": f"{name}-items", "billingMode": "PAY_PER_REQUEST"}),
    )  # fmt: skip
    for service, call, asked in calls:
        at += timedelta(seconds=scribe.chance.uniform(4, 20))
        _write(scribe, at, truth, service, call, by, _FORMATION, asked)


def fleet(scribe: Scribe, at: datetime, up: bool) -> None:
    """The scaling group follows the load."""
    truth = scribe.cause("fleet", Meant.ROUTINE)
    who = aws.role("AWSServiceRoleForAutoScaling", "AutoScaling", invoked_by="autoscaling.amazonaws.com")
    machine = f"i-0{scribe.chance.getrandbits(60):015x}"
    asked: JsonObject = {"instancesSet": {"items": [{"instanceId": machine}]}}
    if up:
        asked = {"instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]}, "instanceType": "m7g.large"}
    answer: JsonObject = {"instancesSet": {"items": [{"instanceId": machine}]}}
    _write(scribe, at, truth, "ec2", "RunInstances" if up else "TerminateInstances", who, "autoscaling.amazonaws.com", asked, answer=answer)


def snapshot(scribe: Scribe, at: datetime) -> None:
    truth = scribe.cause("snapshot", Meant.ROUTINE)
    who = aws.role("AWSBackupDefaultServiceRole", "AWSBackup-AWSBackupDefaultServiceRole", invoked_by="backup.amazonaws.com")
    asked: JsonObject = {"dBInstanceIdentifier": "reports-db", "dBSnapshotIdentifier": f"awsbackup-job-{scribe.causes}"}
    _write(scribe, at, truth, "rds", "CreateDBSnapshot", who, "backup.amazonaws.com", asked)


def by_root(scribe: Scribe, at: datetime) -> None:
    """Somebody logs in as root and makes a key for it."""
    truth = scribe.cause("root", Meant.UNPLANNED, harm=True)
    _write(scribe, at, truth, "iam", "CreateAccessKey", aws.root(), "203.0.113.8", {}, agent=aws.BROWSER, console=True,
           answer={"accessKey": {"status": "Active"}})  # fmt: skip


def opened(scribe: Scribe, person: Person, at: datetime) -> None:
    """SSH for the world."""
    truth = scribe.cause("opened", Meant.UNPLANNED, harm=True)
    rule: JsonObject = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}
    asked: JsonObject = {"groupId": "sg-0badcafe", "ipPermissions": {"items": [rule]}}
    _write(
        scribe,
        at,
        truth,
        "ec2",
        "AuthorizeSecurityGroupIngress",
        aws.person(person.mail),
        person.address,
        asked,
        agent=aws.BROWSER,
        console=True,
    )


def trail_off(scribe: Scribe, person: Person, at: datetime) -> None:
    truth = scribe.cause("trail_off", Meant.UNPLANNED, harm=True)
    _write(scribe, at, truth, "cloudtrail", "StopLogging", aws.person(person.mail), person.address, {"name": "all-regions"}, agent=aws.CLI)


def glance(scribe: Scribe, person: Person, at: datetime) -> None:
    """A read."""
    service, name = scribe.chance.choice((("ec2", "DescribeInstances"), ("s3", "ListBuckets"), ("cloudformation", "DescribeStacks")))
    _write(scribe, at, None, service, name, aws.person(person.mail), person.address, {}, agent=aws.BROWSER, console=True, read_only=True)
