"""What one can say to WGO; and what went wrong, always with the next step."""

from bot.views import blocks as kit
from bot.views.blocks import Message
from bot.views.mrkdwn import code, prose
from core.errors import WgoError

_LINES = (
    "`/wgo catchup`  what happened since you last marked it as read",
    "`/wgo catchup since yesterday 5pm in prod full`  from when, where, and how much of it",
    "`/wgo catchup share`  the same, for everyone in the channel",
    "`/wgo status`  what is open now, how stable it is, what was read",
    "`/wgo history payments in prod`  the changes of what is called so, newest first",
    "Or ask in your own words, in a direct message or with @WGO: _who changed the security group on Saturday?_",
)


def help_message(unknown: str = "") -> Message:
    """Help; where it was not asked for, with the word that was not understood."""
    first = f"I don't know {code(unknown, 60)} yet. What I do know:" if unknown else "*What's going on* · what you can say"
    legend = "🏗 planned   🔎 unplanned   🔁 routine   ❔ I can't tell   ✓ explained and settled   ⚠ not settled"
    return kit.message([kit.section(first, *_LINES)], (), [kit.context(legend)], text="What you can say to WGO")


def error_message(error: WgoError) -> Message:
    """What did not work, and what to do now."""
    step = prose(error.next_step, 600) if error.next_step else "Try again in a moment; `wgo doctor` on my machine says more."
    says = prose(str(error), 600)
    return kit.message(
        [kit.section(f"That did not work: {says}{'' if says.endswith('.') else '.'}", step)], (), (), text="That did not work"
    )


def fault_message(reference: str) -> Message:
    """Something of our own failed."""
    says = "That did not work, and it is my fault, not yours."
    return kit.message(
        [kit.section(says), kit.context(f"My log says why, under {code(reference, 100)}.")], (), (), text="That did not work"
    )
