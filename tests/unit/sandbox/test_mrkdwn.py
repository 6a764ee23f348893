"""Slack's text as HTML: marked up as Slack does it, and never more than text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.page.render.mrkdwn import markdown, mrkdwn, plain
from bot.sandbox.page.render.reader import Reader

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MADRID = Reader(user="U1", zone=ZoneInfo("Europe/Madrid"), hours=24, now=NOW, names={"U1": "Ana Ruiz", "U2": "Ben <b>", "C1": "infra"})
NEW_YORK = Reader(user="U2", zone=ZoneInfo("America/New_York"), hours=12, now=NOW, names={})


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~gone~", "<b>bold</b> <i>it</i> <s>gone</s>"),
        ("a*b*c snake_case_name 2*3*4", "a*b*c snake_case_name 2*3*4"),
        ("*_both_*", "<b><i>both</i></b>"),
        ("`a *b* <@U1>`", "<code>a *b* &lt;@U1&gt;</code>"),
        ("one\ntwo", "one<br>two"),
        ("&gt; said\n&gt; again\nmine", "<blockquote>said<br>again</blockquote>mine"),
        ("```\nx < y\n```", "<pre>x &lt; y</pre>"),
        ("&lt;b&gt; &amp; &quot;", "&lt;b&gt; &amp; &amp;quot;"),
        ("<@U1>", '<span class="mention me" data-id="U1">@Ana Ruiz</span>'),
        ("*<@U2>*", '<b><span class="mention" data-id="U2">@Ben &lt;b&gt;</span></b>'),
        ("<#C1|old-name>", '<span class="mention" data-id="C1">#infra</span>'),
        ("<!here>", '<span class="mention">@here</span>'),
        (
            "<https://x.example/a_b?c=1&amp;d=2|run 812>",
            '<a href="https://x.example/a_b?c=1&amp;d=2" target="_blank" rel="noopener noreferrer">run 812</a>',
        ),
        ("<javascript:alert(1)|click>", "click"),
        ("<data:text/html,x|click>", "click"),
        (":eyes: :no_such_one:", '<span class="emoji">👀</span> :no_such_one:'),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
)
def test_mrkdwn_becomes(text: str, html: str) -> None:
    assert str(mrkdwn(text, MADRID)) == html


def test_a_bare_address_is_linked_without_the_full_stop_behind_it() -> None:
    assert str(mrkdwn("see https://x.example/run.", MADRID)).endswith(">https://x.example/run</a>.")


@pytest.mark.parametrize(
    ("form", "madrid", "new_york"),
    [
        ("{date_short_pretty} at {time}", "Yesterday at 02:12", "Nov 22 at 8:12 PM"),
        ("{date_num} {time_secs}", "2026-11-23 02:12:05", "2026-11-22 8:12:05 PM"),
        ("{date_long}", "Monday, November 23rd", "Sunday, November 22nd"),
        ("{date_long_full}", "Monday, November 23rd, 2026", "Sunday, November 22nd, 2026"),
        ("{date_pretty}", "Yesterday", "November 22nd"),
        ("{ago}", "1 day ago", "1 day ago"),
        ("read at {time}", "read at 02:12", "read at 8:12 PM"),
        ("{no_such_token}", "then", "then"),
    ],
)
def test_a_date_is_told_in_the_readers_own_time(form: str, madrid: str, new_york: str) -> None:
    at = int(datetime(2026, 11, 23, 1, 12, 5, tzinfo=UTC).timestamp())
    shown = [re.sub(r"<[^>]*>", "", str(mrkdwn(f"<!date^{at}^{form}|then>", reader))) for reader in (MADRID, NEW_YORK)]
    assert shown == [madrid, new_york]


def test_a_date_links_where_it_says_so_and_falls_back_where_it_is_none() -> None:
    assert 'href="https://x.example/"' in str(mrkdwn("<!date^0^{date}^https://x.example/|then>", MADRID))
    assert str(mrkdwn("<!date^soon^{date}|then &amp; now>", MADRID)) == "then &amp; now"


def test_plain_text_has_emoji_and_no_mark_up() -> None:
    assert str(plain("*x* <@U1> :eyes:")) == "*x* &lt;@U1&gt; 👀"
    assert str(plain(":eyes:", emoji=False)) == ":eyes:"


def test_a_markdown_block_shows_raw_html_and_follows_no_script() -> None:
    written = str(markdown("**b** <img src=x onerror=alert(1)> [x](javascript:alert(1))"))
    assert "<strong>b</strong>" in written
    assert "<img" not in written
    assert "<a" not in written


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


MARKS = st.sampled_from(
    [
        "<",
        ">",
        "&lt;",
        "&amp;",
        '"',
        "'",
        "*",
        "_",
        "~",
        "`",
        "```",
        "|",
        "<@U1",
        "<!date^1^{date}^",
        "javascript:",
        "onerror=",
        "\x00",
        "0",
        "\n",
        "<script>",
        "https://a.b/",
        "<https://a.b/\"onx='",
        ":eyes:",
    ]
)


@given(st.lists(st.one_of(MARKS, st.text(max_size=6)), max_size=30).map("".join))
def test_no_text_whatever_becomes_markup_of_its_own(text: str) -> None:
    tags = Tags()
    tags.feed(str(mrkdwn(text, MADRID)))
    for tag, attributes in tags.seen:
        assert tag in {"b", "i", "s", "br", "code", "pre", "blockquote", "span", "a", "time"}
        assert set(attributes) <= {"class", "href", "target", "rel", "title", "data-id"}
        assert attributes.get("href", "https:").split(":")[0].lower() in {"http", "https", "mailto", "tel"}  # type: ignore[union-attr]
