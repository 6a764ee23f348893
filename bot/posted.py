"""Where a story's message lives, and what it said when it was last sent: the opaque `message` of a receipt."""

import json
from dataclasses import dataclass

from core.assessment import Verdict
from core.story import Settling, Story


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """`verdict` and `settling` as the message told them; a later revision that differs in them is news for its thread."""

    channel: str
    ts: str
    verdict: str = ""
    settling: str = ""

    def dump(self) -> str:
        return json.dumps([self.channel, self.ts, self.verdict, self.settling])

    @classmethod
    def load(cls, message: str) -> "Posted":
        channel, ts, verdict, settling = json.loads(message)
        return cls(channel=channel, ts=ts, verdict=verdict, settling=settling)

    def telling(self, story: Story) -> "Posted":
        return Posted(channel=self.channel, ts=self.ts, verdict=story.verdict.value, settling=story.settling.value)

    def news(self, story: Story) -> bool:
        """Does the story mean something else than the message said?"""
        if self.verdict and Verdict(self.verdict) is not story.verdict:
            return True
        ended = (Settling.SETTLED, Settling.DEGRADED, Settling.UNVERIFIED)
        return story.settling in ended and self.settling != story.settling.value

    def worse(self, story: Story) -> bool:
        """Has it got worse since the message was sent?"""
        return story.settling is Settling.DEGRADED and self.settling != Settling.DEGRADED.value
