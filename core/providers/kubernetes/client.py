"""The API server over HTTP: raw JSON in pages and bounded watches, the vendor's errors turned into ours. The only room with sockets."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from core.clock import Deadline
from core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderThrottled, ProviderTimedOut, ProviderUnreachable
from core.json import JsonObject, parsed
from core.kube.kinds import Kind
from core.providers.kubernetes.options import KubernetesSettings
from core.threads import DaemonThreads

# Every kind at once: a watch that brings nothing holds its thread for a second.
PARALLEL = 32
PAGE = 500
# One kind's share of one poll; the rest comes with the next.
MOST_CHANGES = 5000
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0
_CHUNK_BYTES = 64 * 1024


class NotOffered(ProviderError):
    """The server has no such kind or version."""


class NotLetIn(ProviderForbidden):
    """The server does not know us: no kind can be read."""


class Expired(ProviderError):
    """What happened since is no longer kept by the server: list again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """What a bounded watch brought: changes in order, the version to go on from, and whether more waits."""

    changes: tuple[JsonObject, ...]
    version: str
    more: bool = False


@dataclass(slots=True)
class Cluster:
    """One API server. Connects at the first call; keeps nothing but its connections."""

    source: str
    options: KubernetesSettings
    _api: Any = field(default=None, repr=False)

    def page(self, kind: Kind, version: str, namespace: str, token: str, deadline: Deadline, *, limit: int = PAGE) -> JsonObject:
        """One page of a list, raw. Raises NotOffered, Expired and ProviderError."""
        query = {"limit": str(limit), **({"continue": token} if token else {})}
        response = self._get(kind.path(version, namespace), query, deadline, needs=f"list {kind.key}")
        try:
            answer = parsed(self._body(response, deadline))
        except ValueError as error:
            raise self._read_error(error) from error
        if not isinstance(answer, dict) or not isinstance(answer.get("items") or [], list) or not isinstance(answer.get("metadata"), dict):
            raise ProviderMalformed(f"the list of {kind.key} is no list", source=self.source)
        return answer

    def served_version(self, group: str, deadline: Deadline) -> str:
        """The version that the server prefers for a group. Raises NotOffered."""
        response = self._get(f"/apis/{group}", {}, deadline, needs=f"get /apis/{group}")
        try:
            return str(json.loads(self._body(response, deadline))["preferredVersion"]["version"])
        except (ValueError, KeyError, TypeError) as error:
            raise self._read_error(error) from error

    def watch(self, kind: Kind, version: str, namespace: str, since: str, deadline: Deadline, *, fields: str = "") -> Watched:
        """Every change after `since`, for as long as `watch_seconds`. Raises NotOffered, Expired and ProviderError."""
        seconds = max(1, min(self.options.watch_seconds, int(deadline.remaining_seconds())))
        query = {"watch": "true", "resourceVersion": since, "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds)}
        query |= {"fieldSelector": fields} if fields else {}
        response = self._get(kind.path(version, namespace), query, deadline, needs=f"watch {kind.key}", read_seconds=seconds + 5.0)
        changes: list[JsonObject] = []
        latest = since
        try:
            for change in self._lines(response, deadline):
                told = change.get("object")
                if change.get("type") == "ERROR":
                    raise self._refused(int(told.get("code") or 500) if isinstance(told, dict) else 500, told, f"watch {kind.key}")
                if not isinstance(told, dict):
                    raise ProviderMalformed(f"the watch of {kind.key} sent no object", source=self.source)
                latest = str((told.get("metadata") or {}).get("resourceVersion") or latest)
                if change.get("type") != "BOOKMARK":
                    changes.append(change)
                if len(changes) >= MOST_CHANGES:
                    return Watched(changes=tuple(changes), version=latest, more=True)
        finally:
            response.close()
        return Watched(changes=tuple(changes), version=latest)

    def _lines(self, response: Any, deadline: Deadline) -> Iterator[JsonObject]:
        rest = b""
        try:
            for chunk in self._chunks(response, deadline):
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    if line.strip():
                        yield parsed(line)
            # A server ends every change with a newline: what is left over is a change of which the end never came.
            if rest.strip():
                raise ProviderMalformed("the watch broke off within a change", source=self.source)
        except (ValueError, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._read_error(error) from error

    def _body(self, response: Any, deadline: Deadline) -> bytes:
        """All of it. Raises ProviderError; the connection is then of no more use."""
        whole = False
        try:
            body = b"".join(self._chunks(response, deadline))
            whole = True
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._read_error(error) from error
        finally:
            if whole:
                response.release_conn()
            else:
                response.close()
        return body

    def _chunks(self, response: Any, deadline: Deadline) -> Iterator[bytes]:
        """The body as it comes: a server that drips never runs into the timeout of a single read. Raises ProviderTimedOut."""
        while chunk := response.read1(_CHUNK_BYTES):
            yield chunk
            if deadline.passed:
                raise ProviderTimedOut("the API server did not answer in time", source=self.source)

    def _get(self, path: str, query: Mapping[str, str], deadline: Deadline, *, needs: str, read_seconds: float = _READ_SECONDS) -> Any:
        if deadline.passed:
            raise ProviderTimedOut(source=self.source)
        api = self._connected()
        timeout = (deadline.timeout_seconds(_CONNECT_SECONDS), deadline.timeout_seconds(read_seconds))
        try:
            method, url, headers, *_ = api.param_serialize(
                "GET", path, query_params=list(query.items()), header_params={"Accept": "application/json"}, auth_settings=["BearerToken"]
            )
            response = api.call_api(method, url, headers, _request_timeout=timeout).response
        except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
            raise self._read_error(error) from error
        if response.status >= 300:
            try:
                told = json.loads(self._body(response, deadline) or b"{}")
            except (ValueError, ProviderError):
                told = {}
            raise self._refused(response.status, told, needs, response.headers.get("Retry-After"))
        return response

    def _connected(self) -> Any:
        if self._api is None:
            settings = client.Configuration()
            try:
                if self.options.kubeconfig is None and not self.options.context and _in_pod():
                    config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
                else:
                    config.load_kube_config(  # type: ignore[no-untyped-call]
                        config_file=str(self.options.kubeconfig) if self.options.kubeconfig else None,
                        context=self.options.context or None,
                        client_configuration=settings,
                        persist_config=False,
                    )
            except (ConfigException, OSError) as error:
                raise ProviderError(f"the kubeconfig cannot be used: {error}", source=self.source, next_step=_KUBECONFIG) from error
            except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
                # Not with its own words, which show the line, and with it perhaps a token.
                says = f"the kubeconfig cannot be used: it is no YAML of a kubeconfig{_line(error)}"
                raise ProviderError(says, source=self.source, next_step=_KUBECONFIG) from None
            settings.retries = False
            settings.connection_pool_maxsize = PARALLEL + 2
            self._api = client.ApiClient(settings)
        return self._api

    def _refused(self, status: int, told: object, needs: str, retry_after: str | None = None) -> ProviderError:
        message = str(told.get("message") or "") if isinstance(told, dict) else ""
        if status == 410:
            return Expired(message or "the version is too old", source=self.source)
        if status == 404:
            return NotOffered(f"the server has nothing to {needs}", source=self.source)
        if status == 401:
            hint = "Renew or correct the token or certificate of the kubeconfig: the API server does not accept it."
            return NotLetIn(message or "the API server does not accept our credentials", source=self.source, needs=needs, next_step=hint)
        if status == 403:
            hint = f"Allow the verb and resource `{needs}` in a ClusterRole (deploy/permissions/kubernetes-clusterrole.yaml)."
            return ProviderForbidden(message, source=self.source, needs=needs, next_step=hint)
        if status == 429:
            seconds = float(retry_after) if retry_after and retry_after.isdigit() else None
            return ProviderThrottled("the API server asks to slow down", source=self.source, retry_after_seconds=seconds)
        if status == 504:
            return ProviderTimedOut(message, source=self.source)
        return ProviderUnreachable(f"the API server answers {status}: {message or 'nothing more'}", source=self.source)

    def _read_error(self, error: Exception) -> ProviderError:
        # A refused connection counts as a kind of connect timeout there.
        refused = isinstance(error, urllib3.exceptions.NewConnectionError)
        if not refused and isinstance(error, urllib3.exceptions.ConnectTimeoutError | urllib3.exceptions.ReadTimeoutError | TimeoutError):
            return ProviderTimedOut("the API server did not answer in time", source=self.source)
        if isinstance(error, ValueError | KeyError | TypeError) and not isinstance(error, urllib3.exceptions.HTTPError):
            return ProviderMalformed(f"the API server's answer cannot be read: {error}", source=self.source)
        return ProviderUnreachable(f"the API server cannot be reached: {error}", source=self.source)

    def close(self) -> None:
        if self._api is not None:
            self._api.rest_client.pool_manager.clear()
            self._api = None


_KUBECONFIG = "Name a kubeconfig file and a context that exist in the source's options."


def _line(error: Exception) -> str:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return f" (line {mark.line + 1})" if mark else ""


def _in_pod() -> bool:
    import os

    return bool(os.environ.get("KUBERNETES_SERVICE_HOST")) and not os.environ.get("KUBECONFIG")


class Together:
    """Calls side by side, given up at the deadline. A call that a server never answers ends later by its own timeout, on its own."""

    def __init__(self, source: str, deadline: Deadline) -> None:
        self._source = source
        self._deadline = deadline
        self._threads = DaemonThreads(PARALLEL, f"k8s-{source}")

    def __enter__(self) -> "Together":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.close()

    def start(self, call: Any, *given: Any, **named: Any) -> "Future[Any]":
        return self._threads.start(partial(call, *given, **named))

    def result(self, future: "Future[Any]") -> Any:
        """What the call returned or raised. Raises ProviderTimedOut at the deadline."""
        with contextlib.suppress(FutureTimeout):
            return future.result(timeout=self._deadline.remaining_seconds())
        future.cancel()
        raise ProviderTimedOut("the API server did not answer in time", source=self._source)
