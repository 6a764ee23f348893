"""Messages of ours that may have arrived though no receipt says so: looked for where history may be read, by their metadata."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.posted import Posted
from bot.slack_calls import refusal
from core.delivery import Delivery
from core.ports import StoryStore

STORY_EVENT, NOTE_EVENT = "wgo_story", "wgo_note"
# Clocks differ.
_LOOK_BACK = timedelta(minutes=15)
_LOOKED_PAGES, _PAGE = 5, 200


@dataclass(slots=True)
class Arrivals:
    """`readable` turns False where Slack says that the history scope is not granted. Doubts are of this process."""

    slack: WebClient
    stories: StoryStore
    readable: bool = True
    _doubts: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def doubt(self, delivery: Delivery) -> None:
        """An attempt at it may have arrived: its answer did not."""
        self._doubts.setdefault((delivery.destination, delivery.story_id), delivery.not_before)

    def certain(self, delivery: Delivery) -> None:
        self._doubts.pop((delivery.destination, delivery.story_id), None)

    def doubtful(self, delivery: Delivery) -> bool:
        return (delivery.destination, delivery.story_id) in self._doubts

    def found(self, delivery: Delivery) -> Posted | None:
        """Our message of this story, if an interrupted attempt left one. None also where history may not be read."""
        oldest = f"{(self._may_be_there_from(delivery) - _LOOK_BACK).timestamp():.6f}"
        ask = {"channel": delivery.destination, "oldest": oldest, "limit": _PAGE, "include_all_metadata": True}
        found = self._look(self.slack.conversations_history, ask, lambda meta: meta.get("story_id") == delivery.story_id)
        return Posted(channel=delivery.destination, ts=str(found["ts"])) if found else None

    def said_in_thread(self, delivery: Delivery, before: Posted) -> bool:
        ask = {"channel": before.channel, "ts": before.ts, "limit": _PAGE, "include_all_metadata": True}
        return self._look(self.slack.conversations_replies, ask, lambda meta: meta.get("delivery") == delivery.key, NOTE_EVENT) is not None

    def _may_be_there_from(self, delivery: Delivery) -> datetime:
        """A story is not posted before it is opened, a note not before its first try; the delivery's own time moves on with each retry."""
        story = self.stories.get(delivery.story_id) if delivery.kind == "story" else None
        first = self._doubts.get((delivery.destination, delivery.story_id), delivery.not_before)
        return min(first, story.opened_at) if story is not None else first

    def _look(
        self, method: Callable[..., Any], ask: dict[str, Any], wanted: Callable[[dict[str, Any]], bool], kind: str = ""
    ) -> dict[str, Any] | None:
        if not self.readable:
            return None
        cursor = ""
        try:
            for _ in range(_LOOKED_PAGES):
                page = method(**ask, **({"cursor": cursor} if cursor else {}))
                for message in page["messages"]:
                    metadata = message.get("metadata") or {}
                    ours = metadata.get("event_type") in ((kind,) if kind else (STORY_EVENT, NOTE_EVENT))
                    if ours and wanted(metadata.get("event_payload") or {}):
                        return dict(message)
                cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    return None
        except SlackApiError as error:
            if refusal(error).error not in ("missing_scope", "not_in_channel", "channel_not_found"):
                raise
            self.readable = refusal(error).error != "missing_scope"
        return None
