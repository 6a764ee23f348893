"""`wgo ask`: a question in one's own words."""

from typing import Annotated

import typer

from bot.commands import reading


def ask(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="QUESTION…", help="In your own words; quotes are not needed.")],
    time_zone: Annotated[str, typer.Option(help="Whose clock times are on; else this machine's.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Answer from the store: each claim cites its rows, and what was not seen is said.

    Examples:

      wgo ask what changed in prod since yesterday 5pm

      wgo ask who changed the security group on saturday

      wgo ask is prod stable
    """
    from bot import app
    from bot.mentions import mine, not_known, seen_lately
    from bot.terminal.answer import answer_view
    from core.clock import utc_now
    from core.report import Question

    zone = reading.zone(time_zone)
    with reading.opened(context) as (settings, store):
        question = Question(text=" ".join(words), asker=reading.reader(), asked_at=utc_now(), time_zone=zone.key)
        if mine(question.text):  # who sits at a terminal is nobody whom the sources name
            answer = not_known(question.asker, question.asker, seen_lately(store.activity, question.asked_at))
        else:
            answer = app.build_conversation(settings, store).answer(question)
    if as_json:
        reading.print_json(answer)
    else:
        reading.console().print(answer_view(answer, zone), crop=False)
