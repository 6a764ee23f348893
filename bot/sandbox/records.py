"""What the workspace keeps while it runs: channels, messages, views, files. Each knows how Slack writes it down."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(kw_only=True, slots=True)
class Channel:
    """A channel or a direct message. `partner` is the person of a direct message with the app."""

    id: str
    name: str
    kind: Literal["public", "private", "im"] = "public"
    members: list[str] = field(default_factory=list)
    topic: str = ""
    partner: str | None = None
    archived: bool = False
    created: int = 0

    @property
    def im(self) -> bool:
        return self.kind == "im"

    def to_slack(self, viewer: str) -> Json:
        if self.im:
            return {"id": self.id, "created": self.created, "is_im": True, "is_archived": False, "user": self.partner, "is_open": True}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_im": False,
            "is_mpim": False,
            "is_private": self.kind == "private",
            "is_archived": self.archived,
            "is_general": self.name == "general",
            "is_member": viewer in self.members,
            "created": self.created,
            "num_members": len(self.members),
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": self.topic, "creator": "", "last_set": 0},
        }


@dataclass(kw_only=True, slots=True)
class Message:
    """One message. `only_for` makes it ephemeral; `by_app` marks the app's own."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    by_app: bool = False
    subtype: str | None = None
    edited_at: str | None = None
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    only_for: str | None = None
    streaming: bool = False
    markdown: bool = False

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def to_record(self) -> Json:
        return asdict(self)


@dataclass(kw_only=True, slots=True)
class View:
    """A modal or Home tab as it stands now. `body` is what the app sent, with every id filled in."""

    id: str
    user: str
    body: Json
    hash: str
    root: str
    previous: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    external_id: str | None = None

    @property
    def kind(self) -> str:
        return str(self.body["type"])


@dataclass(kw_only=True, slots=True)
class SharedFile:
    """A file someone uploaded; the bytes lie beside it."""

    id: str
    name: str
    title: str
    mimetype: str
    user: str
    content: bytes = b""
    shared: bool = False
    created: int = 0
    alt_text: str = ""
