"""Who is meant by a question: people who were picked with @, and "I". Only identities that are known to be theirs stand for them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.event import Actor
from core.ports import TeamActivity
from core.report import Answer
from core.text import Person, Slot

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
# "What did I miss?" asks what others did.
_MINE = re.compile(
    r"\b(?:did|have|had) i\b(?! (?:miss|leave|left|get|need|forget|sleep|ask|mark))|\bi (?:did|have done|made|changed?|deployed?|touched)\b"
    r"|\b(?:by|was it|is it|were they|are they) me\b|\bmy (?:own |last |latest |recent )*changes?\b|\bmine\b",
    re.IGNORECASE,
)
_LATELY = timedelta(days=31)
_NAMED = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A message: `words` with "someone" where a person was picked, and `users`, the Slack users who were."""

    words: str
    users: tuple[str, ...] = ()


def spoken(text: str, ours: str = "") -> Spoken:
    """`ours` is the bot's own id: that it was called is no part of what is said."""
    users = tuple(dict.fromkeys(user for user in _MENTION.findall(text) if user != ours))
    return Spoken(words=_MENTION.sub(lambda found: "" if found[1] == ours else "someone", text), users=users)


def first_mention(text: str) -> str:
    found = _MENTION.search(text)
    return found[1] if found else ""


def mine(words: str) -> bool:
    """Is it asked of what the asker did?"""
    return _MINE.search(words) is not None


def seen_lately(activity: TeamActivity, now: datetime) -> tuple[Actor, ...]:
    """Everybody who changed something in the last month."""
    rows = activity.between((now - _LATELY).date().isoformat(), now.date().isoformat())
    return tuple(dict.fromkeys(Actor(id=row.actor, name=row.name) for row in rows))


def not_known(user: str, asker: str, seen: Iterable[Actor]) -> Answer:
    """What is said where nothing that changed is known to be theirs; never what somebody else did."""
    who: tuple[Slot, ...] = ("you act",) if user == asker else (Person(Actor(id=user)), " acts")
    names = list(dict.fromkeys(one.name or one.id for one in seen))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    lately = f" Whom I have seen lately: {', '.join(names[:_NAMED])}{more}." if names else ""
    did = f" in what I watch, so I can't say what {'you' if user == asker else 'they'} did. Ask with the name that a change shows.{lately}"
    return Answer(text=("I don't know under which name ", *who, did))
