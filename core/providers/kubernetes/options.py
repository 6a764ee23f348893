"""The options of a Kubernetes source: one cluster each."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
CustomResource = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+\.[a-z0-9.-]+$")]


class KubernetesSettings(BaseModel):
    """What to read of one cluster. Another cluster is another source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kubeconfig: Path | None = Field(
        None, description="A kubeconfig file; none is $KUBECONFIG, ~/.kube/config, or the service account in a pod."
    )
    context: str = Field("", description="A context of the kubeconfig; empty is its current one.")
    cluster: str = Field("", description="The cluster's name as people know it; empty is the source's name.")
    namespaces: tuple[Namespace, ...] = Field(
        (), max_length=30, description="Only these namespaces (a Role in each is enough); empty is all."
    )
    exclude_namespaces: tuple[Namespace, ...] = Field((), description="All but these namespaces.")
    kinds: tuple[str, ...] = Field((), description="Only these kinds (Deployment, or deployments.apps); empty is the usual ones.")
    without_kinds: tuple[str, ...] = Field((), description="The usual kinds without these (Secret).")
    custom_resources: tuple[CustomResource, ...] = Field(
        (), description="Custom resources too, as plural.group: certificates.cert-manager.io."
    )
    warnings: bool = Field(True, description="Read Warning Events as health signals.")
    audit_log: Path | None = Field(None, description="The API server's audit log file: who did it, exec, tokens, refused requests.")
    audit_webhook: bool = Field(False, description="Audit records are pushed to `wgo run --http`: the same without a file.")
    watch_seconds: int = Field(
        1, ge=1, le=30, description="How long each kind is watched in a poll; what happened since the last is sent at once."
    )

    def leaves_out(self, namespace: str) -> bool:
        """Is what lies in this namespace not asked for? What lies in none always is."""
        return bool(namespace) and (namespace in self.exclude_namespaces or bool(self.namespaces and namespace not in self.namespaces))
