"""What a change of a state's instance means, in neutral words; and that the rules hold together."""

from pathlib import Path

import pytest

from core.event import ChangeType, Event
from core.json import JsonObject
from core.providers.terraform import rules
from core.trait import Trait
from tests.unit.core.providers.terraform.given import START, Watch, instance, resource, state, write


def change(tmp_path: Path, kind: str, before: JsonObject | None, after: JsonObject | None, *, others: int = 0) -> Event:
    """The one event of an instance that was `before` and is `after`."""
    more = [resource("null_resource", f"other{number}", instance({"id": f"other-{number}"})) for number in range(others)]
    path = tmp_path / "terraform.tfstate"
    first = [] if before is None else [resource(kind, "it", instance(before))]
    second = [] if after is None else [resource(kind, "it", instance(after))]
    watch = Watch({"paths": [str(path)]})
    write(path, state(*first, *more, serial=1), START)
    watch.poll()
    write(path, state(*second, *more, serial=2), watch.now)
    (event,) = watch.poll().events
    return event


GROUP = {"id": "sg-0abc1234", "arn": "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0abc1234"}
PRIVATE = {**GROUP, "ingress": [{"cidr_blocks": ["10.0.0.0/8"], "from_port": 22}]}
OPEN = {**GROUP, "ingress": [{"cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"], "from_port": 22}]}
ANYONE = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}'
NOBODY = '{"Statement": []}'
ALL = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


def balancer(**given: object) -> JsonObject:
    metadata = [{"name": "web", "annotations": given.pop("annotations", {})}]
    return {"id": "shop/web", "metadata": metadata, "spec": [{"type": "LoadBalancer", "load_balancer_source_ranges": [], **given}]}


