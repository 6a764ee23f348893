"""`wgo watch`: live in the terminal, beside the running bot."""

import time
from datetime import timedelta
from typing import Annotated

import typer

from bot.commands import reading
from core.errors import SettingsError, WhenUnclear
from core.subscription import ComfortMode, EventFilter
from core.timerange import TimeRange

_LOOK_SECONDS = 2.0


def watch(
    context: typer.Context,
    comfort_mode: Annotated[ComfortMode | None, typer.Option(help="How much reassurance, where it is earned.")] = None,
    show_history: Annotated[bool | None, typer.Option("--show-history/--no-history", help="Begin with what happened lately.")] = None,
    history_window: Annotated[str, typer.Option(help="How far back that goes: 24h, 7d.")] = "",
    enable_catchup: Annotated[bool | None, typer.Option("--enable-catchup/--no-catchup", help="Print a catch-up now and then.")] = None,
    catchup_interval: Annotated[str, typer.Option(help="How often: 1h, 30m.")] = "",
    environment: Annotated[list[str] | None, typer.Option(help="Only this environment; may be given again.")] = None,
    time_zone: Annotated[str, typer.Option(help="Whose clock times are on; else this machine's.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
) -> None:
    """Changes as they come. It only reads the store: run it beside `wgo run`, as often as you like.

    What is not given is taken from `watch` in the settings.

    Example: wgo watch --history-window 24h --enable-catchup --catchup-interval 1h
    """
    from bot import app
    from bot.terminal.watch import Watch
    from core.clock import utc_now

    zone = reading.zone(time_zone)
    with reading.opened(context) as (settings, store):
        held = settings.watch
        shows = held.show_history if show_history is None else show_history
        catches_up = held.enable_catchup if enable_catchup is None else enable_catchup
        now = utc_now()
        window = _length(history_window or held.history_window, "--history-window")
        interval = _length(catchup_interval or held.catchup_interval, "--catchup-interval")
        catchup = app.build_catchup(settings, store)
        live = Watch(
            events=store.events,
            coverage=store.coverage,
            catchup=catchup,
            console=reading.console(),
            zone=zone,
            clock=utc_now,
            comfort_mode=comfort_mode or held.comfort_mode,
            filter=EventFilter(environments=catchup.environments(environment or ())),
            catchup_every=interval if catches_up else None,
        )
        live.begin(TimeRange(start=now - window, end=now) if shows else None, goes_on=not once)
        live.tick()
        while not once:
            time.sleep(_LOOK_SECONDS)
            live.tick()


def _length(words: str, option: str) -> timedelta:
    """24h, 7d, "2 weeks". Raises SettingsError naming the option."""
    from core.catchup_request import asked_time
    from core.clock import utc_now

    try:
        found = asked_time(words, now=utc_now(), time_zone="UTC").range.duration
    except WhenUnclear as error:
        raise SettingsError(f"{option}: {words!r} is no length of time", next_step="Say it like 30m, 1h, 24h or 7d.") from error
    if found < timedelta(seconds=30):
        raise SettingsError(f"{option}: {words!r} is too short", next_step="Say it like 30m, 1h, 24h or 7d.")
    return found
