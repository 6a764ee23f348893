"""`wgo catchup`: the same report as `/wgo catchup`, in the terminal."""

from typing import Annotated

import typer

from bot.commands import reading


def catchup(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[since] [in PLACE] [brief|full]", help="As after /wgo catchup.")] = None,
    mark: Annotated[bool, typer.Option("--mark-read", help="Mark it as read: the next catch-up begins here.")] = False,
    who: Annotated[str, typer.Option("--reader", help="Whose watermark: a Slack user's id; else yours in this terminal.")] = "",
    time_zone: Annotated[str, typer.Option(help="Whose clock times are on; else this machine's.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """What happened since you left: what was not seen, what to look at, what else, how it stands.

    Without a time it begins where you last marked as read, else seven days ago.

    Examples:

      wgo catchup

      wgo catchup since yesterday 5pm in prod full

      wgo catchup last friday --mark-read
    """
    from bot import app
    from bot.terminal.catchup import catchup_view
    from core.report import Started
    from core.subscription import EventFilter

    zone, name = reading.zone(time_zone), who or reading.reader()
    with reading.opened(context, read_only=not mark) as (settings, store):
        report = app.build_catchup(settings, store).asked(" ".join(words or ()), reader=name, time_zone=zone.key)
        if as_json:
            held = {"quiet": report.quiet, "sources_read_whole": report.sources_read_whole}
            reading.print_json({**held, **reading.as_json(report)})
        else:
            reading.console().print(catchup_view(report), crop=False)
        if mark:
            store.watermarks.mark(name, report.sequence, report.made_at)
            if not as_json:
                told = report.period.started is not Started.ASKED and report.filter == EventFilter()
                beside = "" if told else " So is what this report did not tell of: other places, and what was before."
                reading.console().print(f"Marked as read.{beside}", style="green")
