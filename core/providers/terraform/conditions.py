"""Conditions that rules/traits.yaml may name: each looks at one instance's change. Pure.

A condition of exposure holds only where it is new: what stood open before is no news.
"""

from collections.abc import Callable, Iterator, Mapping

from core.event import ChangeType
from core.json import JsonObject, JsonValue
from core.providers.terraform.subject import Subject, find, leaves, top

_WORLD = frozenset({"0.0.0.0/0", "::/0"})
_EVERYONE = frozenset({"allUsers", "allAuthenticatedUsers", "*"})
_ADMIN = (
    "AdministratorAccess",
    "roles/owner",
    "roles/editor",
    "cluster-admin",
    "PowerUserAccess",
    "IAMFullAccess",
    "roles/iam.securityAdmin",
)
_TAGS = frozenset({"tags", "tags_all", "labels", "effective_labels", "terraform_labels", "description", "annotations"})
_COUNTS = frozenset(
    {
        "desired_count",
        "desired_capacity",
        "min_size",
        "max_size",
        "replicas",
        "replica_count",
        "node_count",
        "initial_node_count",
        "instance_count",
        "read_capacity",
        "write_capacity",
        "target_size",
        "shard_count",
        "min_capacity",
        "max_capacity",
        "num_cache_nodes",
        "number_cache_clusters",
        "num_cache_clusters",
        "num_nodes",
        "min_node_count",
        "max_node_count",
        "desired_size",
        "parallelism",
        "provisioned_concurrent_executions",
        "reserved_concurrent_executions",
        "scaling_config",
        "autoscaling",
        "capacity",
    }
)
_IMAGES = frozenset(
    {
        "image",
        "image_id",
        "ami",
        "image_uri",
        "source_code_hash",
        "container_definitions",
        "task_definition",
        "version_label",
        "chart",
        "revision",
        "s3_object_version",
    }
)


_GUARDS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


def _is_new(test: Callable[[JsonObject], bool]) -> Callable[[Subject], bool]:
    """Holds of the instance as it is now and did not hold before."""
    return lambda s: s.change_type is not ChangeType.DELETED and test(s.after) and not (bool(s.before) and test(s.before))


def _was_true(*names: str) -> Callable[[Subject], bool]:
    """A switch that stood on is off now."""

    def went_off(s: Subject) -> bool:
        return any(s.before.get(name) is True and s.after.get(name) is not True for name in names)

    return lambda s: s.change_type in (ChangeType.MODIFIED, ChangeType.REPLACED, ChangeType.MOVED) and went_off(s)


def _ingress(found: JsonObject) -> Iterator[JsonValue]:
    """The parts of a network rule set that let in."""
    kind = str(found.get("type") or found.get("direction") or "ingress").lower()
    if kind in ("ingress", "inbound") and found.get("egress") is not True and str(found.get("access") or "allow").lower() != "deny":
        yield from (
            found.get(name)
            for name in (
                "cidr_blocks",
                "ipv6_cidr_blocks",
                "cidr_ipv4",
                "cidr_ipv6",
                "cidr_block",
                "source_ranges",
                "source_address_prefix",
                "source_address_prefixes",
            )
        )
    for name in ("ingress", "security_rule", "inbound_rule"):
        rules = found.get(name)
        for rule in rules if isinstance(rules, list) else ():
            if isinstance(rule, Mapping):
                yield from _ingress({**rule, "type": rule.get("direction") or "ingress"})


def _open_to_world(found: JsonObject) -> bool:
    if isinstance(found.get("deny"), list) and found["deny"]:
        return False
    return any(
        str(leaf) in _WORLD or leaf in ("*", "Internet") for part in _ingress(found) for leaf in leaves(part) if isinstance(leaf, str)
    )


def _sources(found: JsonObject) -> frozenset[str]:
    return frozenset(str(leaf) for part in _ingress(found) for leaf in leaves(part) if isinstance(leaf, str) and leaf)


def _widened(s: Subject) -> bool:
    return s.change_type is not ChangeType.DELETED and bool(_sources(s.after) - _sources(s.before))


def _narrowed(s: Subject) -> bool:
    return bool(_sources(s.before) - _sources(s.after)) and not _widened(s)


def _statements(found: JsonObject) -> Iterator[JsonObject]:
    for name in ("policy", "assume_role_policy", "inline_policy", "access_policy", "resource_policy"):
        for told in find(found.get(name), "Statement"):
            for one in told if isinstance(told, list) else [told]:
                if isinstance(one, Mapping) and one.get("Effect") == "Allow":
                    yield dict(one)


def _principals(statement: JsonObject) -> list[JsonValue]:
    return list(leaves(statement.get("Principal")))


def _policy_public(found: JsonObject) -> bool:
    return any("*" in _principals(one) and not one.get("Condition") for one in _statements(found))


def _policy_admin(found: JsonObject) -> bool:
    def near_unlimited(one: JsonObject) -> bool:
        actions, resources = set(leaves(one.get("Action"))), set(leaves(one.get("Resource")))
        return bool(actions & {"*", "*:*", "iam:*"}) and "*" in resources

    return any(near_unlimited(one) for one in _statements(found) if "Principal" not in one)


def _trust(s: Subject) -> bool:
    return any(top(path) == "assume_role_policy" for path in s.changed) or s.change_type is ChangeType.CREATED


