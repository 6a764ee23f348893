"""The conditions that rules/traits.yaml may name, each a question about one Subject. Field names are those of Google's APIs."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from core.event import ChangeType
from core.json import JsonValue
from core.kube.attacks import ATTACKERS_COMMANDS
from core.providers.gcp.bigquery import copies_elsewhere, drops, goes_with_tables
from core.providers.gcp.grants import EVERYONE, GRANTS
from core.providers.gcp.guards import GUARDS
from core.providers.gcp.hardening import HARDENING
from core.providers.gcp.metadata import METADATA
from core.providers.gcp.recording import RECORDING
from core.providers.gcp.stores import STORES
from core.providers.gcp.subject import Subject, find, parameter
from core.providers.gcp.switches import sets_only, truth, was_on

# Services that watch, refuse or keep keys and traces: https://cloud.google.com/security/products
_GUARDS = re.compile(
    r"(?:^|/)(?:securitycenter(?:management)?|securityposture|websecurityscanner|logging|monitoring|cloudkms|secretmanager"
    r"|accesscontextmanager|accessapproval|binaryauthorization|containeranalysis|containerscanning|ondemandscanning|containersecurity"
    r"|containerthreatdetection|iap|ids|recaptchaenterprise|dlp|policyanalyzer|orgpolicy|cloudasset|chronicle"
    r"|certificatemanager|privateca|networksecurity|backupdr|gkebackup)\.googleapis\.com$"
)
WORLD = {"0.0.0.0/0", "::/0", "*"}
# Systems made for attacks name themselves in what programs on them send; tools do too.
# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html#pentest-iam-kalilinux
_ATTACK_TOOL = re.compile(r"\b(kali|parrot|pentoo|blackarch)\b|\bkali\d|gcploit|scoutsuite|trufflehog", re.IGNORECASE)


# https://datatracker.ietf.org/doc/html/rfc1918#section-3 and https://datatracker.ietf.org/doc/html/rfc4193#section-3.1
_OWN_V4 = tuple(ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_OWN_V6 = ipaddress.IPv6Network("fc00::/7")


# What the copying command of gsutil says of itself where objects are written anew under another key: https://cloud.google.com/storage/docs/gsutil/commands/rewrite
_REWRITE = re.compile(r"command/rewrite-k\b", re.IGNORECASE)
# How the notes of ransomware are called: https://attack.mitre.org/techniques/T1486/
_NOTES = (".txt", ".html", ".hta", ".md", ".note")
_NOTE_WORDS = ("ransom", "decrypt", "recover", "restore-", "how_to", "how-to", "howto", "pay_", "bitcoin")


def _holds_world(values: Iterable[JsonValue]) -> bool:
    return any((isinstance(v, str) and v in WORLD) or (isinstance(v, list) and any(str(x) in WORLD for x in v)) for v in values)


def _firewall_open(subject: Subject) -> bool:
    if "firewall" not in subject.kind.lower() and "firewall" not in subject.method:
        return False
    after = subject.after
    egress = any(str(v).upper() == "EGRESS" for v in find(after, "direction"))
    denies = not any(find(after, "allowed", "alloweds")) and any(find(after, "denied", "denieds"))
    disabled = any(truth(v) for v in find(after, "disabled"))
    open_now = _holds_world(find(after, "sourceRanges", "sourceRange", "srcIpRanges")) and not (egress or denies or disabled)
    open_before = bool(subject.before) and _holds_world(find(subject.before, "sourceRanges", "srcIpRanges"))
    return open_now and not (
        open_before and not any("allowed" in path or "disabled" in path or "anges" in path for path in subject.changed)
    )


def _lets_in_insiders_only(subject: Subject) -> bool:
    """Every source range that is told is private (RFC 1918, RFC 4193), and some are."""
    told = _source_ranges(subject)
    return bool(told) and all(_private(one) for one in told)


def _lets_in_few(subject: Subject) -> bool:
    """Every source range that is told is private or of 256 addresses at most, and some are: an office, or one's own address."""
    told = _source_ranges(subject)
    return bool(told) and all(_private(one) or _few(one) for one in told)


def _source_ranges(subject: Subject) -> list[str]:
    return [
        str(value)
        for below in find(subject.after, "sourceRanges", "srcIpRanges")
        for value in (below if isinstance(below, list) else [below])
    ]


def _few(range_: str) -> bool:
    try:
        return ipaddress.ip_network(range_, strict=False).num_addresses <= 256
    except ValueError:
        return False


