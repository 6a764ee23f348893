"""Slack's mrkdwn: escaping, and core's typed text slots as Slack objects.

https://docs.slack.dev/messaging/formatting-message-text: & < > are written as entities, and `<…>` is a mention, a date or a link.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from core.event import Actor, ActorKind
from core.json import JsonValue, canonical
from core.text import Code, EventRef, LinkTo, Person, Slot, Strong, Thing, Time, TimeStyle

# An actor's id → the Slack user it belongs to.
People = Mapping[str, str]

PROSE, NAME, VALUE = 300, 120, 80
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_DATES = {TimeStyle.CLOCK: "{time}", TimeStyle.DAY_CLOCK: "{date_short_pretty} {time}", TimeStyle.DATE: "{date_short}"}
# Marks that format only where a word begins or ends; inside a name (aws_instance) they are left alone.
_MARKS = re.compile(r"(?<!\w)[*_~](?=\S)|(?<=\S)[*_~](?!\w)")
_LOOKALIKES = {"*": "∗", "_": "＿", "~": "∼"}
_EMOJI = re.compile(r":(?=[\w+-]+:)")
_WORD_JOINER = "\u2060"
# Controls, and what turns the direction of text around: neither belongs in a name, and both can disguise one.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
_URL = re.compile(r"https?://[^\s<>|\"]{1,2000}", re.IGNORECASE)


def _bounded(text: str, at_most: int) -> str:
    """The escaped text, at most so many characters long, cut between characters and not inside an entity."""
    whole = "".join(_ENTITIES.get(one, one) for one in text)
    if len(whole) <= at_most:
        return whole
    kept: list[str] = []
    left = at_most - 1
    for one in text:
        written = _ENTITIES.get(one, one)
        if len(written) > left:
            break
        kept.append(written)
        left -= len(written)
    return "".join(kept).rstrip() + "…"


def prose(text: str, at_most: int = PROSE) -> str:
    """Data in running text: nothing in it formats, links, mentions or breaks the line."""
    calm = _UNSEEN.sub(" ", text).replace("`", "ˋ")
    calm = _EMOJI.sub(":" + _WORD_JOINER, _MARKS.sub(lambda mark: _LOOKALIKES[mark[0]], calm))
    return _bounded(calm, at_most)


def plain(text: str, at_most: int) -> str:
    """Data for a plain_text object: nothing is escaped there, and nothing is interpreted."""
    calm = " ".join(_UNSEEN.sub(" ", text).split())
    return calm if len(calm) <= at_most else calm[: at_most - 1].rstrip() + "…"


def code(text: str, at_most: int = NAME) -> str:
    """Data as a code span, to the letter but for backticks."""
    calm = _UNSEEN.sub(" ", text).replace("`", "ˋ").strip()
    return f"`{_bounded(calm, at_most - 2)}`" if calm else "`∅`"


def strong(text: str, at_most: int = NAME) -> str:
    inner = prose(text, at_most - 2).strip()
    return f"*{inner}*" if inner else ""


def link(says: str, url: str, at_most: int = NAME) -> str:
    """A link, or its words alone where the address is none."""
    words = prose(says, at_most).replace("|", "¦")
    if not _URL.fullmatch(url):
        return words
    return f"<{url.replace('&', '&amp;')}|{words or 'link'}>"


def date(at: datetime, style: TimeStyle = TimeStyle.DAY_CLOCK) -> str:
    """A time as each reader's own clock shows it; UTC where that is not possible."""
    fallback = {TimeStyle.CLOCK: "%H:%M UTC", TimeStyle.DATE: "%d %b"}.get(style, "%a %d %b %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{_DATES[style]}|{at.strftime(fallback)}>"


def user(slack_id: str) -> str:
    """A mention of a Slack user; the id as text where it is no id."""
    return f"<@{slack_id}>" if re.fullmatch(r"[UW][A-Z0-9]{2,20}", slack_id) else prose(slack_id, NAME)


def channel(destination: str) -> str:
    """A mention of a Slack channel; the destination as it is where it is none."""
    return f"<#{destination}>" if destination.isascii() and destination.isalnum() and destination[:1] in "CG" else code(destination, 60)


def person(actor: Actor, people: People) -> str:
    known = people.get(actor.id) or people.get(actor.name)
    if known:
        return user(known)
    if actor.known:
        return prose(actor.name or actor.id, NAME)
    return "something automatic" if actor.kind in (ActorKind.AUTOMATION, ActorKind.SERVICE) else "someone unknown"


def value(of: JsonValue, at_most: int = VALUE) -> str:
    """One side of a field change. A redacted value is never shown, not even its hash."""
    if of is None:
        return "∅"
    text = of if isinstance(of, str) else canonical(of)
    return "_a secret_" if text.startswith("redacted:") else code(text, at_most)


def render(words: Sequence[Slot], people: People, at_most: int = 2900) -> str:
    """Core's text as mrkdwn, whole slots only, at most so many characters long. A slot that is a line break alone breaks the line."""
    written: list[str] = []
    left = at_most
    for slot in words:
        piece = "\n" if slot == "\n" else prose(slot, max(left, 1)) if isinstance(slot, str) else _slot(slot, people)
        if len(piece) > left:
            return "".join(written).rstrip() + "…" if left else "".join(written)
        written.append(piece)
        left -= len(piece)
    return "".join(written)


def _slot(slot: Slot, people: People) -> str:
    match slot:
        case Person(actor=actor):
            return person(actor, people)
        case Time(at=at, style=style):
            return date(at, style)
        case Thing(resource=resource, short=short):
            return code(resource.name if short else f"{resource.kind} {resource.name}")
        case Strong(says=says):
            return strong(says)
        case Code(says=says):
            return code(says)
        case LinkTo(says=says, url=url):
            return link(says, url)
        case EventRef(says=says):
            return prose(says)
        case str():
            return prose(slot)
