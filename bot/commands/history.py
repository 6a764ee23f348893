"""`wgo history`: changes, newest first."""

from dataclasses import replace
from typing import Annotated

import typer

from bot.commands import reading


def history(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD…] [in PLACE]", help="Only what has all these words in its name, and is there.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    since: Annotated[str, typer.Option(help="From when: yesterday 5pm, 24h, 2026-11-20.")] = "",
    after: Annotated[str, typer.Option(help="Go on from here: what the page before ended with.")] = "",
    time_zone: Annotated[str, typer.Option(help="Whose clock times are on; else this machine's.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the page as JSON.")] = False,
) -> None:
    """Changes, newest first, a page at a time.

    Examples:

      wgo history payments in prod --since yesterday

      wgo history --limit 100 --json
    """
    from bot import app
    from bot.terminal.answer import history_view
    from core.catchup_request import asked_time
    from core.clock import utc_now
    from core.ports import Span
    from core.subscription import EVERYTHING

    zone = reading.zone(time_zone)
    span = Span(range=asked_time(since, now=utc_now(), time_zone=zone.key).range) if since else Span()
    with reading.opened(context) as (settings, store):
        named, places = app.build_catchup(settings, store).narrowed(" ".join(words or ()))
        page = store.events.page(EVERYTHING, replace(places, text=named), span, after=after, limit=limit)
    if as_json:
        reading.print_json({"events": page.items, "next": page.next})
        return
    out = reading.console()
    out.print(history_view(page.items, zone))
    if page.next:
        out.print(f"older: --after {page.next}", style="bright_black")
