"""The options of a Terraform source: exactly one backend."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from core.errors import ValueRefused


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class S3Settings(Group):
    """States in an S3 bucket, as Terraform's own s3 backend writes them."""

    bucket: str = Field(description="The bucket's name.")
    key: str = Field("", description="The state's key, as in the backend's configuration. Its workspaces are read too.")
    prefix: str = Field("", description="Instead of a key: every state (*.tfstate) below this prefix.")
    region: str = Field("", description="The bucket's region; empty is the SDK's own.")
    profile: str = Field("", description="A profile of ~/.aws/config.")
    role_arn: str = Field("", description="A role to assume for reading.")
    endpoint_url: str = Field("", description="Another endpoint that speaks S3 (MinIO, a VPC endpoint).")
    workspace_key_prefix: str = Field("env:", description="As in the backend's configuration.")

    @model_validator(mode="after")
    def _one_of(self) -> "S3Settings":
        if bool(self.key) == bool(self.prefix):
            raise ValueRefused("give either key or prefix")
        return self


class GcsSettings(Group):
    """States in a Google Cloud Storage bucket. Credentials are Application Default Credentials unless a file is named."""

    bucket: str = Field(description="The bucket's name.")
    prefix: str = Field("", description="As in the backend's configuration: each workspace is <prefix>/<workspace>.tfstate.")
    credentials_file: Path | None = Field(None, description="A service account key or workload identity configuration.")
    endpoint: str = Field("https://storage.googleapis.com", description="Base URL of the storage API.")


class HttpSettings(Group):
    """A state behind the http backend (GitLab, Atlantis, your own)."""

    address: str = Field(description="The state's URL, as in the backend's configuration.")
    username: str = Field("", description="For basic authentication.")
    password: SecretStr | None = Field(None, description="For basic authentication.")
    token: SecretStr | None = Field(None, description="Sent as a bearer token.")
    headers: dict[str, SecretStr] = Field({}, description="More headers to send.")


class HcpSettings(Group):
    """Workspaces of HCP Terraform or Terraform Enterprise."""

    organization: str = Field(description="The organisation's name.")
    host: str = Field("app.terraform.io", description="Host of HCP Terraform or your Terraform Enterprise.")
    token: SecretStr = Field(description="A team or user token that may read states and runs.")
    workspaces: tuple[str, ...] = Field((), description="Only these workspaces (names, * allowed); empty is all that the rest leaves.")
    tags: tuple[str, ...] = Field((), description="Only workspaces with all of these tags.")
    project: str = Field("", description="Only workspaces of this project (its id, prj-…).")


class TerraformSettings(Group):
    """Where the states are. One source has one kind of place; several sources may read several kinds."""

    paths: tuple[str, ...] = Field((), description="State files, folders that hold them, or globs (infra/**/*.tfstate).")
    s3: S3Settings | None = None
    gcs: GcsSettings | None = None
    http: HttpSettings | None = None
    hcp: HcpSettings | None = None
    largest_mib: float = Field(64.0, gt=0, description="A state larger than this is not read, and that is said.")

    @model_validator(mode="before")
    @classmethod
    def _supported(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name, instead in _UNSUPPORTED.items():
                if name in given:
                    raise ValueRefused(f"the {name} backend is not supported, use {instead}")
        return given

    @model_validator(mode="after")
    def _one_backend(self) -> "TerraformSettings":
        given = [name for name in ("paths", "s3", "gcs", "http", "hcp") if getattr(self, name)]
        if len(given) != 1:
            said = "none of them" if not given else " and ".join(given)
            raise ValueRefused(f"give exactly one of paths, s3, gcs, http, hcp ({said} is set)")
        return self


_PULL = "a copy of the state: `terraform state pull > FILE` on a schedule, and paths: [FILE]"
_UNSUPPORTED = {
    "azurerm": _PULL,
    "pg": _PULL,
    "consul": _PULL,
    "cos": _PULL,
    "oss": _PULL,
    "oci": _PULL,
    "kubernetes": _PULL,
    "remote": "hcp: {organization, token}",
    "cloud": "hcp: {organization, token}",
    "local": "paths: [FILE]",
}
