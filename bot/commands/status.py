"""`wgo status`: how it stands now."""

from typing import Annotated

import typer

from bot.commands import reading


def status(
    context: typer.Context,
    time_zone: Annotated[str, typer.Option(help="Whose clock times are on; else this machine's.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """What is open now, how stable it is, and when each source was read last.

    Example: wgo status --json
    """
    from bot import app
    from bot.standing import Standing
    from bot.terminal.answer import status_view
    from core.clock import utc_now

    zone = reading.zone(time_zone)
    with reading.opened(context) as (settings, store):
        standing = Standing(store=store, people=reading.Nobody(), sources=app.source_names(settings), clock=utc_now)
        found = standing.status()
    if as_json:
        reading.print_json(found)
    else:
        reading.console().print(status_view(found, zone))
