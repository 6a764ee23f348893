"""Cloud Asset Inventory over gRPC: the calls this provider makes, each within its quota and the deadline, errors made ours."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.clock import Deadline
from core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderThrottled, ProviderTimedOut, ProviderUnreachable
from core.json import JsonObject
from core.providers.gcp.entries import parse_time
from core.providers.gcp.options import GcpSettings
from core.providers.gcp.quotas import Quota
from core.providers.gcp.rest import credentials

# https://cloud.google.com/asset-inventory/docs/quota: 100 names a history call; pages of list up to 1000, of search up to 500.
HISTORY_NAMES = 100
LIST_PAGE = 1000
SEARCH_PAGE = 500
_PER_MINUTE = {
    "cloudasset.assets.searchAllResources": 400,
    "cloudasset.assets.listResource": 100,
    "cloudasset.assets.exportResource": 100,
}
_CALL_SECONDS = 20.0
_PROJECT = "cloudresourcemanager.googleapis.com/Project"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """An asset whose update time is `at`. `project` is projects/NUMBER, empty for what belongs to a folder or an organisation itself."""

    name: str
    kind: str
    project: str
    at: datetime


def _quotas() -> dict[str, Quota]:
    return {needs: Quota(per_minute) for needs, per_minute in _PER_MINUTE.items()}


@dataclass(slots=True)
class Inventory:
    """One source's view of Cloud Asset Inventory. The client is made at the first call (the import alone costs 0.6 s)."""

    source: str
    options: GcpSettings
    quotas: dict[str, Quota] = field(default_factory=_quotas)
    _client: Any = None

    def changed_since(self, since: datetime, deadline: Deadline) -> Iterator[Moved]:
        """Assets whose update time is `since` or later, oldest first."""
        query = f"updateTime>={int(since.timestamp())}"
        yield from self._search(query, list(self.options.asset_types), "name,assetType,project,updateTime", deadline)

    def projects(self, deadline: Deadline) -> dict[str, str]:
        """Ids of the projects in the scope, by their numbers."""
        found = self._search("state:ACTIVE", [_PROJECT], "name,assetType,project,updateTime", deadline)
        return {one.project.rpartition("/")[2]: one.name.rpartition("/")[2] for one in found}

    def _search(self, query: str, kinds: list[str], mask: str, deadline: Deadline) -> Iterator[Moved]:
        token = ""
        while True:
            request = {
                "scope": self.options.scope,
                "query": query,
                "asset_types": kinds,
                "page_size": SEARCH_PAGE,
                "page_token": token,
                "order_by": "updateTime",
                "read_mask": mask,
            }
            page = self._call("cloudasset.assets.searchAllResources", lambda c, **kw: c.search_all_resources(**kw), request, deadline)
            for found in page.results:
                at = datetime.fromtimestamp(found.update_time.timestamp() if found.update_time else 0, UTC)
                yield Moved(name=found.name, kind=found.asset_type, project=found.project, at=at)
            token = page.next_page_token
            if not token:
                return

    def list(
        self, token: str, read_time: datetime, deadline: Deadline, *, kinds: Sequence[str] | None = None
    ) -> tuple[list[JsonObject], str]:
        """One page of everything (or of some kinds) as it was at `read_time`, and the next token (empty at the end)."""
        request = {
            "parent": self.options.scope,
            "read_time": read_time,
            "asset_types": list(self.options.asset_types if kinds is None else kinds),
            "content_type": "RESOURCE",
            "page_size": LIST_PAGE,
            "page_token": token,
        }
        page = self._call("cloudasset.assets.listResource", lambda c, **kw: c.list_assets(**kw), request, deadline)
        raw = next(iter(page.pages))
        return [_plain(asset) for asset in raw.assets], raw.next_page_token

    def history(self, parent: str, names: Sequence[str], since: datetime, deadline: Deadline) -> Sequence[JsonObject]:
        """Temporal assets of up to a hundred names of a project or an organisation since then, in order of their windows."""
        request = {"parent": parent, "asset_names": list(names), "content_type": "RESOURCE", "read_time_window": {"start_time": since}}
        answer = self._call("cloudasset.assets.exportResource", lambda c, **kw: c.batch_get_assets_history(**kw), request, deadline)
        return sorted((_plain(asset) for asset in answer.assets), key=began_at)

    def _call(self, needs: str, method: Callable[..., Any], request: JsonObject, deadline: Deadline) -> Any:
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        if deadline.passed:
            raise ProviderTimedOut(f"{self.source} had no time left to ask for {needs}", source=self.source)
        missing = self.quotas[needs].take(deadline)
        if missing:
            said = f"{self.source}: the minute's share of {needs} is used up"
            raise ProviderThrottled(said, source=self.source, retry_after_seconds=missing)
        try:
            return method(self._connected(), request=request, retry=None, timeout=deadline.timeout_seconds(_CALL_SECONDS))
        except GoogleAuthError as error:
            raise ProviderForbidden(f"{self.source} has no usable credentials: {error}", source=self.source, needs=needs) from error
        except exceptions.GoogleAPICallError as error:
            raise self._ours(error, needs) from error

    def _ours(self, error: Any, needs: str) -> ProviderError:
        from google.api_core import exceptions as google

        said = f"{self.source}: {error.message}"
        if isinstance(error, google.PermissionDenied | google.Unauthenticated):
            return ProviderForbidden(said, source=self.source, needs=needs)
        if isinstance(error, google.TooManyRequests):
            return ProviderThrottled(said, source=self.source, retry_after_seconds=60)
        if isinstance(error, google.DeadlineExceeded | google.GatewayTimeout):
            return ProviderTimedOut(said, source=self.source)
        if isinstance(error, google.ServiceUnavailable | google.InternalServerError):
            return ProviderUnreachable(said, source=self.source)
        return ProviderMalformed(said, source=self.source)

    def _connected(self) -> Any:
        if self._client is None:
            from google.cloud.asset_v1 import AssetServiceClient
            from google.cloud.asset_v1.services.asset_service.transports import AssetServiceGrpcTransport

            if self.options.asset_endpoint:
                import grpc

                channel = grpc.insecure_channel(self.options.asset_endpoint)
                self._client = AssetServiceClient(transport=AssetServiceGrpcTransport(channel=channel))
            else:
                self._client = AssetServiceClient(credentials=credentials(self.options))
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.transport.close()
            self._client = None


def window_start(temporal: JsonObject) -> datetime | None:
    """Since when a TemporalAsset was so."""
    window = temporal.get("window")
    return parse_time(window.get("startTime")) if isinstance(window, dict) else None


def began_at(temporal: JsonObject) -> datetime:
    """To order by; what tells no time comes first. As text, a half second would come before the whole one."""
    return window_start(temporal) or datetime.min.replace(tzinfo=UTC)


def _plain(message: Any) -> JsonObject:
    from google.protobuf.json_format import MessageToDict

    found: JsonObject = MessageToDict(message._pb)
    return found
