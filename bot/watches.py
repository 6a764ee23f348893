"""Who hears what, as the settings say: subscriptions at the first start, and what people changed in Slack since."""

from dataclasses import replace

from core.ports import Subscriptions
from core.settings import ChannelSettings, Settings
from core.subscription import EventFilter, QuietHours, Subscription
from core.zones import known as known_zone


def subscriptions_of(settings: Settings) -> tuple[Subscription, ...]:
    """One a configured channel; `slack.channel` hears everything that is not routine where it is not among them."""
    configured = [_subscription(channel) for channel in settings.channels]
    default = settings.slack.channel
    if default and default not in {one.destination for one in configured}:
        configured.append(Subscription(destination=default))
    return tuple(configured)


def keep(settings: Settings, subscriptions: Subscriptions) -> None:
    """Store what the settings say. What people may set in Slack (comfort mode, quiet hours, routine) stays as they left it.

    Quiet hours in a zone that does not exist are nobody's wish: the settings' take their place.
    """
    wanted = subscriptions_of(settings)
    for one in wanted:
        known = subscriptions.get(one.destination)
        if known is not None:
            quiet = known.quiet_hours if known.quiet_hours is None or known_zone(known.quiet_hours.time_zone) else one.quiet_hours
            one = replace(one, comfort_mode=known.comfort_mode, quiet_hours=quiet, tells_routine=known.tells_routine)
        if one != known:
            subscriptions.save(one)
    for known in subscriptions.all():
        if known.destination not in {one.destination for one in wanted}:
            subscriptions.remove(known.destination)


def _subscription(channel: ChannelSettings) -> Subscription:
    quiet = None
    if channel.quiet_from is not None and channel.quiet_until is not None:
        quiet = QuietHours(start=channel.quiet_from, end=channel.quiet_until, time_zone=channel.time_zone)
    return Subscription(
        destination=channel.channel,
        filter=EventFilter(
            environments=frozenset(channel.environments), providers=frozenset(channel.providers), min_severity=channel.min_severity
        ),
        comfort_mode=channel.comfort_mode,
        quiet_hours=quiet,
        tells_routine=channel.routine,
    )


def lacks(settings: Settings, *, http: bool) -> tuple[str, ...]:
    """What is not configured and what that means, one sentence each with its next step."""
    slack, said = settings.slack, []
    if slack.bot_token is None:
        said.append("slack.bot_token is not set: nothing is posted.")
    if http and slack.signing_secret is None:
        said.append("slack.signing_secret is not set: requests from Slack cannot be verified and are refused.")
    if not http and slack.app_token is None:
        said.append("slack.app_token is not set: commands and buttons are not heard.")
    if not subscriptions_of(settings):
        said.append("slack.channel is not set, and no channels: changes are kept, and no channel hears of them.")
    if not settings.sources:
        said.append("sources is empty: there is nothing to watch. `wgo config example` shows how to add one.")
    if settings.model.api_key is None:
        said.append("model.api_key is not set: answers come from the store alone.")
    return tuple(said)
