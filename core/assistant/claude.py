"""Claude behind the port LanguageModel. The only module that knows the SDK, which is imported when first used."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from core.clock import Deadline
from core.errors import ModelError
from core.settings import ModelSettings

if TYPE_CHECKING:
    from anthropic import Anthropic

_URL = "https://api.anthropic.com"
_NEXT = {
    401: "Check model.api_key.",
    403: "The key may not use this model: check model.name and the key's workspace.",
    404: "There is no such model or endpoint: check model.name and model.base_url.",
    429: "Too many requests: it is tried again at the next report.",
    529: "The model is overloaded: it is tried again at the next report.",
}


class ClaudeModel:
    """One request a text, within the deadline and `model.timeout_seconds`; never tried again, as the report stands without it."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._client: Anthropic | None = None
        self._lock = threading.Lock()

    def write(self, *, system: str, ask: str, max_tokens: int, deadline: Deadline) -> str:
        """Raises ModelError on refusal, overload, silence, or an answer that is empty or cut off."""
        import anthropic

        try:
            message = self._connected().messages.create(
                model=self._settings.name,
                system=system,
                messages=[{"role": "user", "content": ask}],
                max_tokens=max_tokens,
                timeout=deadline.timeout_seconds(self._settings.timeout_seconds),
            )
        except anthropic.APITimeoutError as error:
            raise ModelError("the model did not answer in time", next_step="Raise model.timeout_seconds if this goes on.") from error
        except anthropic.APIStatusError as error:
            step = _NEXT.get(error.status_code, "It is tried again at the next report.")
            raise ModelError(f"the model's endpoint answered {error.status_code}", next_step=step) from error
        except anthropic.APIConnectionError as error:
            raise ModelError("the model's endpoint cannot be reached", next_step="Check model.base_url and the network.") from error
        except anthropic.AnthropicError as error:
            raise ModelError(f"the model's answer cannot be read ({type(error).__name__})") from error
        return _text(message)

    def _connected(self) -> Anthropic:
        import anthropic

        with self._lock:
            if self._client is None:
                key = self._settings.api_key
                self._client = anthropic.Anthropic(
                    api_key=key.get_secret_value() if key else "", base_url=self._settings.base_url or _URL, max_retries=0
                )
            return self._client

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None


def _text(message: Any) -> str:
    if message.stop_reason == "refusal":
        raise ModelError("the model declined to write this")
    if message.stop_reason == "max_tokens":
        raise ModelError("the model's answer was cut off")
    written = "".join(block.text for block in message.content or () if block.type == "text").strip()
    if not written:
        raise ModelError("the model's answer is empty")
    return written
