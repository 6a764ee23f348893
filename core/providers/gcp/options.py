"""The options of a Google Cloud source."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Parent = Annotated[str, StringConstraints(pattern=r"^(projects|folders|organizations)/[A-Za-z0-9:._-]+$")]
Subscription = Annotated[str, StringConstraints(pattern=r"^projects/[A-Za-z0-9:._-]+/subscriptions/[A-Za-z][A-Za-z0-9._~%+-]{2,254}$")]
LogView = Annotated[str, StringConstraints(pattern=r"^(projects|folders|organizations)/[^/]+/locations/[^/]+/buckets/[^/]+/views/[^/]+$")]
# A token is never sent without TLS; what listens on loopback is a stand-in, or a proxy that adds the credentials itself.
ApiUrl = Annotated[str, StringConstraints(pattern=r"^(https://[^/]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/.*)?$")]


class GcpSettings(BaseModel):
    """What to read of Google Cloud. Credentials are Application Default Credentials unless a file is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scope: Parent = Field(description="projects/ID, folders/NUMBER or organizations/NUMBER.")
    asset_types: tuple[str, ...] = Field((), description="Only these asset types (compute.googleapis.com/.*); empty is all.")
    audit_log: bool = Field(True, description="Read Admin Activity audit logs too: who did it, and deletions at once.")
    log_views: tuple[LogView, ...] = Field(
        (), max_length=100, description="Read audit logs there (an aggregated sink's bucket) instead of in each project of the scope."
    )
    feed_subscription: Subscription | Literal[""] = Field(
        "", description="A Pub/Sub subscription of an asset feed: projects/ID/subscriptions/NAME. Deletions and policies come at once."
    )
    sweep_minutes: float = Field(60.0, gt=0, description="The whole inventory is listed this often, to find untold deletions.")
    credentials_file: Path | None = Field(None, description="A service account key or workload identity configuration.")
    asset_endpoint: str = Field("", description="host:port of a Cloud Asset endpoint without TLS (a proxy on loopback).")
    logging_url: ApiUrl = Field("https://logging.googleapis.com", description="Base URL of the Cloud Logging API.")
    pubsub_url: ApiUrl = Field("https://pubsub.googleapis.com", description="Base URL of the Pub/Sub API.")
    quota_project: str = Field("", description="The project whose quota the calls use.")
