"""Is something opened to the world, or given to others? Questions about requests of several spellings."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network

from core.json import JsonValue
from core.providers.aws.policies import ACCOUNT
from core.providers.aws.subject import Subject, find, mapping, texts

WORLD = frozenset({"0.0.0.0/0", "::/0", "*"})
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee-predefined-groups
_EVERYONE_URIS = ("global/AllUsers", "global/AuthenticatedUsers")
_ADDRESSES = (
    "cidrIp", "cidrIpv6", "cidr", "cidrBlock", "ipv6CidrBlock", "cIDRIP", "cidrIpv4", "publicAccessCidrs", "allowedCidrs", "cidrs",
)  # fmt: skip
# Private ones, and those from which nothing on the internet comes ("this network", loopback, link-local): RFC 1918, RFC 6890.
_PRIVATE = tuple(ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16"))
_PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})


def open_to_world(subject: Subject) -> bool:
    """A rule names the whole internet (security groups, network ACLs, allow lists of databases and clusters)."""
    if "egress" in subject.call.lower() or any(str(value).lower() == "true" for value in find(subject.after, "egress")):
        return False
    if any(value.lower() == "deny" for value in texts(subject.after, "ruleAction")):
        return False
    now = _worldly(_without_egress(subject.after))
    return now and not _worldly(_without_egress(subject.before))


def only_private(subject: Subject) -> bool:
    """Every address that a rule names is a private one, every group one of this account, and it names some.

    https://www.rfc-editor.org/rfc/rfc1918, https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    rules = _without_egress(subject.after)
    named, groups = set(texts(rules, *_ADDRESSES)), set(_groups(rules))
    strange = any(True for _ in texts(rules, "prefixListId")) or any(owner != subject.account for owner in _owners(rules))
    return bool(named or groups) and not strange and all(_private(one) for one in named)


def _groups(rules: JsonValue) -> Iterator[str]:
    """The security groups that a rule lets in, not the one that it belongs to."""
    for groups in find(rules, "groups", "userIdGroupPairs"):
        yield from texts(groups, "groupId", "groupName")
    yield from texts(rules, "referencedGroupId", "sourceSecurityGroupName")


def _owners(rules: JsonValue) -> Iterator[str]:
    for groups in find(rules, "groups", "userIdGroupPairs"):
        yield from texts(groups, "userId")
    yield from texts(rules, "sourceSecurityGroupOwnerId")


def few_addresses(subject: Subject) -> bool:
    """Every address that a rule names stands for 256 at most, and it names some."""
    named = set(texts(_without_egress(subject.after), *_ADDRESSES))
    return bool(named) and all(_few(one) for one in named)


def _few(address: str) -> bool:
    try:
        return ip_network(address, strict=False).num_addresses <= 256
    except ValueError:
        return False


def _private(address: str) -> bool:
    try:
        return any(ip_network(address, strict=False).subnet_of(one) for one in _PRIVATE)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _worldly(value: JsonValue) -> bool:
    """The whole internet, whatever address stands before the /0."""
    return any(one in WORLD or one.endswith("/0") for one in texts(value, *_ADDRESSES))


def _without_egress(value: JsonValue) -> JsonValue:
    if not isinstance(value, Mapping):
        return value
    return {key: below for key, below in value.items() if "egress" not in str(key).lower()}


def _added(subject: Subject) -> Iterator[JsonValue]:
    """What an attribute of an image, snapshot or document is given: `{"group": "all"}`, `{"userId": …}`, or plain strings."""
    for permissions in find(subject.after, "launchPermission", "createVolumePermission", "loadPermission"):
        yield from find(permissions, "add")
    yield from find(subject.after, "valuesToAdd", "accountIdsToAdd", "accountWithRestoreAccess")
    if "remove" not in set(texts(subject.after, "operationType")):
        yield from find(subject.after, "groupNames", "userGroup", "userIds")


def _named(subject: Subject) -> Iterator[str]:
    for one in _added(subject):
        loose = [one] if isinstance(one, str) else one if isinstance(one, list) else []
        yield from (value for value in loose if isinstance(value, str))
        yield from texts(one, "group", "userId", "organizationArn", "organizationalUnitArn")


def shared_with_everyone(subject: Subject) -> bool:
    """An image, snapshot or document that anyone may use."""
    return any(name.lower() == "all" for name in _named(subject))


def shared_with_others(subject: Subject) -> bool:
    """An image, snapshot or document given to another account, short of everyone."""
    others = (name for name in _named(subject) if name.lower() != "all" and name != subject.account)
    return any(re.search(r"\d{12}|^o-|^\d{5,}$", name) for name in others)


def everyone_in_acl(subject: Subject) -> bool:
    """A bucket's or object's ACL names AllUsers or AuthenticatedUsers."""

    def holds(value: JsonValue) -> bool:
        uris = any(uri.endswith(_EVERYONE_URIS) for uri in texts(value, "uri"))
        canned = any(acl.lower() in _PUBLIC_ACLS for acl in texts(value, "x-amz-acl", "acl", "accessControl"))
        headers = any(
            ending in grant
            for grant in texts(
                value, "x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-full-control", "x-amz-grant-read-acp", "x-amz-grant-write-acp"
            )
            for ending in _EVERYONE_URIS
        )
        return uris or canned or headers

    return holds(subject.after) and not holds(subject.before)


def permissions_for_everyone(subject: Subject) -> bool:
    """A permission on a function, queue, topic or bus whose principal is anyone (and tied to no source or organisation)."""
    if any(True for _ in texts(subject.after, "principalOrgID", "sourceAccount", "sourceArn")):
        return False
    if any(key.lower() == "aws:principalorgid" for key in texts(mapping(subject.after, "condition"), "key")):
        return False
    return any(value == "*" for value in texts(subject.after, "principal", "aWSAccountIds", "awsAccountIds", "accountIds"))


def permissions_for_other_account(subject: Subject) -> bool:
    """A permission on a function, layer, queue, topic or bus whose principal is another account, or somebody in one."""
    named = texts(subject.after, "principal", "aWSAccountIds", "awsAccountIds")
    return bool(subject.account) and any(found != subject.account for one in named for found in ACCOUNT.findall(one))


def login_for_everyone(subject: Subject) -> bool:
    """A function URL or API without authentication."""
    return any(value.upper() == "NONE" for value in texts(subject.after, "authType", "functionUrlAuthType"))
