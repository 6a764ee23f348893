"""Providers: one folder each, found by lazy import strings and by the entry point group `wgo.providers`.

A provider module exposes one class with a pydantic `Settings` (its options) and `from_settings`. Providers never import each other.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol, cast

from pydantic import BaseModel, ValidationError

from core.clock import Clock, utc_now
from core.errors import SettingsError
from core.ports import Inbox, Provider, RecordReader
from core.redaction import Redactor
from core.settings import SourceSettings

ENTRY_POINTS = "wgo.providers"

PROVIDERS = {
    "terraform": "core.providers.terraform.provider:TerraformProvider",
    "kubernetes": "core.providers.kubernetes.provider:KubernetesProvider",
    "aws": "core.providers.aws.provider:AwsProvider",
    "gcp": "core.providers.gcp.provider:GcpProvider",
}


# What `wgo backfill --format` reads. Each names a factory `(source name, environment, context) -> RecordReader`.
FORMATS = {
    "cloudtrail": "core.providers.aws.records:cloudtrail_reader",
    "k8s-audit": "core.providers.kubernetes.records:audit_reader",
    "k8s-object": "core.providers.kubernetes.records:object_reader",
    "k8s-event": "core.providers.kubernetes.records:event_reader",
    "gcp-audit": "core.providers.gcp.records:audit_reader",
    "gcp-asset": "core.providers.gcp.records:asset_reader",
    "tfstate": "core.providers.terraform.records:tfstate_reader",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderContext:
    """What every provider may use beside its own settings."""

    redactor: Redactor
    clock: Clock = utc_now
    inbox: Inbox | None = None


class ProviderClass(Protocol):
    Settings: type[BaseModel]

    @classmethod
    def from_settings(cls, source: SourceSettings, options: BaseModel, context: ProviderContext) -> Provider: ...


def names() -> list[str]:
    """Every provider that can be configured here, ours first."""
    return [*PROVIDERS, *sorted(point.name for point in entry_points(group=ENTRY_POINTS) if point.name not in PROVIDERS)]


def load(name: str) -> ProviderClass:
    """The provider class of that name. Raises SettingsError where there is none or it cannot be imported."""
    if name in PROVIDERS:
        module, _, attribute = PROVIDERS[name].partition(":")
        return cast("ProviderClass", getattr(import_module(module), attribute))
    for point in entry_points(group=ENTRY_POINTS):
        if point.name == name:
            return cast("ProviderClass", point.load())
    raise SettingsError(f"there is no provider {name!r}", next_step=f"Use one of: {', '.join(names())}.")


def build(source: SourceSettings, context: ProviderContext) -> Provider:
    """A configured provider. Raises SettingsError naming the source, the option and the fix."""
    kind = load(source.provider)
    try:
        options = kind.Settings.model_validate(source.options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"source {source.name!r}: options.{where}: {first['msg']}",
            next_step=f"See `wgo config example` for the options of {source.provider}.",
        ) from error
    return kind.from_settings(source, options, context)


def reader(format: str, *, source: str, environment: str, context: ProviderContext) -> RecordReader:
    """The record reader of a backfill format. Raises SettingsError where there is no such format."""
    if format not in FORMATS:
        raise SettingsError(f"there is no format {format!r}", next_step=f"Use one of: {', '.join(FORMATS)}.")
    module, _, factory = FORMATS[format].partition(":")
    return cast("RecordReader", getattr(import_module(module), factory)(source, environment, context))
