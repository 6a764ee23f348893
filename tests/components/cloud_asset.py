"""A Cloud Asset Inventory over real gRPC and Google's own message types; a Cloud Logging and a Pub/Sub endpoint over HTTP; on loopback.

Google offers no emulator of the first two; this keeps just what the calls of our provider can see: assets with their versions and whose
they are, audit entries, a subscription that an asset feed publishes to, faults.
"""

import re
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from typing import Any

import grpc
from google.cloud import asset_v1

from tests.components.google_http import Logging, Slowness, Subscription, endpoint

_PROJECT = "cloudresourcemanager.googleapis.com/Project"


@dataclass
class CloudAsset:
    """What the endpoint holds. `fault` is a gRPC status, or "hang"; `page_size` makes it page; `calls` counts by method.

    `above` is what an asset belongs to (projects/1, folders/2, organizations/3), the nearest first; without, it is in every scope.
    `refused` are parents that may not be asked; `parents` those that were, by method. The search still has what is `stale` after it
    went, and a list has not yet what is `late`.
    """

    versions: dict[str, list[tuple[datetime, dict[str, Any] | None]]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    above: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fault: grpc.StatusCode | str | None = None
    refused: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    page_size: int = 1000
    calls: dict[str, int] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    logs: Logging = field(init=False)
    feed: Subscription = field(default_factory=Subscription)
    slow: Slowness = field(default_factory=Slowness)
    feeding: bool = False
    endpoint: str = ""
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.logs = Logging(self.entries)

    @property
    def logging_url(self) -> str:
        return self.url

    def put(self, name: str, kind: str, at: datetime, data: dict[str, Any] | None, above: tuple[str, ...] = ()) -> None:
        """A new version of an asset from `at` on; None deletes it. The feed tells where it is `feeding`."""
        before = self.versions.setdefault(name, [])
        self.kinds[name] = kind
        if above:
            self.above[name] = above
        if self.feeding:
            self.feed.publish(self.told(name, at, data))
        before.append((at, data))

    def told(self, name: str, at: datetime, data: dict[str, Any] | None) -> dict[str, Any]:
        """The TemporalAsset that a feed would publish, as JSON. https://cloud.google.com/asset-inventory/docs/monitor-asset-changes"""

        def asset(shown: dict[str, Any], when: datetime) -> dict[str, Any]:
            return {
                "name": name, "assetType": self.kinds[name], "ancestors": list(self.above.get(name, ())),
                "resource": {"data": shown}, "updateTime": _rfc3339(when),
            }  # fmt: skip

        versions = self.versions.get(name, [])
        prior = versions[-1] if versions and versions[-1][1] is not None else None
        change: dict[str, Any] = {"asset": asset(data or {}, at), "window": {"startTime": _rfc3339(at)}}
        if prior is not None and prior[1] is not None:
            change |= {"priorAsset": asset(prior[1], prior[0]), "priorAssetState": "PRESENT"}
        else:
            change["priorAssetState"] = "DOES_NOT_EXIST"
        return {**change, "deleted": True} if data is None else change

    def _within(self, name: str, scope: str) -> bool:
        return name not in self.above or scope in self.above[name]

    def _asset(self, name: str, at: datetime, data: dict[str, Any]) -> asset_v1.Asset:
        resource = asset_v1.Resource(data=data)
        above = list(self.above.get(name, ()))
        return asset_v1.Asset(name=name, asset_type=self.kinds[name], update_time=at, resource=resource, ancestors=above)

    def search(self, request: asset_v1.SearchAllResourcesRequest) -> asset_v1.SearchAllResourcesResponse:
        asked = re.fullmatch(r"updateTime>=(\d+)", request.query)
        assert asked or request.query == "state:ACTIVE", "no other query is understood here"
        since = datetime.fromtimestamp(int(asked.group(1)) if asked else 0, UTC)
        moved = [
            (name, versions[-1][0])
            for name, versions in self.versions.items()
            if versions[-1][0] >= since and (versions[-1][1] is not None or name in self.stale)
            if (not request.asset_types or self.kinds[name] in request.asset_types) and self._within(name, request.scope)
        ]
        start = int(request.page_token or 0)
        page = sorted(moved, key=lambda one: one[1])[start : start + self.page_size]
        token = str(start + self.page_size) if start + self.page_size < len(moved) else ""
        return asset_v1.SearchAllResourcesResponse(results=[self._found(name, at) for name, at in page], next_page_token=token)

    def _found(self, name: str, at: datetime) -> asset_v1.ResourceSearchResult:
        project = next((one for one in self.above.get(name, ()) if one.startswith("projects/")), "")
        return asset_v1.ResourceSearchResult(name=name, asset_type=self.kinds[name], project=project, update_time=at)

    def list(self, request: asset_v1.ListAssetsRequest) -> asset_v1.ListAssetsResponse:
        read_at = request.read_time
        alive = []
        for name, versions in sorted(self.versions.items()):
            current = [version for version in versions if version[0] <= read_at]
            asked = not request.asset_types or self.kinds[name] in request.asset_types
            if current and current[-1][1] is not None and asked and name not in self.late and self._within(name, request.parent):
                alive.append(self._asset(name, current[-1][0], current[-1][1]))
        start = int(request.page_token or 0)
        token = str(start + self.page_size) if start + self.page_size < len(alive) else ""
        return asset_v1.ListAssetsResponse(assets=alive[start : start + self.page_size], next_page_token=token)

    def history(self, request: asset_v1.BatchGetAssetsHistoryRequest) -> asset_v1.BatchGetAssetsHistoryResponse:
        since = request.read_time_window.start_time
        found = []
        for name in request.asset_names:
            for at, data in self.versions.get(name, []):
                if at >= since:
                    window = asset_v1.TimeWindow(start_time=at)
                    found.append(asset_v1.TemporalAsset(window=window, deleted=data is None, asset=self._asset(name, at, data or {})))
        return asset_v1.BatchGetAssetsHistoryResponse(assets=found)

    def wrong(self, name: str, request: Any) -> str:
        """What the real one would not accept of a history call."""
        if name != "BatchGetAssetsHistory":
            return ""
        if request.parent.startswith("folders/"):
            return "the parent can only be an organization or a project"
        if len(request.asset_names) > 100:
            return "more than 100 names"
        strangers = [one for one in request.asset_names if not self._within(one, request.parent)]
        return f"there is no {strangers[0]} in {request.parent}" if strangers else ""


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


_METHODS: dict[str, tuple[str, Any, Any]] = {
    "SearchAllResources": ("search", asset_v1.SearchAllResourcesRequest, asset_v1.SearchAllResourcesResponse),
    "ListAssets": ("list", asset_v1.ListAssetsRequest, asset_v1.ListAssetsResponse),
    "BatchGetAssetsHistory": ("history", asset_v1.BatchGetAssetsHistoryRequest, asset_v1.BatchGetAssetsHistoryResponse),
}


class _Rpc(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    def __init__(self, held: CloudAsset) -> None:
        self.held = held

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        name = details.method.rsplit("/", 1)[-1]
        method, asked, answered = _METHODS[name]

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            held = self.held
            parent = request.scope if name == "SearchAllResources" else request.parent
            held.calls[name] = held.calls.get(name, 0) + 1
            held.parents.setdefault(name, []).append(parent)
            if held.fault == "hang":
                held.released.wait(30)
            if isinstance(held.fault, grpc.StatusCode):
                context.abort(held.fault, "as the test asked")
            if parent in held.refused:
                context.abort(grpc.StatusCode.PERMISSION_DENIED, f"no permission on {parent}")
            if wrong := held.wrong(name, request):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, wrong)
            return getattr(held, method)(request)

        return grpc.unary_unary_rpc_method_handler(answer, request_deserializer=asked.deserialize, response_serializer=answered.serialize)


@contextmanager
def cloud_asset() -> Iterator[CloudAsset]:
    """Running endpoints on free ports of loopback."""
    held = CloudAsset()
    server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[_Rpc(held)])
    held.endpoint = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    web = ThreadingHTTPServer(("127.0.0.1", 0), endpoint(held.logs, held.feed, held.slow, held.calls))
    held.url = f"http://127.0.0.1:{web.server_address[1]}"
    thread = threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield held
    finally:
        held.released.set()
        held.slow.released.set()
        server.stop(0).wait()
        web.shutdown()
        web.server_close()
        thread.join()
