"""What is to be followed up, and where to look. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.analysis.chronicle import Member
from core.story import FollowUp, Story

LAST_CALL = timedelta(hours=1)
_MOST_WATCHED = 200


def follow_up(story: Story, members: Sequence[Member], now: datetime, settle: timedelta) -> FollowUp:
    """The story's one open question, due once its last change has had time to show its effect."""
    due_at = story.last_at + settle
    return FollowUp(
        story_id=story.id,
        opened_at=now,
        due_at=due_at,
        last_call_at=max(due_at, now) + LAST_CALL,
        resources=_resources(members),
        environment=story.environment,
    )


def _resources(members: Sequence[Member]) -> tuple[str, ...]:
    """What was touched, first; then its other names, and what it refers to: dependants show the effect."""
    found: dict[str, None] = {}
    for member in members:
        found[member.node.event.resource.key] = None
    for member in members:
        found.update(dict.fromkeys(sorted(member.node.names)))
        found.update(dict.fromkeys(sorted(member.node.points)))
    return tuple(found)[:_MOST_WATCHED]
