"""Controllers of a cluster that call AWS are the platform's routine where AWS vouches for them, and only in what is their duty."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.event import Via
from tests.unit.core.providers.acting import judged
from tests.unit.core.providers.aws.given import ACCOUNT, record

GO = "aws-sdk-go/1.51.1 (go1.21.9; linux; amd64)"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"


def pod(role: str, session: str = "1709000000000000000", provider: str = PROVIDER) -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "accountId": ACCOUNT,
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "userName": role, "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}"},
            "webIdFederationData": {"federatedProvider": provider, "attributes": {}} if provider else {},
        },
    }


WORK: list[tuple[str, str, str, dict[str, Any]]] = [
    ("lbc", "elbv2.k8s.aws/v2.7.1 " + GO, "elasticloadbalancing RegisterTargets", {"targetGroupArn": "arn"}),
    ("shop-cluster-autoscaler", GO, "autoscaling SetDesiredCapacity", {"autoScalingGroupName": "nodes", "desiredCapacity": 5}),
    ("KarpenterController-prod", GO + " karpenter.sh-v0.35.0", "ec2 CreateFleet", {"CreateFleetRequest": {"Type": "instant"}}),
    ("external-dns", GO, "route53 ChangeResourceRecordSets", {"hostedZoneId": "Z1"}),
    ("ebs", "aws-sdk-go-v2/1.25.2 aws-ebs-csi-driver-v1.28.0", "ec2 AttachVolume", {"volumeId": "vol-1", "instanceId": "i-1"}),
]


@pytest.mark.parametrize(("role", "agent", "event", "request_"), WORK, ids=[row[2] for row in WORK])
def test_the_duty_of_a_controller_is_routine(role: str, agent: str, event: str, request_: dict[str, Any]) -> None:
    (one,) = judged("cloudtrail", record(event, request_, userIdentity=pod(role), userAgent=agent))
    assert one.event.actor.via is Via.CONTROLLER
    assert one.verdict is Verdict.ROUTINE


@pytest.mark.parametrize(
    ("event", "request_"),
    [
        ("iam CreateAccessKey", {"userName": "admin"}),
        ("ec2 AuthorizeSecurityGroupIngress", {"groupId": "sg-1", "cidrIp": "0.0.0.0/0"}),
        ("s3 DeleteBucketPolicy", {"bucketName": "b"}),
    ],
)
def test_what_is_no_duty_or_is_security_sensitive_is_not_excused_by_a_controllers_name(event: str, request_: dict[str, Any]) -> None:
    identity = pod("aws-load-balancer-controller")
    (one,) = judged("cloudtrail", record(event, request_, userIdentity=identity, userAgent="elbv2.k8s.aws/v2.7.1 " + GO))
    assert one.event.actor.via is not Via.CONTROLLER
    assert one.verdict is not Verdict.ROUTINE


OPENSHIFT = f"arn:aws:iam::{ACCOUNT}:oidc-provider/rh-oidc.s3.us-east-1.amazonaws.com/abc"


def test_openshifts_controllers_are_known_by_their_own_clusters_tokens() -> None:
    agent = "aws-sdk-go/1.43.20 (go1.18.7; linux; amd64) openshift.io cluster-api-provider-aws/4.11.0"
    role, request = "prod-x7k2-openshift-machine-api-aws-cloud-credentials", {"instancesSet": {"items": [{"instanceId": "i-1"}]}}
    (one,) = judged("cloudtrail", record("ec2 TerminateInstances", request, userIdentity=pod(role, provider=OPENSHIFT), userAgent=agent))
    assert one.verdict is Verdict.ROUTINE
    (other,) = judged("cloudtrail", record("ec2 TerminateInstances", request, userIdentity=pod(role, provider=""), userAgent=agent))
    assert other.verdict is not Verdict.ROUTINE
    karpenter = pod("karpenter", provider=OPENSHIFT)
    (third,) = judged("cloudtrail", record("ec2 TerminateInstances", request, userIdentity=karpenter, userAgent="karpenter " + GO))
    assert third.verdict is not Verdict.ROUTINE


@pytest.mark.parametrize(
    ("identity", "agent"),
    [
        (pod("karpenter", provider=""), GO + " karpenter.sh-v0.35.0"),
        (pod("karpenter"), "aws-cli/2.17.32 md/awscrt#0.21.2"),
        (pod("karpenter"), "Boto3/1.34"),
        (pod("web", session="eks-prod-web-1", provider=""), GO + " karpenter.sh-v0.35.0"),
        (pod("web", session="i-0123456789abcdef0", provider=""), GO + " karpenter.sh-v0.35.0"),
    ],
)
def test_a_name_that_anyone_may_choose_makes_nobody_a_controller(identity: dict[str, Any], agent: str) -> None:
    (one,) = judged("cloudtrail", record("ec2 CreateFleet", {"CreateFleetRequest": {}}, userIdentity=identity, userAgent=agent))
    assert one.event.actor.via is not Via.CONTROLLER
    assert one.verdict is not Verdict.ROUTINE


def test_a_pod_identity_with_a_controllers_role_and_a_nodes_own_agent_are_known() -> None:
    by_role = pod("karpenter", session="eks-prod-karpenter-7c", provider="")
    on_node = pod("nodes", session="i-0123456789abcdef0", provider="")
    fleet = record("ec2 CreateFleet", {"CreateFleetRequest": {}}, userIdentity=by_role, userAgent=GO)
    address = record(
        "ec2 AssignPrivateIpAddresses", {"networkInterfaceId": "eni-1"}, userIdentity=on_node, userAgent="amazon-vpc-cni-k8s/v1.16.4 " + GO
    )
    assert [one.event.actor.via for one in judged("cloudtrail", fleet, address)] == [Via.CONTROLLER, Via.CONTROLLER]
