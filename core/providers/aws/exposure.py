"""Is something opened to the world, or given to others? Questions about requests of several spellings."""

from collections.abc import Iterator, Mapping

from core.json import JsonValue
from core.providers.aws.subject import Subject, find, texts

WORLD = frozenset({"0.0.0.0/0", "::/0", "*"})
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee-predefined-groups
_EVERYONE_URIS = ("global/AllUsers", "global/AuthenticatedUsers")
_PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})


def open_to_world(subject: Subject) -> bool:
    """A rule names the whole internet (security groups, network ACLs, allow lists of databases and clusters)."""
    if "egress" in subject.call.lower() or any(str(value).lower() == "true" for value in find(subject.after, "egress")):
        return False
    if any(value.lower() == "deny" for value in texts(subject.after, "ruleAction")):
        return False
    now = _worldly(_without_egress(subject.after))
    return now and not _worldly(_without_egress(subject.before))


def _worldly(value: JsonValue) -> bool:
    names = ("cidrIp", "cidrIpv6", "cidr", "cidrBlock", "ipv6CidrBlock", "cIDRIP", "cidrIpv4", "publicAccessCidrs", "allowedCidrs", "cidrs")
    return any(one in WORLD for one in texts(value, *names))


def _without_egress(value: JsonValue) -> JsonValue:
    if not isinstance(value, Mapping):
        return value
    return {key: below for key, below in value.items() if "egress" not in str(key).lower()}


def _added(subject: Subject) -> Iterator[JsonValue]:
    yield from find(
        subject.after, "add", "launchPermission", "valuesToAdd", "createVolumePermission", "groupNames", "userGroup", "attributeValues"
    )


def shared_with_everyone(subject: Subject) -> bool:
    """An image or snapshot that anyone may use."""
    removed = any(True for _ in find(subject.after, "remove")) or any(value == "remove" for value in texts(subject.after, "operationType"))
    added = [*_added(subject)]
    if removed and not any(True for _ in find(subject.after, "add")):
        return False
    groups = [value for one in added for value in texts(one, "group", "items", "valuesToAdd", "member")]
    loose = [str(one) for value in added for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    return any(value.lower() == "all" for value in (*groups, *loose))


def shared_with_others(subject: Subject) -> bool:
    """An image or snapshot given to another account, short of everyone."""
    accounts = [value for one in _added(subject) for value in texts(one, "userId", "items", "organizationArn", "organizationalUnitArn")]
    loose = [str(one) for value in find(subject.after, "valuesToAdd") for one in (value if isinstance(value, list) else [value])]
    named = [value for value in (*accounts, *loose) if value.lower() != "all"]
    return any(value != subject.account for value in named)


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
    """A Lambda or queue permission whose principal is anyone (and tied to no source)."""
    if any(True for _ in texts(subject.after, "principalOrgID", "sourceAccount", "sourceArn")):
        return False
    return any(value == "*" for value in texts(subject.after, "principal", "aWSAccountIds", "awsAccountIds", "accountIds"))


def login_for_everyone(subject: Subject) -> bool:
    """A function URL or API without authentication."""
    return any(value.upper() == "NONE" for value in texts(subject.after, "authType", "functionUrlAuthType"))
