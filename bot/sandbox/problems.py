"""What Slack answers when it refuses a call.

Refusal                     one Web API error: its code, and what goes beside it
└── RateLimited             HTTP 429 with Retry-After
"""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """The call is refused with `code`, Slack's own word for it. `beside` is merged into the answer."""

    def __init__(self, code: str, **beside: Any) -> None:
        super().__init__(code)
        self.code = code
        self.beside = beside

    @classmethod
    def with_messages(cls, code: str, messages: list[str]) -> Refusal:
        """Slack lists what is wrong twice: in `errors` bare, and in `response_metadata.messages` with the level."""
        return cls(code, errors=messages, response_metadata={"messages": [f"[ERROR] {line}" for line in messages]})


class RateLimited(Refusal):
    """Too many calls: try again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after