def _members(found: JsonObject) -> frozenset[str]:
    return frozenset(
        str(leaf) for name in ("member", "members", "binding", "entity", "access", "role_entity") for leaf in leaves(found.get(name))
    )


def _everyone(found: JsonObject) -> bool:
    return any(member in _EVERYONE or member.partition(":")[2] in _EVERYONE for member in _members(found))


def _admin_named(found: JsonObject) -> bool:
    told = (
        str(leaf)
        for name in ("policy_arn", "role", "role_ref", "managed_policy_arns", "role_definition_name", "permissions")
        for leaf in leaves(found.get(name))
    )
    return any(one.rsplit("/", 1)[-1] in _ADMIN or one in _ADMIN or one in ("Owner", "Contributor", "admin") for one in told)


def _public_acl(found: JsonObject) -> bool:
    return str(found.get("acl") or "") in ("public-read", "public-read-write", "website") or str(found.get("predefined_acl") or "") in (
        "publicRead",
        "publicReadWrite",
    )


def _public_balancer(found: JsonObject) -> bool:
    """A Kubernetes service that any address may reach by a load balancer, unless it is annotated as one that stays inside."""
    ranges = [one for told in find(found, "load_balancer_source_ranges") if isinstance(told, list) for one in told]
    annotations = [f"{key}={value}".lower() for told in find(found, "annotations") if isinstance(told, dict) for key, value in told.items()]
    inside = any("internal" in one and not one.endswith(("=false", "=internet-facing")) for one in annotations)
    return "LoadBalancer" in find(found, "type") and not inside and (not ranges or any(str(one).endswith("/0") for one in ranges))


def _privileged(found: JsonObject) -> bool:
    parts = (found.get("spec"), found.get("manifest"), found.get("container_definitions"))
    return any(True in list(find(part, "privileged", "host_network", "hostNetwork", "host_pid", "hostPID")) for part in parts)


def _backups(s: Subject) -> bool:
    def days(found: JsonObject) -> float:
        value = next(
            (found[name] for name in ("backup_retention_period", "snapshot_retention_limit", "retention_in_days_backup") if name in found),
            None,
        )
        return float(value) if isinstance(value, int | float) else -1.0

    return 0 <= days(s.after) < days(s.before)


def _versioning_off(s: Subject) -> bool:
    def on(found: JsonObject) -> bool:
        block = found.get("versioning") or found.get("versioning_configuration") or found.get("point_in_time_recovery")
        return any(value in (True, "Enabled") for value in find(block, "enabled", "status"))

    return on(s.before) and not on(s.after) and s.change_type is not ChangeType.CREATED


def _retention_cut(s: Subject) -> bool:
    before, after = s.before.get("retention_in_days"), s.after.get("retention_in_days")
    if not isinstance(before, int) or not isinstance(after, int):
        return False
    return 0 < after < before or (before == 0 and after > 0)


def _dns_or_data(*names: str) -> Callable[[Subject], bool]:
    return lambda s: bool(s.tops & frozenset(names))


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "multiplied": lambda s: s.multiplied,
    "open_to_world": _is_new(_open_to_world),
    "widens_sources": _widened,
    "narrows_sources": _narrowed,
    "policy_public": _is_new(_policy_public),
    "policy_admin": _is_new(_policy_admin),
    "grants_everyone": _is_new(_everyone),
    "grants_admin": _is_new(_admin_named),
    "public_acl": _is_new(_public_acl),
    "publicly_accessible": _is_new(
        lambda found: found.get("publicly_accessible") is True or found.get("public_network_access_enabled") is True
    ),
    "trust_changed": _trust,
    "privileged": _is_new(_privileged),
    "public_balancer": _is_new(_public_balancer),
    "made_without_guards": lambda s: s.change_type is ChangeType.CREATED and all(s.after.get(name) is False for name in _GUARDS),
    "guards_off": _was_true(*_GUARDS),
    "protection_off": _was_true(
        "deletion_protection",
        "deletion_protection_enabled",
        "disable_api_termination",
        "enable_deletion_protection",
        "termination_protection",
        "prevent_destroy",
        "purge_protection_enabled",
        "uniform_bucket_level_access",
    ),
    "encryption_off": _was_true(
        "encrypted", "storage_encrypted", "at_rest_encryption_enabled", "transit_encryption_enabled", "enable_key_rotation", "kms_encrypted"
    ),
    "logging_off": _was_true(
        "enable_logging", "enable_log_file_validation", "is_multi_region_trail", "include_global_service_events", "enable_flow_logs"
    ),
    "detection_off": _was_true("enable", "enabled", "actions_enabled", "recording_group", "is_enabled"),
    "key_disabled": _was_true("is_enabled", "enabled"),
    "backups_cut": _backups,
    "versioning_off": _versioning_off,
    "retention_cut": _retention_cut,
    "only_counts": lambda s: (
        bool(s.changed)
        and s.change_type is ChangeType.MODIFIED
        and all(bool(set(path.replace("[", ".").replace("]", "").split(".")) & _COUNTS) for path in s.changed)
    ),
    "only_tags": lambda s: bool(s.changed) and s.change_type is ChangeType.MODIFIED and all(top(path) in _TAGS for path in s.changed),
    "other_code": lambda s: bool(s.tops & _IMAGES),
    "other_script": _dns_or_data("user_data", "user_data_base64", "custom_data", "metadata_startup_script", "startup_script"),
    "outlives": lambda s: s.change_type is ChangeType.REPLACED,
}
