"""Which things a record is about: kind, name, ARN and place, by the table of rules/resources.yaml and by guesses where it has no row."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from core.event import Reference, ReferenceKind, Resource, Scope
from core.json import JsonObject, JsonValue
from core.providers.aws.rules import load
from core.providers.aws.subject import plain, told, words
from core.rulefile import fits

# Ids that are unique by themselves: i-0abc…, sg-…, vpc-…, db-ABC…
_UNIQUE = re.compile(r"^[a-z]{1,10}(-[a-z]+)?-([0-9a-f]{8}|[0-9a-f]{17})$")
_ARN = re.compile(r"^arn:[a-z-]+:([a-z0-9-]*):([a-z0-9-]*):([0-9a-zA-Z-]*):(.+)$", re.DOTALL)
_SECRET = re.compile(r"^arn:[a-z-]+:secretsmanager:.*:secret:.+-[A-Za-z0-9]{6}$")
_KINDS_BY_ID = {
    "i": "AWS::EC2::Instance",
    "sg": "AWS::EC2::SecurityGroup",
    "vpc": "AWS::EC2::VPC",
    "subnet": "AWS::EC2::Subnet",
    "vol": "AWS::EC2::Volume",
    "snap": "AWS::EC2::Snapshot",
    "ami": "AWS::EC2::Image",
    "rtb": "AWS::EC2::RouteTable",
    "eni": "AWS::EC2::NetworkInterface",
    "igw": "AWS::EC2::InternetGateway",
    "nat": "AWS::EC2::NatGateway",
    "acl": "AWS::EC2::NetworkAcl",
    "lt": "AWS::EC2::LaunchTemplate",
    "vpce": "AWS::EC2::VPCEndpoint",
    "eipalloc": "AWS::EC2::EIP",
}
_LONGEST_NAME = 200
_MOST_ITEMS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    account: str
    region: str
    environment: str

    @property
    def partition(self) -> str:
        return "aws-cn" if self.region.startswith("cn-") else "aws-us-gov" if self.region.startswith("us-gov-") else "aws"


@cache
def _rows() -> tuple[JsonObject, ...]:
    return tuple(load("resources.yaml")["rules"])


@cache
def _namespaces() -> Mapping[str, str]:
    named: Mapping[str, str] = load("resources.yaml")["namespaces"]
    return named


@cache
def _global() -> frozenset[str]:
    return frozenset(load("resources.yaml")["global"])


@cache
@lru_cache(maxsize=2048)
def _rows_of(call: str) -> tuple[JsonObject, ...]:
    return tuple(row for row in _rows() if fits(call, row["calls"]) and not fits(call, row.get("unless", ())))


def resources_of(call: str, record: JsonObject, request: JsonObject, response: JsonObject, where: Where) -> list[Resource]:
    """The things the record is about; mostly one. Never empty: where nothing is named, the service in its account is meant."""
    service = call.partition(":")[0]
    if service in _global():
        where = Where(account=where.account, region="", environment=where.environment)
    listed = _listed(record)
    for row in _rows_of(call):
        if "items" in row:
            names = list(dict.fromkeys(_names(row["items"], [request, response])))[:_MOST_ITEMS]
            if names:
                return [_resource(row["kind"], name, row, where, listed, request, response) for name in names]
            continue
        name = next(_names(row["ids"], [request, response]), "")
        if not name and row.get("of_account"):
            name = where.account
        if not name and row.get("by_caller") and isinstance(record.get("userIdentity"), dict):
            name = told(record["userIdentity"].get("userName"))
        if not name:
            name = next((own for own in (_in_arn(arn, row) for arn, _ in listed) if own), "")
        if name:
            return [_resource(row["kind"], name, row, where, listed, request, response)]
    return [_guessed(call, where, listed, request, response)]


def _names(keys: Sequence[str], holders: Sequence[JsonObject]) -> Iterator[str]:
    for key in keys:
        for holder in holders:
            yield from filter(None, map(told, _nearest(holder, plain(key))))


def _nearest(value: JsonValue, key: str, depth: int = 0) -> Iterator[JsonValue]:
    """Values under `key`, those nearest to the top first; single strings and lists of them."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            if plain(str(name)) == key:
                yield from (_content(one) for one in (below if isinstance(below, list) else [below]))
        for below in value.values():
            if depth < 5:
                yield from _nearest(below, key, depth + 1)
    elif isinstance(value, list):
        for below in value[:_MOST_ITEMS]:
            yield from _nearest(below, key, depth + 1)


