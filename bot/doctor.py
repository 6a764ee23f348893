"""`wgo doctor`: what works, what does not, and the next step for each. Reads only; never raises for what it was asked to look at."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot import scopes
from bot.checks import amber, green, read_last, red
from bot.slack_calls import PERMANENT, UNANSWERED, asking_client, refusal
from bot.views.status import waiting
from bot.watches import lacks, subscriptions_of
from core.batch import Check
from core.clock import Clock, Deadline, utc_now
from core.coverage import Coverage
from core.delivery import DeliveryState
from core.errors import WgoError
from core.measures import HEARTBEAT
from core.ports import Provider, Store
from core.settings import Settings, SourceSettings
from core.threads import DaemonThreads
from core.timerange import TimeRange
from storage.opening import file_of

_log = logging.getLogger(__name__)
# A beat a minute; one or two may be late.
_SILENT_FOR, _BEATS_OF = timedelta(minutes=3), timedelta(days=7)
# Less than this is no room for one batch; an upgrade of the schema writes up to as much again as there is.
_NO_ROOM_BYTES, _LITTLE_ROOM_BYTES = 1024**2, 64 * 1024**2
_SECONDS_A_SOURCE, _SECONDS_FOR_ALL, _SECONDS_FOR_THE_MODEL = 15.0, 40.0, 8.0
_SOURCES_AT_A_TIME = 16
# Slack refuses requests, and we refuse Slack's, whose time is more than five minutes off.
_CLOCK_AMBER_SECONDS, _CLOCK_RED_SECONDS = 5.0, 60.0
_TOKEN_STEP = "Copy it again from your Slack app: OAuth & Permissions (bot token), Basic Information (app-level token)."  # noqa: S105 - advice
_INSTALL_STEP = "Put manifest.yml into your app's settings and install it again."
_APP_TOKEN = "Slack app token"  # noqa: S105 - a check's name
_MODEL_URL = "https://api.anthropic.com"


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, kw_only=True, slots=True)
class Doctor:
    """`open_store` opens read-only and raises StorageError; `blank_store` makes an empty one of the moment; `build_provider` raises
    SettingsError; `room` tells a folder's free bytes."""

    settings: Settings
    open_store: Callable[[], Store]
    blank_store: Callable[[], Store]
    build_provider: Callable[[SourceSettings, Store], Provider]
    http: bool = False
    clock: Clock = utc_now
    room: Callable[[Path], int] = _free_bytes

    def examine(self) -> tuple[Check, ...]:
        """Everything, one after the other; sources at the same time. Within a minute, whatever does not answer."""
        return (*self._settings(), *self._stored(), *self._slack(), *self._model())

    def _settings(self) -> Iterator[Check]:
        missing = lacks(self.settings, http=self.http)
        for said in missing:
            what, _, means = said.partition(": ")
            yield amber("settings", f"{what}: {means}", "See `wgo config example`.")
        if not missing:
            yield green("settings", "complete")

    # --- database and sources --------------------------------------------------------------------------------------------

    def _stored(self) -> Iterator[Check]:
        path = file_of(self.settings.database.url)
        if path is not None and not path.exists() and os.access(path.resolve().parent, os.W_OK):
            # Before the first start this is as it should be; what a source needs is asked for all the same.
            yield amber("database", f"there is none yet at {path}", "`wgo run` makes it.")
            store = self.blank_store()
            try:
                yield from self._sources(store)
            finally:
                store.close()
            return
        try:
            store = self.open_store()
        except WgoError as error:
            yield red("database", str(error), error.next_step or "Check database.url.")
            yield from (amber(f"source {one.name}", "not looked at without the database", "") for one in self.settings.sources)
            return
        try:
            yield from self._database(store)
            yield from self._sources(store)
        finally:
            store.close()

    def _database(self, store: Store) -> Iterator[Check]:
        try:
            sequence, failed = store.events.sequence(), store.deliveries.counts().get(DeliveryState.FAILED.value, 0)
            parked = store.deliveries.parked()
        except WgoError as error:
            yield red("database", str(error), error.next_step)
            return
        yield green("database", f"{sequence:,} changes taken in so far")
        yield from self._disk()
        yield from self._alive(store)
        if failed:
            yield amber("messages", f"{failed} could not be delivered", "The log says why (`not told`).")
        yield from (amber("messages", f"{waiting(one)} {one.destination}", f"{one.why} They are told then.") for one in parked)

    def _alive(self, store: Store) -> Iterator[Check]:
        """The bot writes a beat a minute; nothing is said where none was ever written."""
        now = self.clock()
        try:
            beats = store.metrics.between(HEARTBEAT, TimeRange(start=now - _BEATS_OF, end=now + _SILENT_FOR))
        except WgoError as error:
            yield red("bot", str(error), error.next_step)
            return
        if not beats:
            return
        last = max(one.at for one in beats)
        if now - last <= _SILENT_FOR:
            # A beat tells of its own moment: since then it may have ended.
            yield green("bot", f"last kept what it saw at {last:%H:%M:%S} UTC")
        else:
            says = f"has kept nothing since {last:%Y-%m-%d %H:%M} UTC: it does not run, or cannot write"
            yield amber("bot", says, "Start it (`wgo run`); where it runs, its log says why.")

    def _disk(self) -> Iterator[Check]:
        """Room beside a database of ours; a server's disk is not seen from here."""
        path = file_of(self.settings.database.url)
        if path is None:
            return
        room, size = self.room(path.resolve().parent), path.stat().st_size
        step = "Free some space, or keep less (database.retention_days)."
        if room < _NO_ROOM_BYTES:
            yield red("disk", f"no room left beside {path} ({room:,} bytes): nothing that is seen can be kept", step)
        elif room < size + _LITTLE_ROOM_BYTES:
            yield amber("disk", f"{room // 1024**2:,} MiB free beside {path}: less than a second copy of it needs", step)
        else:
            yield green("disk", f"{room // 1024**2:,} MiB free")

    def _sources(self, store: Store) -> Iterator[Check]:
        """What each can do now, and how it was read last. One that hangs is left behind."""
        threads, ends = DaemonThreads(_SOURCES_AT_A_TIME, "doctor"), Deadline.after(_SECONDS_FOR_ALL)
        looks = [(source, threads.start(partial(self._look, source, store))) for source in self.settings.sources]
        try:
            last: Mapping[str, Coverage] = store.coverage.last()
        except WgoError as error:
            last = {}
            yield red("database", str(error), error.next_step)
        for source, look in looks:
            name = f"source {source.name}"
            try:
                yield from look.result(timeout=ends.remaining_seconds())
            except NotYetError:
                yield red(name, "did not answer in time", "Check the address and the network.")
            except Exception as error:  # noqa: BLE001 - one source's fault may never end the look at the others
                _log.exception("check failed", extra={"source": source.name})
                yield red(name, f"its check failed in a way it should not: {type(error).__name__}", "See the log, and report it.")
            if source.name in last:
                yield read_last(name, last[source.name])
        threads.close()

    def _look(self, source: SourceSettings, store: Store) -> list[Check]:
        name = f"source {source.name}"
        try:
            provider = self.build_provider(source, store)
        except (WgoError, ImportError) as error:
            return [red(name, str(error), getattr(error, "next_step", "") or f"Install what provider {source.provider} needs.")]
        try:
            found = provider.check(Deadline.after(_SECONDS_A_SOURCE))
            return [Check(name=f"{name}: {one.name}", state=one.state, says=one.says, next_step=one.next_step) for one in found]
        except WgoError as error:
            return [red(name, str(error), error.next_step)]
        finally:
            provider.close()

    # --- Slack -------------------------------------------------------------------------------------------------------------

    def _slack(self) -> Iterator[Check]:
        slack = self.settings.slack
        if slack.bot_token is not None:
            client = asking_client(slack, slack.bot_token.get_secret_value())
            answer = self._asked(client.auth_test)
            if isinstance(answer, Check):
                yield answer
            else:
                yield green("Slack bot token", f"{answer.get('user')} in {answer.get('team')}")
                headers = {str(name).lower(): value for name, value in answer.headers.items()}
                yield from self._scopes(str(headers.get("x-oauth-scopes") or ""))
                yield from self._clock(str(headers.get("date") or ""))
                yield from self._channels(client)
        if slack.app_token is not None and not self.http:
            client = asking_client(slack, slack.app_token.get_secret_value())
            opened = self._asked(lambda: client.apps_connections_open(app_token=str(client.token)), name=_APP_TOKEN)
            yield opened if isinstance(opened, Check) else green(_APP_TOKEN, f"opens connections ({scopes.APP_LEVEL})")

    def _asked(self, call: Callable[[], Any], name: str = "Slack bot token") -> Any:
        try:
            return call()
        except SlackApiError as error:
            code = refusal(error).error
            step = PERMANENT.get(code) or _TOKEN_STEP
            if code == "missing_scope":
                step = _INSTALL_STEP if name != _APP_TOKEN else f"Give the app-level token {scopes.APP_LEVEL} (Basic Information)."
            return red(name, f"Slack answers {code}", step)
        except UNANSWERED as error:
            return red(
                name, f"{self.settings.slack.base_url} does not answer ({type(error).__name__})", "Check the network, and slack.base_url."
            )

    def _scopes(self, header: str) -> Iterator[Check]:
        granted = {scope.strip() for scope in header.split(",") if scope.strip()}
        missing = [f"{scope} ({why})" for scope, why in scopes.REQUIRED.items() if scope not in granted]
        optional = [f"{scope} ({why})" for scope, why in scopes.OPTIONAL.items() if scope not in granted]
        if missing:
            yield red("Slack scopes", f"missing: {', '.join(missing)}", _INSTALL_STEP)
        elif optional:
            yield amber("Slack scopes", f"all that are needed; without {', '.join(optional)}", "They are optional: grant them if you like.")
        else:
            yield green("Slack scopes", "all of manifest.yml")

    def _clock(self, date: str) -> Iterator[Check]:
        try:
            theirs: datetime = parsedate_to_datetime(date)
        except ValueError:
            yield amber("clock", "Slack's answer has no time to compare with", "")
            return
        off = abs((self.clock() - theirs).total_seconds())
        says = f"{off:.0f} s from Slack's"
        step = "Let the machine keep its time (NTP): signatures and tokens are refused when it is minutes off."
        yield (
            red("clock", says, step)
            if off > _CLOCK_RED_SECONDS
            else amber("clock", says, step)
            if off > _CLOCK_AMBER_SECONDS
            else green("clock", says)
        )

    def _channels(self, client: WebClient) -> Iterator[Check]:
        for subscription in subscriptions_of(self.settings):
            name = f"channel {subscription.destination}"
            answer = self._asked(partial(client.conversations_info, channel=subscription.destination), name=name)
            if isinstance(answer, Check):
                yield answer
            elif answer["channel"].get("is_archived"):
                yield red(name, f"#{answer['channel'].get('name')} is archived", PERMANENT["is_archived"])
            elif not answer["channel"].get("is_member", answer["channel"].get("is_im", False)):
                yield red(name, f"WGO is not in #{answer['channel'].get('name')}", PERMANENT["not_in_channel"])
            else:
                yield green(name, f"#{answer['channel'].get('name')}")

    # --- the model -----------------------------------------------------------------------------------------------------------

    def _model(self) -> Iterator[Check]:
        model = self.settings.model
        if model.api_key is None:
            return
        url = f"{(model.base_url or _MODEL_URL).rstrip('/')}/v1/models/{model.name}"
        headers = {"x-api-key": model.api_key.get_secret_value(), "anthropic-version": "2023-06-01"}
        try:
            status = httpx.get(url, headers=headers, timeout=_SECONDS_FOR_THE_MODEL).status_code
        except httpx.HTTPError as error:
            yield red(
                "model", f"does not answer ({type(error).__name__})", "Check the network, and model.base_url. Until then the store answers."
            )
            return
        if status in (401, 403):
            yield red("model", "refuses the key", "Check model.api_key. Until then answers come from the store alone.")
        elif status == 404:
            yield amber("model", f"does not know {model.name}", "Check model.name.")
        elif status >= 400:
            yield amber("model", f"answers {status}", "Try again later. Until then answers come from the store alone.")
        else:
            yield green("model", model.name)
