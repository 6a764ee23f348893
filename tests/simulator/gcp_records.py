"""Raw Cloud Audit Log entries."""

from datetime import datetime

from core.json import JsonObject, JsonValue
from tests.simulator.kubernetes_records import stamp

PROJECT = "lumbra-live"
TERRAFORM_AGENT = "Terraform/1.9.8 (+https://www.terraform.io) Terraform-Plugin-SDK/2.34.0 terraform-provider-google/6.12.0,gzip(gfe)"
GCLOUD_AGENT = (
    "google-cloud-sdk gcloud/501.0.0 command/gcloud.compute invocation-id/5f1 interactive/True (Macintosh; Intel Mac OS X 24.1.0),gzip(gfe)"
)
CONSOLE_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36,gzip(gfe),gzip(gfe)"
CLIENT_AGENT = "google-api-python-client/2.149.0 (gzip),gzip(gfe)"


def entry(
    id: str, at: datetime, *, service: str, method: str, name: str, who: str, agent: str, address: str, type: str = "",
    labels: JsonObject | None = None,
    request: JsonObject | None = None, log: str = "activity", operation: str = "", more: JsonObject | None = None, refused: str = "",
) -> JsonObject:  # fmt: skip
    """One call."""
    payload: JsonObject = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": {"principalEmail": who} if who else {},
        "requestMetadata": {"callerIp": address, "callerSuppliedUserAgent": agent, "requestAttributes": {"time": stamp(at)}},
        "serviceName": service,
        "methodName": method,
        "resourceName": name,
        **({"request": request} if request else {}),
        **(more or {}),
    }
    if refused:
        status: JsonValue = {"code": 7, "message": f"Permission '{refused}' denied on resource"}
        payload["status"] = status
        payload["authorizationInfo"] = [{"permission": refused, "resource": name}]
    return {
        "insertId": id, "logName": f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2F{log}", "timestamp": stamp(at),
        "severity": "NOTICE",
        "receiveTimestamp": stamp(at),
        "resource": {"type": type or "audited_resource", "labels": {"project_id": PROJECT, **(labels or {})}},
        "protoPayload": payload,
        **({"operation": {"id": operation, "producer": service, "first": True, "last": True}} if operation else {}),
    }  # fmt: skip


def policy_delta(*deltas: tuple[str, str, str]) -> JsonObject:
    return {
        "serviceData": {
            "@type": "type.googleapis.com/google.iam.v1.logging.AuditData",
            "policyDelta": {"bindingDeltas": [{"action": action, "role": role, "member": member} for action, role, member in deltas]},
        }
    }
