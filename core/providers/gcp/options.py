"""The options of a Google Cloud source."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Parent = Annotated[str, StringConstraints(pattern=r"^(projects|folders|organizations)/[A-Za-z0-9:._-]+$")]


class GcpSettings(BaseModel):
    """What to read of Google Cloud. Credentials are Application Default Credentials unless a file is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scope: Parent = Field(description="projects/ID, folders/NUMBER or organizations/NUMBER.")
    asset_types: tuple[str, ...] = Field((), description="Only these asset types (compute.googleapis.com/.*); empty is all.")
    audit_log: bool = Field(True, description="Read Admin Activity audit logs too: who did it, and deletions at once.")
    sweep_minutes: float = Field(60.0, gt=0, description="The whole inventory is listed this often, to find untold deletions.")
    credentials_file: Path | None = Field(None, description="A service account key or workload identity configuration.")
    asset_endpoint: str = Field("", description="host:port of a Cloud Asset endpoint without TLS (a proxy on loopback).")
    logging_url: str = Field("https://logging.googleapis.com", description="Base URL of the Cloud Logging API.")
    quota_project: str = Field("", description="The project whose quota the calls use.")
