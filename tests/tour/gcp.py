"""Change 30: Google Cloud, between two polls. Its assets and its audit log are ours, as Google offers no emulator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.event import ChangeType, Via
from core.trait import Trait
from tests.components.cloud_asset import CloudAsset
from tests.tour.change import Change, Expected, Sight

SOURCE = "tour-gcp"
ANA = "ana@acme.example"
_FIREWALL, _INSTANCE = "compute.googleapis.com/Firewall", "compute.googleapis.com/Instance"
_ALLOW_WEB = "//compute.googleapis.com/projects/acme/global/firewalls/allow-web"
_WEB_1 = "//compute.googleapis.com/projects/acme/zones/europe-west1-b/instances/web-1"


def _entry(method: str, name: str, at: datetime) -> dict[str, Any]:
    return {
        "logName": "projects/acme/logs/cloudaudit.googleapis.com%2Factivity",
        "insertId": f"{method}-{at.timestamp():.0f}",
        "timestamp": at.isoformat(),
        "protoPayload": {
            "serviceName": "compute.googleapis.com",
            "methodName": method,
            "resourceName": name.removeprefix("//compute.googleapis.com/"),
            "authenticationInfo": {"principalEmail": ANA},
            "requestMetadata": {"callerSuppliedUserAgent": "google-cloud-sdk gcloud/497.0.0", "callerIp": "203.0.113.77"},
        },
    }  # fmt: skip


@dataclass(slots=True)
class GcpStage:
    google: CloudAsset

    @property
    def sources(self) -> Sequence[dict[str, object]]:
        options = {"scope": "projects/acme", "asset_endpoint": self.google.endpoint, "logging_url": self.google.logging_url}
        return ({"name": SOURCE, "provider": "gcp", "environment": "prod", "options": options},)

    def prepare(self) -> None:
        before = utc_now() - timedelta(days=2)
        self.google.put(_ALLOW_WEB, _FIREWALL, before, {"name": "allow-web", "sourceRanges": ["10.0.0.0/8"]})
        self.google.put(_WEB_1, _INSTANCE, before, {"name": "web-1", "status": "RUNNING", "machineType": "e2-small"})

    def keep_alive(self) -> None:
        """Nothing happens by itself here."""

    def changes(self) -> Sequence[Change]:
        return (Change(number=30, made="firewall rule changed, instance deleted between two polls", make=self._both),)

    def _both(self) -> Expected:
        at = utc_now()
        self.google.put(_ALLOW_WEB, _FIREWALL, at, {"name": "allow-web", "sourceRanges": ["0.0.0.0/0"]})
        self.google.put(_WEB_1, _INSTANCE, at, None)
        self.google.entries += [_entry("v1.compute.firewalls.patch", _ALLOW_WEB, at), _entry("v1.compute.instances.delete", _WEB_1, at)]
        opened = Sight(
            kind=_FIREWALL, name="allow-web", change_type=ChangeType.MODIFIED, who=ANA, via=Via.CLI,
            changes={"resource.sourceRanges": (["10.0.0.0/8"], ["0.0.0.0/0"])}, traits=frozenset({Trait.EXPOSES_PUBLICLY}),
        )  # fmt: skip
        gone = Sight(kind=_INSTANCE, name="web-1", change_type=ChangeType.DELETED, who=ANA, via=Via.CLI, changes=None)
        return Expected(sights=(opened, gone))
