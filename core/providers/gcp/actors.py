"""Who did it, from the authentication and request parts of a Cloud Audit Log record."""

import ipaddress
import re

from core.event import UNKNOWN_ACTOR, Actor, ActorKind, Via
from core.json import JsonObject, JsonValue, canonical

# Projects of Google's own, in which its services' accounts live. Anyone may call an account of theirs service-1, but not in these:
# https://cloud.google.com/iam/docs/service-agents
GOOGLES = (
    r"(?:gcp-sa-[a-z0-9-]+|container-engine-robot|compute-system|dataflow-service-producer-prod|dataproc-accounts|cloudbuild-robot"
    r"|serverless-robot-prod|gae-api-prod\.google\.com|gcp-gae-service|gs-project-accounts|sourcerepo-service-accounts|cloud-redis|cloud-filer"
    r"|cloud-ml\.google\.com|cloud-tpu|service-networking|gcf-admin-robot|cloudcomposer-accounts|containerregistry|container-analysis"
    r"|bigquery-encryption|dlp-api|storage-transfer-service|endpoints-portal|firebase-rules|websecurityscanner|remotebuildexecution"
    r"|cloud-cdn-fill|genomics-api\.google\.com|cloudiot|binaryauthorization|bigquery-data-connectors)"
)
_SERVICE_AGENT = re.compile(rf"@(?:{GOOGLES}\.iam|cloudservices|system)\.gserviceaccount\.com$|^system@")
# A token of an outside system, which Google checked: https://cloud.google.com/iam/docs/workload-identity-federation
_FEDERATED = "/workloadIdentityPools/"
_BUILDS = "@cloudbuild.gserviceaccount.com"
# What GKE does of itself, in the activity log and without a principal: repairs, upgrades of the control plane.
# https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging
_GKE_ITSELF = "google.container.internal."
# Where one service of Google's calls another: https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog
_INSIDE_GOOGLE = "private"
# Accounts whose name is only the project's number: what they are for is in their domain.
_NUMBERED = re.compile(r"^(service-|p)?\d+(-\d+)?$")
_SERVICE_ACCOUNT = re.compile(r"gserviceaccount\.com$|^serviceaccount:", re.IGNORECASE)
_IAC = re.compile(
    r"(^|[^a-z])(terraform|tf|tofu|opentofu|atlantis|spacelift|pulumi|infra-manager|crossplane|config-?connector|cnrm)([^a-z]|$)",
    re.IGNORECASE,
)
_GITOPS = re.compile(r"argo-?cd|fluxcd|(^|[^a-z])flux([^a-z]|$)|config-?sync|gitops", re.IGNORECASE)
_CI = re.compile(
    r"github|gitlab|jenkins|circleci|buildkite|cloudbuild|teamcity|bitbucket|azure-?devops|travis|(^|[^a-z])(ci|cd|cicd|deploy(er|ment)?|pipeline|release)([^a-z]|$)",
    re.IGNORECASE,
)
_SDK = re.compile(
    r"(google-api-[a-z-]+|grpc-[a-z]+|gcloud-[a-z]+|google-cloud-[a-z]+|apitools|python|java|go-http-client|okhttp)", re.IGNORECASE
)
# Clients of HTTP that no deployment comes with: https://attack.mitre.org/techniques/T1550/001/
_BARE = re.compile(r"^(?:curl|wget|httpie|postmanruntime|insomnia|python-requests)\b[/ ]?[0-9.]*", re.IGNORECASE)
_BROWSER = "Cloud console"
_TOOLS = (
    (re.compile(r"terraform[ /]?v?([0-9.]*)", re.IGNORECASE), Via.IAC, "Terraform"),
    (re.compile(r"pulumi", re.IGNORECASE), Via.IAC, "Pulumi"),
    (re.compile(r"(config-connector|cnrm)", re.IGNORECASE), Via.IAC, "Config Connector"),
    (re.compile(r"deployment[ -]manager", re.IGNORECASE), Via.IAC, "Deployment Manager"),
    (re.compile(r"kubectl/v?([0-9.]+)", re.IGNORECASE), Via.CLI, "kubectl"),
    (re.compile(r"(?:google-cloud-sdk|gcloud)[ /]?(?:gcloud/)?([0-9.]*)", re.IGNORECASE), Via.CLI, "gcloud"),
    (re.compile(r"gsutil/?([0-9.]*)", re.IGNORECASE), Via.CLI, "gsutil"),
    (re.compile(r"^mozilla", re.IGNORECASE), Via.CONSOLE, _BROWSER),
    (_BARE, Via.SDK, ""),
    (_SDK, Via.SDK, ""),
)  # fmt: skip


