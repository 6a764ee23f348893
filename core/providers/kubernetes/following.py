"""One kind of object in one place, followed from poll to poll: where its reading stands, and what came since."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core.clock import Deadline
from core.errors import ProviderError
from core.json import JsonObject
from core.kube.kinds import EVENTS, Kind
from core.providers.kubernetes.client import Cluster, Expired, NotOffered, Together, Watched


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """Where the reading of a kind stands; kept in the cursor. `since` is when it was last whole (ISO 8601).

    `token` is set while a first list goes on over several polls; `lost` asks for a new list to be held against what is known.
    """

    served: str = ""
    version: str = ""
    since: str = ""
    token: str = ""
    lost: bool = False

    def as_json(self) -> JsonObject:
        told = {"v": self.served, "rv": self.version, "at": self.since, "t": self.token, "lost": self.lost}
        return {key: value for key, value in told.items() if value}

    @classmethod
    def from_json(cls, told: JsonObject) -> "Position":
        return cls(
            served=str(told.get("v", "")), version=str(told.get("rv", "")), since=str(told.get("at", "")),
            token=str(told.get("t", "")), lost=bool(told.get("lost")),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """A kind, in one namespace or (empty) wherever the role reaches."""

    kind: Kind
    namespace: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind.key}@{self.namespace}" if self.namespace else self.kind.key

    @property
    def prefix(self) -> str:
        """Of the keys under which its objects' states are known."""
        return f"object/{self.kind.key}/" + (f"{self.namespace}/" if self.namespace else "")


@dataclass(slots=True)
class Followed:
    """What one poll brought of one stream. `failure` where it could not be read; `position` where to go on."""

    stream: Stream
    position: Position
    watched: Watched | None = None
    failure: ProviderError | None = None
    fields: str = field(default="")


def watch_all(cluster: Cluster, streams: list[Followed], deadline: Deadline) -> None:
    """Watch every stream that stands somewhere, side by side. A version that is no longer kept becomes `lost`."""
    standing = [one for one in streams if one.position.version and not one.position.token and not one.position.lost]
    with Together(cluster.source, deadline) as together:
        started = [
            (one, together.start(
                cluster.watch, one.stream.kind, one.position.served, one.stream.namespace, one.position.version, deadline, fields=one.fields
            ))
            for one in standing
        ]  # fmt: skip
        for one, call in started:
            try:
                one.watched = together.result(call)
            except (Expired, NotOffered):
                one.position = replace(one.position, version="", lost=True)
            except ProviderError as error:
                one.failure = error


def pages(cluster: Cluster, one: Followed, deadline: Deadline) -> Iterator[JsonObject]:
    """The pages of a list, from where it stands to its end. The position moves with each page. Raises ProviderError."""
    limit = 1 if one.stream.kind is EVENTS else 500
    while True:
        page = _page(cluster, one, deadline, limit)
        told = page["metadata"]
        token = "" if limit == 1 else str(told.get("continue") or "")
        # The version of the first page holds for the whole list; later pages repeat it.
        one.position = replace(one.position, version=str(told.get("resourceVersion") or one.position.version), token=token)
        yield page
        if not token:
            return


def _page(cluster: Cluster, one: Followed, deadline: Deadline, limit: int) -> JsonObject:
    with Together(cluster.source, deadline) as together:
        for served in _versions(cluster, one, together, deadline):
            try:
                call = together.start(
                    cluster.page, one.stream.kind, served, one.stream.namespace, one.position.token, deadline, limit=limit
                )
                page: JsonObject = together.result(call)
            except NotOffered:
                continue
            one.position = replace(one.position, served=served)
            return page
    raise NotOffered(f"the server does not offer {one.stream.kind.key}", source=cluster.source)


def _versions(cluster: Cluster, one: Followed, together: Together, deadline: Deadline) -> Iterator[str]:
    if one.position.served:
        yield one.position.served
    if one.stream.kind.custom:
        yield str(together.result(together.start(cluster.served_version, one.stream.kind.group, deadline)))
        return
    yield from (version for version in one.stream.kind.versions if version != one.position.served)