def _private(range_: str) -> bool:
    try:
        found = ipaddress.ip_network(range_, strict=False)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Network):
        return any(found.subnet_of(own) for own in _OWN_V4)
    return found.subnet_of(_OWN_V6)


def _database_open(subject: Subject) -> bool:
    def worldly(state: JsonValue) -> bool:
        return any(_holds_world(find(networks, "value", "cidrBlock")) for networks in find(state, "authorizedNetworks", "cidrBlocks"))

    return worldly(subject.after) and not worldly(subject.before)


def _notebook_script(subject: Subject) -> bool:
    return any(
        isinstance(found, Mapping) and any("startup-script" in str(key).lower() or str(key).lower() == "startup_script" for key in found)
        for found in find(subject.after, "metadata")
    )


def _listed_for_everyone(subject: Subject) -> bool:
    """An access list of a bucket, object or dataset names everyone, and did not before.

    https://cloud.google.com/storage/docs/access-control/lists and https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets
    """

    def names_all(state: JsonValue) -> bool:
        return any(
            str(who).lower().rpartition("/")[2] in EVERYONE
            for entries in find(state, "acl", "defaultObjectAcl", "access")
            if isinstance(entries, list)
            for who in find(entries, "entity", "specialGroup", "iamMember")
        )

    return names_all(subject.after) and not names_all(subject.before)


def _attackers_command(subject: Subject) -> bool:
    """What a container or script of a workload runs hands a shell to an address outside, or mines."""
    told = find(subject.after, "containers", "container", "containerSpec", "script")
    return any(
        ATTACKERS_COMMANDS.search(" ".join(_texts(one))) for value in told for one in (value if isinstance(value, list) else [value])
    )


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    below = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for one in below:
        yield from _texts(one)


def _ransom_note(subject: Subject) -> bool:
    name = subject.name.rpartition("/")[2].lower()
    return name.endswith(_NOTES) and any(word in name for word in _NOTE_WORDS)


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    **GRANTS,
    **GUARDS,
    **HARDENING,
    **METADATA,
    **RECORDING,
    **STORES,
    "listed_for_everyone": _listed_for_everyone,
    "takes_requests_of_all": lambda s: any(
        str(v).lower() in ("all", "ingress_traffic_all") for v in find(s.after, "run.googleapis.com/ingress", "ingress")
    ),
    "attackers_command": _attackers_command,
    "forced": lambda s: any(value is True for value in find(s.after, "force")),
    "moves": lambda s: sets_only(s, "parent"),
    "works_again": lambda s: was_on(s, "disabled"),
    "ransom_note": _ransom_note,
    "rewrites_under_key": lambda s: bool(_REWRITE.search(s.agent)),
    "drops_data": lambda s: drops(s.metadata),
    "goes_with_tables": goes_with_tables,
    "copies_elsewhere": copies_elsewhere,
    "opened_to_anyone": lambda s: parameter(s.metadata, "NEW_VALUE").upper().startswith("ANYONE"),
    "setting_off": lambda s: parameter(s.metadata, "NEW_VALUE").lower() in ("false", "off", "disabled", "not enforced"),
    "setting_on": lambda s: parameter(s.metadata, "NEW_VALUE").lower() in ("true", "on", "enabled", "enforced"),
    "password_setting": lambda s: "password" in parameter(s.metadata, "SETTING_NAME").lower(),
    "firewall_open_to_world": _firewall_open,
    "only_denies": lambda s: any(find(s.after, "denied", "denieds")) and not any(find(s.after, "allowed", "alloweds")),
    "lets_in_insiders_only": _lets_in_insiders_only,
    "lets_in_few": _lets_in_few,
    "database_open_to_world": _database_open,
    "notebook_script": _notebook_script,
    "extracts": lambda s: any(isinstance(value, Mapping) and bool(value) for value in find(s.after, "extract", "tableExtract")) or any(
        isinstance(value, Mapping) and bool(value) for value in find(s.metadata, "extractConfig", "extract")
    ),
    "attack_tool": lambda s: bool(_ATTACK_TOOL.search(s.agent)),
    "overwrites": lambda s: "storage.objects.delete" in s.permissions,
    "from_inventory": lambda s: not s.method,
    "is_new": lambda s: s.change_type is ChangeType.CREATED,
    "is_deleted": lambda s: s.change_type is ChangeType.DELETED,
    "service_of_a_guard": lambda s: any(_GUARDS.search(value) for value in (s.name, str(s.after.get("name") or ""))),
    "only_labels_changed": lambda s: bool(s.changed) and all(
        ".labels" in path or ".tags" in path or path.endswith("abelFingerprint") for path in s.changed
    ),
}  # fmt: skip