INSIDE = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}
UNGUARDED = dict.fromkeys(("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), False)


@pytest.mark.parametrize(
    ("kind", "before", "after", "expected"),
    [
        ("kubernetes_service", None, balancer(), {Trait.EXPOSES_PUBLICLY, Trait.OPENS_NETWORK}),
        ("kubernetes_service_v1", balancer(annotations=INSIDE), balancer(), {Trait.EXPOSES_PUBLICLY, Trait.OPENS_NETWORK}),
        ("kubernetes_service", None, balancer(annotations=INSIDE), {Trait.CHANGES_CONFIGURATION}),
        ("kubernetes_service", None, balancer(load_balancer_source_ranges=["10.0.0.0/8"]), {Trait.CHANGES_CONFIGURATION}),
        ("aws_s3_bucket_public_access_block", None, {"id": "b", **UNGUARDED}, {Trait.WEAKENS_PROTECTION}),
        ("aws_db_instance", {"id": "db", "password": "a"}, {"id": "db", "password": "b"}, {Trait.CHANGES_SECRET}),
        ("aws_security_group", PRIVATE, OPEN, {Trait.EXPOSES_PUBLICLY, Trait.OPENS_NETWORK}),
        ("aws_security_group", OPEN, PRIVATE, {Trait.CLOSES_NETWORK}),
        ("aws_security_group", {**OPEN, "tags": {}}, {**OPEN, "tags": {"team": "shop"}}, {Trait.TAGS}),
        (
            "aws_security_group_rule",
            None,
            {"id": "sgrule-1", "type": "egress", "cidr_blocks": ["0.0.0.0/0"]},
            {Trait.CHANGES_CONFIGURATION},
        ),
        (
            "aws_security_group_rule",
            None,
            {"id": "sgrule-1", "type": "ingress", "cidr_blocks": ["0.0.0.0/0"]},
            {Trait.EXPOSES_PUBLICLY, Trait.OPENS_NETWORK},
        ),
        ("aws_s3_bucket_policy", {"id": "logs", "policy": NOBODY}, {"id": "logs", "policy": ANYONE}, {Trait.EXPOSES_PUBLICLY}),
        (
            "aws_s3_bucket_public_access_block",
            {"id": "logs", "block_public_acls": True},
            {"id": "logs", "block_public_acls": False},
            {Trait.WEAKENS_PROTECTION},
        ),
        ("aws_iam_policy", {"id": "p-1234", "policy": NOBODY}, {"id": "p-1234", "policy": ALL}, {Trait.GRANTS_ADMIN, Trait.GRANTS_ACCESS}),
        (
            "aws_iam_role_policy_attachment",
            None,
            {"id": "r-1234", "role": "ci", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            {Trait.GRANTS_ADMIN, Trait.GRANTS_ACCESS},
        ),
        (
            "google_project_iam_member",
            None,
            {"id": "acme/roles/viewer/allUsers", "member": "allUsers", "role": "roles/viewer"},
            {Trait.GRANTS_ACCESS, Trait.EXPOSES_PUBLICLY},
        ),
        ("aws_db_instance", {"id": "shop-db"}, None, {Trait.DELETES_DATA, Trait.DELETES_RESOURCE}),
        (
            "aws_db_instance",
            {"id": "shop-db", "deletion_protection": True},
            {"id": "shop-db", "deletion_protection": False},
            {Trait.WEAKENS_PROTECTION},
        ),
        (
            "aws_db_instance",
            {"id": "shop-db", "backup_retention_period": 7},
            {"id": "shop-db", "backup_retention_period": 0},
            {Trait.DESTROYS_BACKUP},
        ),
        (
            "aws_cloudtrail",
            {"id": "main-trail", "enable_logging": True},
            {"id": "main-trail", "enable_logging": False},
            {Trait.STOPS_LOGGING},
        ),
        ("aws_kms_key", {"id": "1234-abcd"}, None, {Trait.DESTROYS_ENCRYPTION_KEY, Trait.DELETES_RESOURCE}),
        ("aws_iam_access_key", None, {"id": "AKIAEXAMPLE", "secret": "x"}, {Trait.CREATES_CREDENTIAL}),
        ("aws_ecs_service", {"id": "svc-1", "desired_count": 2}, {"id": "svc-1", "desired_count": 6}, {Trait.SCALES}),
        ("aws_lambda_function", {"id": "fn-1", "source_code_hash": "a"}, {"id": "fn-1", "source_code_hash": "b"}, {Trait.ROLLS_OUT}),
        ("aws_route53_record", {"id": "z_www", "records": ["1.2.3.4"]}, {"id": "z_www", "records": ["5.6.7.8"]}, {Trait.CHANGES_DNS}),
        ("aws_instance", None, {"id": "i-0123456789"}, {Trait.STARTS_COMPUTE}),
        ("aws_thing", {"id": "thing-1", "size": 1}, {"id": "thing-1", "size": 2}, {Trait.CHANGES_CONFIGURATION}),
    ],
)  # fmt: skip
def test_a_change_has_just_these_traits(
    tmp_path: Path, kind: str, before: JsonObject | None, after: JsonObject | None, expected: set[Trait]
) -> None:
    assert change(tmp_path, kind, before, after, others=1).traits == expected


def test_scaling_is_told_as_scaling(tmp_path: Path) -> None:
    event = change(tmp_path, "aws_autoscaling_group", {"id": "asg-1", "desired_capacity": 2}, {"id": "asg-1", "desired_capacity": 4})
    assert event.change_type is ChangeType.SCALED


def test_one_more_of_a_count_scales_and_a_first_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "terraform.tfstate"
    watch = Watch({"paths": [str(path)]})

    def webs(count: int, serial: int) -> None:
        made = [instance({"id": f"i-000{number}"}, index=number) for number in range(count)]
        write(path, state(resource("aws_eip", "web", *made), serial=serial), watch.now)

    webs(1, 1)
    watch.poll()
    webs(3, 2)
    assert [(e.resource.name, e.change_type, set(e.traits)) for e in watch.poll().events] == [
        (f"aws_eip.web[{number}]", ChangeType.CREATED, {Trait.SCALES}) for number in (1, 2)
    ]
    webs(1, 3)
    assert {e.change_type for e in watch.poll().events} == {ChangeType.DELETED}


def test_every_rule_names_why_and_a_source() -> None:
    assert all(rule.why and rule.source.startswith("https://") for rule in rules.trait_rules())


def test_what_only_follows_the_clock_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "terraform.tfstate"
    watch = Watch({"paths": [str(path)]})
    for serial, restorable in ((1, "09:00"), (2, "09:05")):
        write(
            path,
            state(resource("aws_db_instance", "db", instance({"id": "shop-db", "latest_restorable_time": restorable})), serial=serial),
            watch.now,
        )
        assert watch.poll().events == ()
