"""What AWS Config recorded of a resource, in the describers' words, as far as the two can be compared. Pure.

https://docs.aws.amazon.com/config/latest/developerguide/config-item-table.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.event import Resource
from core.json import JsonObject, JsonValue, canonical, parsed
from core.providers.aws.describers import settled
from core.providers.aws.subject import document, mapping, plain

# Config's id of a resource where that is not its name: a field of what the describer answers.
_IDS = {
    "AWS::IAM::User": "UserId",
    "AWS::IAM::Role": "RoleId",
    "AWS::IAM::ManagedPolicy": "PolicyId",
    "AWS::RDS::DBInstance": "DbiResourceId",
    "AWS::RDS::DBCluster": "DbClusterResourceId",
    "AWS::ECS::Service": "serviceArn",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "LoadBalancerArn",
    "AWS::AutoScaling::AutoScalingGroup": "AutoScalingGroupARN",
    "AWS::CloudFormation::Stack": "StackId",
    "AWS::SecretsManager::Secret": "ARN",
    "AWS::CloudWatch::Alarm": "AlarmArn",
}
_KINDS = {"AWS::IAM::ManagedPolicy": "AWS::IAM::Policy"}
# Times are spelt differently on the two sides.
_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]")


def key_of(thing: Resource, described: JsonObject) -> dict[str, str]:
    """The resource as Config calls it; empty where its id is not known."""
    found = str(described.get(_IDS[thing.kind]) or "") if thing.kind in _IDS else thing.name
    return {"resourceType": _KINDS.get(thing.kind, thing.kind), "resourceId": found} if found else {}


def earlier(kind: str, item: Mapping[str, Any], described: JsonObject) -> JsonObject:
    """What the fields of the described state were, for those that Config recorded and that compare.

    A field that only one side tells of, or that the two spell differently, is left out: nothing is claimed of it.
    """
    recorded, beside = _opened(item.get("configuration")), _opened(item.get("supplementaryConfiguration"))
    if not isinstance(recorded, dict):
        return {}
    found = dict(_plainly(recorded, described))
    if kind in _SPECIAL:
        found |= dict(_SPECIAL[kind](recorded, beside if isinstance(beside, dict) else {}, described))
    return {key: settled(value) for key, value in found.items() if key in described}


def comparable(kind: str, described: JsonObject) -> JsonObject:
    """The described state, with what Config words differently brought to the same form."""
    if kind != "AWS::EC2::SecurityGroup":
        return described
    return {**described, **{key: _permissions(described[key]) for key in _PERMISSIONS.values() if key in described}}


def _opened(value: Any) -> Any:
    """JSON in a string, and in a string of a string, as Config writes some parts."""
    for _ in range(2):
        if isinstance(value, str) and value[:1] in '{["':
            try:
                value = parsed(value)
            except ValueError:
                break
    return value


def _plainly(recorded: Mapping[str, Any], described: JsonObject) -> Iterator[tuple[str, JsonValue]]:
    """Texts, numbers, flags, and lists of texts, where both sides have one of the same kind under the same name."""
    named = {plain(str(key)): value for key, value in recorded.items()}
    for key, now in described.items():
        was = named.get(plain(key))
        if (
            isinstance(now, list)
            and isinstance(was, list)
            and canonical(sorted(now, key=canonical)) == canonical(sorted(was, key=canonical))
        ):
            continue  # A set in another order.
        if _form(now) is not None and _form(now) == _form(was):
            yield key, was


def _form(value: JsonValue) -> str | None:
    """What can be compared as it stands: flags, numbers, texts that are no time (these are spelt differently), lists of texts."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return None if _TIME.match(value) else "text"
    return "texts" if isinstance(value, list) and value and all(isinstance(one, str) for one in value) else None


# --- what is made of parts ----------------------------------------------------------------------------------------------------

_PERMISSIONS = {"ipPermissions": "IpPermissions", "ipPermissionsEgress": "IpPermissionsEgress"}
Fields = Iterator[tuple[str, JsonValue]]


