"""Slack's mrkdwn as safe HTML (https://docs.slack.dev/messaging/formatting-message-text).

Order matters: code and `<…>` references are taken out first, the rest is decoded (only &amp; &lt; &gt;, as Slack does), escaped,
and then marked up. Nothing a message holds reaches the page unescaped.
"""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markupsafe import Markup

from bot.sandbox.page.render.emoji import EMOJI
from bot.sandbox.page.render.reader import Reader

_FENCE: Final = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_ATOM: Final = re.compile(r"`([^`\n]+)`|<([^<>\n]+)>|(?<![\w:]):([\w+\-']+):(?![\w:])|(https?://[^\s<>|`*]+[^\s<>|`*.,;:!?)\]'\"_~])")
_MARKS: Final = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), "b"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), "i"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), "s"),
)
_SLOT: Final = re.compile("\x00(\\d+)\x00")
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable(["table", "strikethrough"])


def mrkdwn(text: str, reader: Reader) -> Markup:
    """A message or section text."""
    parts = _FENCE.split(text.replace("\x00", ""))
    written = [f"<pre>{_escape(part)}</pre>" if index % 2 else _lines(part, reader) for index, part in enumerate(parts)]
    return Markup("".join(written))  # noqa: S704 - every part was escaped above


def plain(text: str, *, emoji: bool = True) -> Markup:
    """A plain_text object: no mark-up, emoji short codes where they are asked for."""
    escaped = _escape(text)
    if emoji:
        escaped = re.sub(r":([\w+\-']+):", lambda found: EMOJI.get(found.group(1), found.group(0)), escaped)
    return Markup(escaped.replace("\n", "<br>"))  # noqa: S704 - escaped above


def markdown(text: str) -> Markup:
    """A markdown block: CommonMark with tables, raw HTML shown and not obeyed."""
    written = (
        str(_MARKDOWN.render(text)).replace("<a href", '<a target="_blank" rel="noopener noreferrer" href').replace("<img ", "<img hidden ")
    )
    return Markup(re.sub(r":([\w+\-']+):", lambda found: EMOJI.get(found.group(1), found.group(0)), written))  # noqa: S704 - markdown-it escapes, html is off


def link(url: str, words: str) -> str:
    """`words` (HTML) linked to `url`, or bare where the address is of a kind that is not to be followed."""
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        scheme = ""
    if scheme not in _SCHEMES:
        return words
    return f'<a href="{html.escape(url)}" target="_blank" rel="noopener noreferrer">{words}</a>'


def _lines(text: str, reader: Reader) -> str:
    written: list[str] = []
    quote: list[str] = []
    plain_lines: list[str] = []

    def flush() -> None:
        if quote:
            written.append(f"<blockquote>{'<br>'.join(quote)}</blockquote>")
            quote.clear()
        if plain_lines:
            written.append("<br>".join(plain_lines))
            plain_lines.clear()

    for line in text.split("\n"):
        bare = re.sub(r"^(?:&gt;|>)\s?", "", line)
        into = quote if bare != line else plain_lines
        if (into is quote and plain_lines) or (into is plain_lines and quote):
            flush()
        into.append(_inline(bare, reader))
    flush()
    return "".join(written)


def _inline(text: str, reader: Reader) -> str:
    atoms: list[str] = []

    def keep(found: re.Match[str]) -> str:
        code, reference, emoji, url = found.groups()
        if code is not None:
            atoms.append(f"<code>{_escape(code)}</code>")
        elif reference is not None:
            atoms.append(_reference(reference, reader))
        elif emoji is not None:
            if emoji not in EMOJI:
                return found.group(0)
            atoms.append(f'<span class="emoji">{EMOJI[emoji]}</span>')
        else:
            atoms.append(link(_decode(url), _escape(url)))
        return f"\x00{len(atoms) - 1}\x00"

    marked = _escape(_ATOM.sub(keep, text))
    for pattern, tag in _MARKS:
        marked = pattern.sub(rf"<{tag}>\1</{tag}>", marked)
    return _SLOT.sub(lambda found: atoms[int(found.group(1))], marked)


def _reference(inside: str, reader: Reader) -> str:
    target, _, label = inside.partition("|")
    if target[:1] in "@#":
        sign, id = target[0], target[1:]
        name = reader.names.get(id) or label or id
        mine = " me" if id == reader.user else ""
        return f'<span class="mention{mine}" data-id="{html.escape(id)}">{sign}{_escape(name)}</span>'
    if target.startswith("!date^"):
        return _date(target, label, reader)
    if target.startswith("!"):
        return f'<span class="mention">@{_escape(label or target[1:].partition("^")[0])}</span>'
    url = _decode(target)
    if ":" not in url:
        return _escape(f"<{inside}>")  # no reference: somebody wrote a bare <word>
    return link(url, _escape(label) if label else _escape(target))


def _date(target: str, label: str, reader: Reader) -> str:
    _, ts, form, *rest = [*target.split("^"), "", ""][: max(3, target.count("^") + 1)]
    try:
        written = _escape(reader.date(float(ts), _decode(form), _decode(label)))
        hint = html.escape(reader.full(float(ts)))
    except (ValueError, OverflowError, OSError):
        return _escape(label)
    shown = f'<time title="{hint}">{written}</time>'
    return link(_decode(rest[0]), shown) if rest and rest[0] else shown


def _decode(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _escape(text: str) -> str:
    return html.escape(_decode(text))
