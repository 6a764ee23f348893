"""Cloud Asset Inventory over gRPC: the calls this provider makes, each within the deadline, errors made ours."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import Deadline
from core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderThrottled, ProviderTimedOut, ProviderUnreachable
from core.json import JsonObject
from core.providers.gcp.options import GcpSettings

# https://cloud.google.com/asset-inventory/docs/quota: 100 names a history call; pages of list up to 1000, of search up to 500.
HISTORY_NAMES = 100
LIST_PAGE = 1000
SEARCH_PAGE = 500
_CALL_SECONDS = 20.0


@dataclass(slots=True)
class Inventory:
    """One source's view of Cloud Asset Inventory. The client is made at the first call (the import alone costs 0.6 s)."""

    source: str
    options: GcpSettings
    _client: Any = None

    def changed_since(self, since: datetime, deadline: Deadline) -> Iterator[str]:
        """Full names of assets whose update time is `since` or later, oldest first."""
        token = ""
        while True:
            request = {
                "scope": self.options.scope,
                "query": f"updateTime>={int(since.timestamp())}",
                "asset_types": list(self.options.asset_types),
                "page_size": SEARCH_PAGE,
                "page_token": token,
                "order_by": "updateTime",
                "read_mask": "name,updateTime",
            }
            page = self._call("cloudasset.assets.searchAllResources", lambda c, **kw: c.search_all_resources(**kw), request, deadline)
            yield from (found.name for found in page.results)
            token = page.next_page_token
            if not token:
                return

    def list(self, token: str, read_time: datetime, deadline: Deadline) -> tuple[list[JsonObject], str]:
        """One page of everything as it was at `read_time`, and the next token (empty at the end)."""
        request = {
            "parent": self.options.scope,
            "read_time": read_time,
            "asset_types": list(self.options.asset_types),
            "content_type": "RESOURCE",
            "page_size": LIST_PAGE,
            "page_token": token,
        }
        page = self._call("cloudasset.assets.listResource", lambda c, **kw: c.list_assets(**kw), request, deadline)
        raw = next(iter(page.pages))
        return [_plain(asset) for asset in raw.assets], raw.next_page_token

    def history(self, names: Sequence[str], since: datetime, deadline: Deadline) -> Iterator[JsonObject]:
        """Temporal assets of `names` since then, in order of their windows."""
        for start in range(0, len(names), HISTORY_NAMES):
            request = {
                "parent": self.options.scope,
                "asset_names": list(names[start : start + HISTORY_NAMES]),
                "content_type": "RESOURCE",
                "read_time_window": {"start_time": since},
            }
            answer = self._call("cloudasset.assets.exportResource", lambda c, **kw: c.batch_get_assets_history(**kw), request, deadline)
            temporal = [_plain(asset) for asset in answer.assets]
            yield from sorted(temporal, key=lambda asset: str(asset.get("window", {}).get("startTime", "")))

    def _call(self, needs: str, method: Callable[..., Any], request: JsonObject, deadline: Deadline) -> Any:
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        if deadline.passed:
            raise ProviderTimedOut(f"{self.source} had no time left to ask for {needs}", source=self.source)
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


def credentials(options: GcpSettings) -> Any:
    """Application Default Credentials or those of the file, read-only where the scope allows. Raises GoogleAuthError."""
    import google.auth

    scopes = ["https://www.googleapis.com/auth/cloud-platform.read-only", "https://www.googleapis.com/auth/logging.read"]
    if options.credentials_file:
        load: Any = google.auth.load_credentials_from_file
        found, _ = load(str(options.credentials_file), scopes=scopes)
    else:
        found, _ = google.auth.default(scopes=scopes)
    return found.with_quota_project(options.quota_project) if options.quota_project else found


def _plain(message: Any) -> JsonObject:
    from google.protobuf.json_format import MessageToDict

    found: JsonObject = MessageToDict(message._pb)
    return found
