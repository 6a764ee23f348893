"""`wgo run`: the bot itself."""

from typing import Annotated

import typer


def run(
    context: typer.Context,
    http: Annotated[
        bool, typer.Option("--http", help="Let Slack and Kubernetes call in, instead of Socket Mode; see http.host and http.port.")
    ] = False,
) -> None:
    """Watch the sources and talk in Slack, until stopped with Ctrl-C or SIGTERM.

    Without Slack's tokens it watches and keeps what it sees, and says what it lacks.

    Example: wgo --config /etc/wgo/wgo.yaml run
    """
    from bot import app, collecting

    settings = app.load_settings(context.obj.config)
    collecting.keep_what_is_loaded()
    app.run(settings, http=http)