def _content(value: JsonValue) -> JsonValue:
    """EC2 wraps some values as {tag: 1, content: …}."""
    return value.get("content") if isinstance(value, Mapping) else value


def _listed(record: JsonObject) -> list[tuple[str, str]]:
    """(ARN, kind) of the record's own list of resources; CloudTrail spells its keys in several ways."""
    found = record.get("resources")
    rows = (
        [{plain(str(key)): value for key, value in one.items()} for one in found if isinstance(one, dict)]
        if isinstance(found, list)
        else []
    )
    pairs = ((told(row.get("arn")) or told(row.get("arnprefix")), told(row.get("type"))) for row in rows)
    return [(arn, kind) for arn, kind in pairs if arn]


def _in_arn(arn: str, row: JsonObject) -> str:
    template = str(row.get("arn") or "")
    found = _ARN.match(arn)
    if not template or found is None:
        return ""
    parts = template.split(":")
    own = parts[-1].replace("{name}", "")
    if found.group(1) != parts[0]:
        return ""
    rest = found.group(4)
    return rest.removeprefix(own) if rest.startswith(own) else ""


def _resource(
    kind: str, name: str, row: JsonObject, where: Where, listed: Sequence[tuple[str, str]], request: JsonObject, response: JsonObject
) -> Resource:
    arn, plain_name = _split(name, row)
    if kind == "by_id":
        kind = _KINDS_BY_ID.get(plain_name.rpartition("-")[0], "AWS::EC2::Resource")
        arn = (
            arn or _made("ec2:{region}:{account}:" + kind.rpartition("::")[2].lower() + "/{name}", plain_name, where)
            if "-" in plain_name
            else ""
        )
    if row.get("within") and "/" not in plain_name:
        outer = next(_names([str(row["within"])], [request, response]), "")
        plain_name = f"{outer.rsplit('/', 1)[-1]}/{plain_name}" if outer else plain_name
    candidates = [one for one, _ in listed] + list(_strings([response, request], ("arn", "id")))
    arn = arn or next((one for one in candidates if _is_of(one, plain_name)), "")
    return _at(kind, plain_name, arn or _made(str(row.get("arn") or ""), plain_name, where), where)


def _is_of(arn: str, name: str) -> bool:
    """Does the ARN end with the name? Stacks have an id after it, secrets six random letters."""
    tail = re.split(r"[/:]", arn)[-1]
    return (
        tail == name.rsplit("/", 1)[-1]
        or arn.endswith(f":{name}")
        or f":stack/{name}/" in arn
        or bool(_SECRET.match(arn) and _secret(arn) == name)
    )


def _secret(arn: str) -> str:
    return arn.partition(":secret:")[2][:-7]


def _split(name: str, row: JsonObject) -> tuple[str, str]:
    """An ARN or URL given as the id → (ARN, plain name)."""
    found = _ARN.match(name)
    if found:
        own = _in_arn(name, row)
        if own:
            return name, own
        rest = found.group(4)
        if _SECRET.match(name):
            return name, _secret(name)
        if rest.startswith("stack/"):
            return name, rest.split("/")[1]
        cut = re.split(r"[/:]", rest, maxsplit=1)
        return name, cut[1] if len(cut) > 1 and cut[1] else rest
    if name.startswith("https://"):
        return "", name.rstrip("/").rsplit("/", 1)[-1]
    return "", name.removeprefix("/hostedzone/")


def _strings(holders: Sequence[JsonValue], endings: tuple[str, ...]) -> Iterator[str]:
    for holder in holders:
        if isinstance(holder, Mapping):
            for key, value in holder.items():
                if isinstance(value, str) and plain(str(key)).endswith(endings) and value.startswith("arn:"):
                    yield value
                elif isinstance(value, Mapping | list):
                    yield from _strings([value], endings)
        elif isinstance(holder, list):
            yield from _strings(holder[:10], endings)