def _group(recorded: JsonObject, beside: JsonObject, described: JsonObject) -> Fields:
    del beside
    for theirs, ours in _PERMISSIONS.items():
        if theirs in recorded and ours in described:
            yield ours, _permissions(recorded[theirs])


def _permissions(rules: JsonValue) -> list[JsonValue]:
    """One rule for each protocol and range of ports, without descriptions, in order.

    Config's `ipRanges` says again in plain text what its `ipv4Ranges` says.
    """
    found: dict[str, JsonObject] = {}
    for rule in rules if isinstance(rules, list) else []:
        if isinstance(rule, dict):
            named = {plain(str(key)): value for key, value in rule.items()}
            ports = {key: named[plain(key)] for key in ("IpProtocol", "FromPort", "ToPort") if named.get(plain(key)) is not None}
            merged = found.setdefault(canonical(ports), ports)
            ranges = named.get("ipv4ranges") or named.get("ipranges")
            for key, rows, name in (
                ("IpRanges", ranges, "CidrIp"),
                ("Ipv6Ranges", named.get("ipv6ranges"), "CidrIpv6"),
                ("PrefixListIds", named.get("prefixlistids"), "PrefixListId"),
                ("UserIdGroupPairs", named.get("useridgrouppairs"), "GroupId"),
            ):
                peers = {*_each(rows, name), *(one[name] for one in merged.get(key, []))}
                if peers:
                    merged[key] = [{name: peer} for peer in sorted(peers)]
    return [found[key] for key in sorted(found)]


def _each(rows: JsonValue, name: str) -> Iterator[str]:
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            yield from (str(value) for key, value in row.items() if plain(str(key)) == plain(name) and value)
        elif isinstance(row, str) and row:
            yield row


def _bucket(recorded: JsonObject, beside: JsonObject, described: JsonObject) -> Fields:
    del recorded
    policy, versioning = _opened(beside.get("BucketPolicy")), _opened(beside.get("BucketVersioningConfiguration"))
    if isinstance(policy, dict) and "policyText" in policy:
        yield "Policy", document(policy["policyText"])
    if isinstance(versioning, dict) and "status" in versioning:
        yield "Versioning", None if versioning["status"] == "Off" else versioning["status"]
    block, now = _opened(beside.get("PublicAccessBlockConfiguration")), mapping(described, "PublicAccessBlock")
    if isinstance(block, dict):
        yield "PublicAccessBlock", {_pascal(key): value for key, value in block.items()}
    elif beside and now:
        yield "PublicAccessBlock", None


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def _identity(recorded: JsonObject, beside: JsonObject, described: JsonObject) -> Fields:
    del beside
    if isinstance(recorded.get("assumeRolePolicyDocument"), str) and "AssumeRolePolicyDocument" in described:
        yield "AssumeRolePolicyDocument", document(recorded["assumeRolePolicyDocument"])
    attached = recorded.get("attachedManagedPolicies")
    if isinstance(attached, list):
        yield "AttachedPolicies", sorted(str(one.get("policyArn")) for one in attached if isinstance(one, dict))
    inline = recorded.get("rolePolicyList", recorded.get("userPolicyList"))
    if isinstance(inline, list):
        yield "InlinePolicies", {str(one.get("policyName")): document(one.get("policyDocument")) for one in inline if isinstance(one, dict)}


def _policy(recorded: JsonObject, beside: JsonObject, described: JsonObject) -> Fields:
    del beside, described
    versions = recorded.get("policyVersionList")
    for version in versions if isinstance(versions, list) else []:
        if isinstance(version, dict) and version.get("isDefaultVersion") is True:
            yield "Document", document(version.get("document"))


_SPECIAL: dict[str, Callable[[JsonObject, JsonObject, JsonObject], Fields]] = {
    "AWS::EC2::SecurityGroup": _group,
    "AWS::S3::Bucket": _bucket,
    "AWS::IAM::User": _identity,
    "AWS::IAM::Role": _identity,
    "AWS::IAM::ManagedPolicy": _policy,
}