def actor(payload: JsonObject, *, system_event: bool) -> Actor:
    """The actor of an audit payload. Google's own services are services; service accounts automation; the rest people."""
    authentication = _object(payload, "authenticationInfo")
    request = _object(payload, "requestMetadata")
    email = str(authentication.get("principalEmail") or "")
    subject = str(authentication.get("principalSubject") or "")
    via, tool = _tool(str(request.get("callerSuppliedUserAgent") or ""))
    address = address_in(request)
    network = cut(address)
    delegate = _delegate(authentication)
    identity = email or subject
    if not identity and str(payload.get("methodName") or "").startswith(_GKE_ITSELF):
        return Actor(kind=ActorKind.SERVICE, name="Google Kubernetes Engine", via=Via.SERVICE, network=network)
    if not identity and address == _INSIDE_GOOGLE and not _object(payload, "status").get("code"):
        return Actor(kind=ActorKind.SERVICE, name="Google Cloud", via=Via.SERVICE)
    if not identity:
        kind = ActorKind.SERVICE if system_event else ActorKind.UNKNOWN
        name = "Google Cloud" if system_event else ""
        return (
            Actor(kind=kind, name=name, via=Via.SERVICE if system_event else via, tool=tool, network=network)
            if system_event or tool or network
            else UNKNOWN_ACTOR
        )
    kind, via = _kind(identity, subject, via, system_event)
    return Actor(kind=kind, id=identity, name=_name(identity), via=via, tool=tool, session=delegate, network=network)


def _kind(identity: str, subject: str, via: Via, system_event: bool) -> tuple[ActorKind, Via]:
    if system_event:
        return ActorKind.SERVICE, Via.SERVICE
    if _SERVICE_AGENT.search(identity):
        # Deployment Manager works as the project's own agent, and says so: https://cloud.google.com/deployment-manager/docs/access-control
        return (ActorKind.AUTOMATION, via) if via is Via.IAC else (ActorKind.SERVICE, Via.SERVICE)
    if _SERVICE_ACCOUNT.search(identity) or subject.startswith(("principal://", "principalSet://", "serviceAccount:")):
        if via is Via.IAC or _IAC.search(identity):
            return ActorKind.AUTOMATION, Via.IAC
        if _GITOPS.search(identity):
            return ActorKind.AUTOMATION, Via.GITOPS
        return ActorKind.AUTOMATION, via if via is not Via.CONSOLE else Via.SDK
    return ActorKind.HUMAN, via


def _chain(payload: JsonObject) -> JsonValue:
    """Through whom the account was used. https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog"""
    return _object(payload, "authenticationInfo").get("serviceAccountDelegationInfo")


def is_pipeline(identity: str, payload: JsonObject) -> bool:
    """Did a CI system vouch for it? Who came in by its federation, or by Google's own builds, is a job of a pipeline. What an account is
    called is chosen by whoever makes it and copied with its keys: that counts as a name alone (core/analysis/rules/identities.yaml).

    https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
    """
    if identity.endswith(_BUILDS):
        return True
    return bool(_CI.search(identity)) and (identity.startswith("principal") or _FEDERATED in canonical(_chain(payload)))


def _tool(user_agent: str) -> tuple[Via, str]:
    for pattern, via, name in _TOOLS:
        found = pattern.search(user_agent)
        if found:
            version = found.group(1) if found.groups() else ""
            return via, (f"{name} {version}".strip() if name else found.group(0))
    return Via.UNKNOWN, ""


def _name(identity: str) -> str:
    local, _, domain = identity.partition("@")
    if domain and _NUMBERED.match(local):
        return domain.partition(".")[0]
    if identity == "system@google.com":
        return "Google Cloud"
    return local if "@" in identity else identity.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _delegate(authentication: JsonObject) -> str:
    # Impersonation: the first delegate is the person or workload that really asked.
    chain = authentication.get("serviceAccountDelegationInfo")
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], dict):
        return ""
    first = chain[0].get("firstPartyPrincipal")
    principal = first.get("principalEmail") if isinstance(first, dict) else None
    return str(principal or chain[0].get("principalSubject") or "")


def address_in(request: JsonObject) -> str:
    """The caller's address, in either spelling that exports use."""
    return str(request.get("callerIp") or request.get("callerIP") or "")


def cut(address: str) -> str:
    """The caller's network: /24 or /48. Empty for what is no address (private, gce-internal-ip)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def _object(holder: JsonObject, key: str) -> JsonObject:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}