def _made(template: str, name: str, where: Where) -> str:
    if not template or ("{account}" in template and not where.account) or ("{region}" in template and not where.region):
        return ""
    return f"arn:{where.partition}:" + template.format(region=where.region, account=where.account, name=name)


def _at(kind: str, name: str, arn: str, where: Where) -> Resource:
    return Resource(
        provider="aws",
        kind=kind,
        name=name[:_LONGEST_NAME],
        scope=Scope(account=where.account, region=where.region),
        uid=arn,
        environment=where.environment,
    )


def namespace_of(service: str) -> str:
    return _namespaces().get(service) or ("".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", service)) if service != "?" else "")


def _guessed(call: str, where: Where, listed: Sequence[tuple[str, str]], request: JsonObject, response: JsonObject) -> Resource:
    service, _, action = call.partition(":")
    noun_words = list(words(action)[1:])
    if noun_words and noun_words[-1].endswith("s") and not noun_words[-1].endswith(("ss", "us", "is")):
        noun_words[-1] = noun_words[-1].removesuffix("s")
    namespace = namespace_of(service)
    noun = "".join(word.capitalize() for word in noun_words[:5])
    kind = "::".join(part for part in ("AWS", namespace, noun) if part) if namespace or noun else "AWS"
    for arn, listed_kind in listed:
        arn_parts = _ARN.match(arn)
        if arn_parts and (arn_parts.group(1) == service or len(listed) == 1):
            rest = arn_parts.group(4)
            own = re.split(r"[/:]", rest, maxsplit=1)
            return _at(listed_kind or kind, own[1] if len(own) > 1 and own[1] else rest, arn, where)
    name = _guessed_name(noun_words, request) or _guessed_name(noun_words, response)
    if not name:
        return _at(kind, service if service != "?" else "unnamed", "", where)
    arn, own_name = _split(name, {})
    if not arn:
        arn = next((one for one in _strings([response, request], ("arn",)) if re.split(r"[/:]", one)[-1] == own_name), "")
    return _at(kind, own_name, arn, where)


def _guessed_name(noun_words: Sequence[str], holder: JsonObject) -> str:
    noun = "".join(noun_words)
    flat = _flat(_leaves(holder, 1))
    for found in (flat, _flat(_leaves(holder, 3))):
        for ending in ("name", "id", "identifier", "arn", ""):
            for stem in (noun, noun_words[-1] if noun_words else "", noun_words[0] if noun_words else ""):
                if stem and found.get(stem + ending):
                    return found[stem + ending]
    for ending in ("resourcearn", "arn", "name", "identifier", "id"):
        for key, value in flat.items():
            if value and key.endswith(ending) and key not in _NO_NAMES:
                return value
    return ""


def _flat(leaves: Iterator[tuple[str, JsonValue]]) -> dict[str, str]:
    """What is told under each name, nearest to the top."""
    found: dict[str, str] = {}
    for key, value in leaves:
        if text := told(value):
            found.setdefault(plain(str(key)), text)
    return found


_NO_NAMES = frozenset(
    {"rolearn", "requestid", "executionrolearn", "servicerolearn", "username", "clientrequestid", "kmskeyid", "kmskeyarn"}
)


def _leaves(holder: JsonObject, depth: int) -> Iterator[tuple[str, JsonValue]]:
    """Fields, those nearest to the top first."""
    yield from ((key, _content(value)) for key, value in holder.items())
    if depth:
        for value in holder.values():
            if isinstance(value, dict):
                yield from _leaves(value, depth - 1)


def references_of(resource: Resource) -> tuple[Reference, ...]:
    """What other layers call it: its ARN, and its plain id where that is unique by itself."""
    names = [resource.uid, resource.name if _UNIQUE.match(resource.name) else ""]
    return tuple(Reference(kind=ReferenceKind.SAME_AS, id=name) for name in names if name)
