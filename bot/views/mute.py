"""What was muted, and how to take it back."""

from bot.views import blocks as kit
from bot.views.blocks import Message
from bot.views.mrkdwn import code, date
from core.subscription import Mute

UNMUTE = "unmute"


def what(mute: Mute) -> str:
    """What a mute silences, in a few words."""
    of = mute.filter
    parts = [*sorted(of.resource_keys), *sorted(of.kinds), *sorted(of.sources), *sorted(of.environments)]
    return code(", ".join(parts) or "everything", 200)


def muted_message(mute: Mute, called: str = "") -> Message:
    """`called` is the name of the one resource that was muted, where it is one."""
    silenced = code(called, 200) if called and mute.filter.resource_keys else what(mute)
    says = f"Muted here for everyone until {date(mute.until)}: {silenced}. What is unplanned and matters is told all the same."
    return kit.message([kit.section(says)], (), [kit.actions(kit.button("Undo", UNMUTE, mute.id))], text="Muted")


def unmuted_message() -> Message:
    return kit.message([kit.section("No longer muted.")], (), (), text="No longer muted")
