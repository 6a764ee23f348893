"""The App Home, and what people set there."""

from dataclasses import dataclass, replace
from datetime import time
from zoneinfo import ZoneInfo

from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.listeners.desk import Body, Desk, show, user_of, value_of
from bot.standing import EASE_METRIC
from bot.views.home import EASE, EDIT_WATCH, home_view, watch_modal
from core.baseline import Metric
from core.subscription import ComfortMode, Feedback, QuietHours


@dataclass(frozen=True, slots=True)
class HomeTab:
    desk: Desk

    def register(self, app: App) -> None:
        app.event("app_home_opened")(self.opened)
        app.action(EDIT_WATCH)(self.edit)
        app.view("watch")(self.save)
        app.action(EASE)(self.ease)

    def opened(self, event: Body, client: WebClient) -> None:
        if event.get("tab", "home") == "home":
            self.publish(str(event["user"]), client)

    def publish(self, user: str, client: WebClient) -> None:
        zone = self.desk.people.time_zone(user)
        client.views_publish(user_id=user, view=home_view(self.desk.standing.home(user, zone)))

    def edit(self, ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        subscription = self.desk.store.subscriptions.get(value_of(body))
        if subscription is not None:
            show(client, body, watch_modal(subscription))

    def save(self, ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        values, user = body["view"]["state"]["values"], user_of(body)
        subscription = self.desk.store.subscriptions.get(str(body["view"]["private_metadata"]))
        if subscription is None:
            return
        begins, ends = (values[name][name].get("selected_time") for name in ("quiet_from", "quiet_until"))
        quiet = None
        if begins and ends and begins != ends:
            # A zone that this machine does not know would break routing later: it is looked up here.
            zone = ZoneInfo(self.desk.people.time_zone(user)).key
            quiet, known = (
                QuietHours(start=time.fromisoformat(begins), end=time.fromisoformat(ends), time_zone=zone),
                subscription.quiet_hours,
            )
            if known is not None and (known.start, known.end) == (quiet.start, quiet.end):
                quiet = known
        changed = replace(
            subscription,
            comfort_mode=ComfortMode(values["comfort"]["comfort"]["selected_option"]["value"]),
            tells_routine=bool(values["routine"]["routine"].get("selected_options")),
            quiet_hours=quiet,
        )
        self.desk.store.subscriptions.save(changed)
        self.publish(user, client)

    def ease(self, ack: Ack, body: Body) -> None:
        ack()
        now, user, said = self.desk.clock(), user_of(body), value_of(body)
        self.desk.store.feedback.save(Feedback(about="ease", by=user, at=now, says=said))
        self.desk.store.metrics.save([Metric(name=EASE_METRIC, at=now, numerator=float(said), denominator=10.0, source=user)])
