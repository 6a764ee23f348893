"""A Cloud Asset Inventory over real gRPC and Google's own message types, and a Cloud Logging endpoint over HTTP, both on loopback.

Google offers no emulator; this keeps just what the calls of our provider can see: assets with their versions, audit entries, faults.
"""

import json
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from google.cloud import asset_v1


@dataclass
class CloudAsset:
    """What the endpoint holds. `fault` is a gRPC status, or "hang"; `page_size` makes it page; `calls` counts by method."""

    versions: dict[str, list[tuple[datetime, dict[str, Any] | None]]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    fault: grpc.StatusCode | str | None = None
    log_status: int = 200
    log_body: bytes | None = None
    page_size: int = 1000
    calls: dict[str, int] = field(default_factory=dict)
    endpoint: str = ""
    logging_url: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def put(self, name: str, kind: str, at: datetime, data: dict[str, Any] | None) -> None:
        """A new version of an asset from `at` on; None deletes it."""
        self.kinds[name] = kind
        self.versions.setdefault(name, []).append((at, data))

    def _asset(self, name: str, at: datetime, data: dict[str, Any]) -> asset_v1.Asset:
        return asset_v1.Asset(name=name, asset_type=self.kinds[name], update_time=at, resource=asset_v1.Resource(data=data))

    def search(self, request: asset_v1.SearchAllResourcesRequest) -> asset_v1.SearchAllResourcesResponse:
        since = int(request.query.removeprefix("updateTime>="))
        moved = [
            (name, versions[-1][0])
            for name, versions in self.versions.items()
            if versions[-1][1] is not None and versions[-1][0].timestamp() >= since
        ]
        start = int(request.page_token or 0)
        page = sorted(moved, key=lambda one: one[1])[start : start + self.page_size]
        token = str(start + self.page_size) if start + self.page_size < len(moved) else ""
        results = [asset_v1.ResourceSearchResult(name=name, update_time=at) for name, at in page]
        return asset_v1.SearchAllResourcesResponse(results=results, next_page_token=token)

    def list(self, request: asset_v1.ListAssetsRequest) -> asset_v1.ListAssetsResponse:
        read_at = request.read_time
        alive = []
        for name, versions in sorted(self.versions.items()):
            current = [version for version in versions if version[0] <= read_at]
            if current and current[-1][1] is not None:
                alive.append(self._asset(name, current[-1][0], current[-1][1]))
        start = int(request.page_token or 0)
        token = str(start + self.page_size) if start + self.page_size < len(alive) else ""
        return asset_v1.ListAssetsResponse(assets=alive[start : start + self.page_size], next_page_token=token)

    def history(self, request: asset_v1.BatchGetAssetsHistoryRequest) -> asset_v1.BatchGetAssetsHistoryResponse:
        assert len(request.asset_names) <= 100, "the real one refuses more than 100 names"
        since = request.read_time_window.start_time
        found = []
        for name in request.asset_names:
            for at, data in self.versions.get(name, []):
                if at >= since:
                    window = asset_v1.TimeWindow(start_time=at)
                    found.append(asset_v1.TemporalAsset(window=window, deleted=data is None, asset=self._asset(name, at, data or {})))
        return asset_v1.BatchGetAssetsHistoryResponse(assets=found)


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
            self.held.calls[name] = self.held.calls.get(name, 0) + 1
            if self.held.fault == "hang":
                self.held.released.wait(30)
            if isinstance(self.held.fault, grpc.StatusCode):
                context.abort(self.held.fault, "as the test asked")
            return getattr(self.held, method)(request)

        return grpc.unary_unary_rpc_method_handler(answer, request_deserializer=asked.deserialize, response_serializer=answered.serialize)


def _log_endpoint(held: CloudAsset) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            held.calls["entries:list"] = held.calls.get("entries:list", 0) + 1
            since = datetime.fromisoformat(asked["filter"].split('timestamp>="')[1].rstrip('"'))
            entries = [e for e in held.entries if datetime.fromisoformat(e["timestamp"]).astimezone(UTC) >= since]
            body = held.log_body if held.log_body is not None else json.dumps({"entries": entries}).encode()
            self.send_response(held.log_status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Endpoint


@contextmanager
def cloud_asset() -> Iterator[CloudAsset]:
    """A running pair of endpoints on free ports of loopback."""
    held = CloudAsset()
    server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[_Rpc(held)])
    held.endpoint = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    logs = ThreadingHTTPServer(("127.0.0.1", 0), _log_endpoint(held))
    held.logging_url = f"http://127.0.0.1:{logs.server_address[1]}"
    thread = threading.Thread(target=logs.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield held
    finally:
        held.released.set()
        server.stop(0).wait()
        logs.shutdown()
        logs.server_close()
        thread.join()
