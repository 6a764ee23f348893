"""Names of Google Cloud's things: from an audit record's resource name to Cloud Asset Inventory's asset type and full name."""

from collections.abc import Mapping

# Collections of resource names whose asset type is not their own singular in capitals.
# Source: https://cloud.google.com/asset-inventory/docs/asset-types
_ASSET_TYPES = {
    "cloudsql.googleapis.com/instances": "sqladmin.googleapis.com/Instance",
    "cloudsql.googleapis.com/backupRuns": "sqladmin.googleapis.com/BackupRun",
    "storage.googleapis.com/objects": "storage.googleapis.com/Object",
    "iam.googleapis.com/keys": "iam.googleapis.com/ServiceAccountKey",
    "container.googleapis.com/nodePools": "container.googleapis.com/NodePool",
    "logging.googleapis.com/sinks": "logging.googleapis.com/LogSink",
    "logging.googleapis.com/buckets": "logging.googleapis.com/LogBucket",
    "logging.googleapis.com/metrics": "logging.googleapis.com/LogMetric",
    "logging.googleapis.com/exclusions": "logging.googleapis.com/LogExclusion",
    "bigtableadmin.googleapis.com/instances": "bigtableadmin.googleapis.com/Instance",
}
# What an audit record calls the service, and what full names and asset types call it.
_SERVICES = {"cloudsql.googleapis.com": "sqladmin.googleapis.com"}
# Types of monitored resources, for records whose resource name is only a parent or empty.
# Source: https://cloud.google.com/logging/docs/api/v2/resource-list
_MONITORED = {
    "service_account": ("iam.googleapis.com/ServiceAccount", "email_id"),
    "iam_role": ("iam.googleapis.com/Role", "role_name"),
    "gce_instance": ("compute.googleapis.com/Instance", "instance_id"),
    "gce_firewall_rule": ("compute.googleapis.com/Firewall", "firewall_rule_id"),
    "gcs_bucket": ("storage.googleapis.com/Bucket", "bucket_name"),
    "cloudsql_database": ("sqladmin.googleapis.com/Instance", "database_id"),
    "gke_cluster": ("container.googleapis.com/Cluster", "cluster_name"),
    "k8s_cluster": ("container.googleapis.com/Cluster", "cluster_name"),
    "project": ("cloudresourcemanager.googleapis.com/Project", "project_id"),
    "organization": ("cloudresourcemanager.googleapis.com/Organization", "organization_id"),
    "cloudkms_cryptokey": ("cloudkms.googleapis.com/CryptoKey", "crypto_key_id"),
    "dns_managed_zone": ("dns.googleapis.com/ManagedZone", "zone_name"),
    "dataflow_step": ("dataflow.googleapis.com/Job", "job_name"),
    "bigquery_dataset": ("bigquery.googleapis.com/Dataset", "dataset_id"),
    "pubsub_topic": ("pubsub.googleapis.com/Topic", "topic_id"),
    "pubsub_subscription": ("pubsub.googleapis.com/Subscription", "subscription_id"),
    "deployment": ("deploymentmanager.googleapis.com/Deployment", "name"),
    "logging_sink": ("logging.googleapis.com/LogSink", "name"),
}
_OF_INSTANCES = frozenset({"backupRuns", "databases", "sslCerts", "users"})
# Where things are; in a path each is followed by its own name.
_PLACES = ("projects", "locations", "regions", "zones", "folders", "organizations")
_SINGULAR = {
    "policies": "Policy",
    "addresses": "Address",
    "indexes": "Index",
    "proxies": "Proxy",
    "repositories": "Repository",
    "accesses": "Access",
}


def kind_of(service: str, path: str, monitored: str, labels: Mapping[str, object], requested: str) -> tuple[str, str]:
    """(kind, name), never empty. The monitored type speaks where the path is only the parent of what was made."""
    parts = [part for part in path.split("/") if part]
    known = _MONITORED.get(monitored)
    label = str(labels.get(known[1]) or "") if known else ""
    if service == "storage.googleapis.com" and "/objects/" in path:
        # An object's name may hold slashes.
        return asset_type(service, "objects"), path.partition("/objects/")[2] or label or requested or "unnamed"
    collection, name = (parts[-2], parts[-1]) if len(parts) >= 2 else ("", parts[0] if parts else "")
    if len(parts) >= 3 and parts[-3] in _PLACES and name != "global" and not known:
        # The path ends in the collection that something is made in: projects/acme/builds.
        return asset_type(service, name), requested or label or name
    only_parent = collection in ("projects", "organizations", "folders", "global", "") and monitored not in ("project", "organization", "")
    if known and (only_parent or not path):
        return known[0], label.rsplit("/", 1)[-1] or requested or name or known[0]
    if not collection:
        fallback = known[0] if known else (service or "Google Cloud")
        return fallback, name or requested or label or service or "unnamed"
    if name in ("-", "_") or (collection.endswith("s") is False and requested):
        name = requested or label or name
    return asset_type(service, collection), label if known and label and name.isdigit() and monitored == "service_account" else name


def part_of_instance(service: str, method: str) -> str:
    """The collection of what a call is about where its record names only the database instance that it belongs to: backupRuns, users.

    https://cloud.google.com/sql/docs/mysql/audit-logging#permission-type
    """
    named = method.split(".")
    return named[1] if service == "cloudsql.googleapis.com" and len(named) == 3 and named[1] in _OF_INSTANCES else ""


def asset_type(service: str, collection: str) -> str:
    key = f"{service}/{collection}"
    if key in _ASSET_TYPES:
        return _ASSET_TYPES[key]
    if collection == "projects":
        return "cloudresourcemanager.googleapis.com/Project"
    if collection == "organizations":
        return "cloudresourcemanager.googleapis.com/Organization"
    singular = _SINGULAR.get(collection) or (collection[:-3] + "y" if collection.endswith("ies") else collection.removesuffix("s"))
    return f"{_SERVICES.get(service, service) or 'googleapis.com'}/{singular[:1].upper()}{singular[1:]}"


def full_name(service: str, path: str) -> str:
    """The full resource name as Cloud Asset Inventory spells it. https://cloud.google.com/asset-inventory/docs/resource-name-format"""
    if path.startswith("//"):
        return path
    if service == "storage.googleapis.com" and path.startswith("projects/_/buckets/"):
        return f"//storage.googleapis.com/{path.removeprefix('projects/_/buckets/')}"
    return f"//{_SERVICES.get(service, service)}/{path.lstrip('/')}"
