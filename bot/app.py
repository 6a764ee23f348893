"""Composition root: settings in, a running bot out. The only place that constructs concretes.

What is heavy (Slack's SDK, the providers' SDKs, the model's) is imported by the function that needs it, so that a command which
only reads the store starts quickly.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from core import providers as provider_folder
from core.bridge import EventBridge, Steps
from core.clock import Clock, utc_now
from core.errors import WgoError
from core.followup import FollowUps
from core.ingest import Ingest
from core.keeping import Keeping, KeptCoverage
from core.lookback import LookBack
from core.measures import Measures
from core.overrule import Overrules
from core.poller import Poller
from core.ports import Provider, Store
from core.proactive import Proactive
from core.redaction import Redactor
from core.settings import Settings, SourceSettings
from core.undoing import Undoings

if TYPE_CHECKING:
    from slack_bolt import App

    from bot.demo.player import Parts
    from bot.doctor import Doctor
    from bot.running import Bot
    from core.assistant.conversation import Conversation
    from core.catchup import CatchUp
    from core.ports import LanguageModel
    from core.scheduler import Scheduler

_log = logging.getLogger(__name__)
# A state is read within one poll; the quarter is for reading it. See docs/accuracy.md for what it was measured to save.
_HOLD_POLLS, _LONGEST_HOLD_SECONDS = 1.25, 300.0


def load_settings(path: Path | None = None) -> Settings:
    """The settings of the file (or WGO_CONFIG's, or wgo.yaml's, or none) and the environment. Raises SettingsError."""
    from core import settings_file

    return settings_file.load(path)


def open_store(settings: Settings, *, read_only: bool = False, clock: Clock = utc_now) -> Store:
    """The configured store; migrated unless it is only read. Raises StorageError."""
    import storage

    return storage.open_store(settings.database.url, read_only=read_only, migrate=not read_only, clock=clock)


def build_redactor(store: Store) -> Redactor:
    return Redactor(store.redaction_key())


def build_ingest(settings: Settings, store: Store, *, clock: Clock = utc_now, steps: Steps | None = None) -> Ingest:
    return Ingest(store, EventBridge(store, settings=settings.analysis, clock=clock, steps=steps), clock=clock, hold=hold_of(settings))


def hold_of(settings: Settings) -> timedelta:
    """How long an apply's calls wait for its state; nothing where there is no source of states."""
    polls = [_every(settings, source) for source in settings.sources if source.provider == "terraform"]
    if not polls:
        return timedelta(0)
    chosen = settings.analysis.hold_seconds
    return timedelta(seconds=min(_LONGEST_HOLD_SECONDS, _HOLD_POLLS * max(polls)) if chosen is None else chosen)


def build_overrules(settings: Settings, store: Store, ingest: Ingest, *, clock: Clock = utc_now) -> Overrules:
    return Overrules(store, LookBack(store, settings=settings.analysis, clock=clock), ingest)


def build_providers(settings: Settings, store: Store, *, clock: Clock = utc_now) -> list[Provider]:
    """One provider a configured source. Raises SettingsError."""
    context = provider_folder.ProviderContext(redactor=build_redactor(store), clock=clock, inbox=store.inbox)
    return [provider_folder.build(source, context) for source in settings.sources]


def build_model(settings: Settings) -> LanguageModel | None:
    """The language model where a key is set."""
    if settings.model.api_key is None:
        return None
    from core.assistant.claude import ClaudeModel

    return ClaudeModel(settings.model)


def build_catchup(settings: Settings, store: Store, *, clock: Clock = utc_now) -> CatchUp:
    from core.catchup import CatchUp

    return CatchUp(store, clock=clock, model=build_model(settings), sources=source_names(settings))


def build_conversation(settings: Settings, store: Store, *, clock: Clock = utc_now) -> Conversation:
    from core.assistant.conversation import Conversation

    return Conversation(store, clock=clock, sources=source_names(settings))


def source_names(settings: Settings) -> tuple[str, ...]:
    return tuple(source.name for source in settings.sources)


def build_doctor(settings: Settings, *, http: bool = False) -> Doctor:
    import storage
    from bot.doctor import Doctor

    def provider(source: SourceSettings, store: Store) -> Provider:
        # Nothing that is looked at here is kept, and the store is only read: a key of the moment will do.
        context = provider_folder.ProviderContext(redactor=Redactor(secrets.token_bytes(32)), inbox=store.inbox)
        return provider_folder.build(source, context)

    return Doctor(
        settings=settings,
        open_store=lambda: open_store(settings, read_only=True),
        blank_store=lambda: storage.open_store("sqlite://"),
        build_provider=provider,
        http=http,
    )


def build_scheduler(
    settings: Settings, store: Store, ingest: Ingest, sources: Sequence[Provider], keeping: Keeping, *, clock: Clock = utc_now
) -> Scheduler:
    """Polls and chores, not yet started."""
    from core import scheduler

    configured = {source.name: source for source in settings.sources}
    pollers = [
        Poller(
            provider=provider,
            ingest=ingest,
            store=store,
            timeout_seconds=_timeout(settings, configured.get(provider.source)),
            backoff_max_seconds=settings.poll.backoff_max_seconds,
            clock=clock,
            refused=keeping.refused,
        )
        for provider in sources
    ]
    rhythms = {
        provider.source: scheduler.Rhythm(
            every_seconds=_every(settings, configured.get(provider.source)), jitter_seconds=settings.poll.jitter_seconds
        )
        for provider in sources
    }
    look_back = LookBack(store, settings=settings.analysis, clock=clock)
    measures, proactive = Measures(store, ingest, clock=clock), Proactive(store, clock=clock)
    chores = scheduler.chores(
        {
            scheduler.SETTLE: _in_turn(FollowUps(store, ingest, look_back, clock=clock).settle, Undoings(store, ingest, clock=clock).look),
            scheduler.REASSESS: ingest.reassess,
            scheduler.PROACTIVE: lambda: (measures.measure(), proactive.speak()),
            scheduler.HEARTBEAT: measures.heartbeat,
            **_upkeep(settings, store, clock),
        }
    )
    return scheduler.Scheduler(pollers, rhythms, chores, parallel=settings.poll.parallel, clock=clock)


def build_parts(settings: Settings, store: Store, *, clock: Clock) -> Parts:
    """What a demo's past is played through: every source's poller, and the chores that follow changes up. Raises SettingsError."""
    from bot.demo.player import Parts

    ingest = build_ingest(settings, store, clock=clock)
    look_back = LookBack(store, settings=settings.analysis, clock=clock)
    measures = Measures(store, ingest, clock=clock)
    pollers = {
        provider.source: Poller(provider=provider, ingest=ingest, store=store, timeout_seconds=_timeout(settings, None), clock=clock)
        for provider in build_providers(settings, store, clock=clock)
    }
    undoings = Undoings(store, ingest, clock=clock)
    chores = (FollowUps(store, ingest, look_back, clock=clock).settle, undoings.look, measures.measure)
    return Parts(store=store, pollers=pollers, chores=chores)


def _in_turn(first: Callable[[], object], then: Callable[[], object]) -> Callable[[], object]:
    """Both, the second also where the first raises."""

    def both() -> None:
        try:
            first()
        finally:
            then()

    return both


def _every(settings: Settings, source: SourceSettings | None) -> float:
    return (source.every_seconds if source else None) or settings.poll.every_seconds


def _timeout(settings: Settings, source: SourceSettings | None) -> float:
    return (source.timeout_seconds if source else None) or settings.poll.timeout_seconds


def _upkeep(settings: Settings, store: Store, clock: Clock) -> dict[str, Callable[[], object]]:
    """Daily prune and verified backup."""
    import storage
    from core import scheduler

    database = settings.database
    work: dict[str, Callable[[], object]] = {}
    if isinstance(store, storage.SqlStore):
        kept = store
        work[scheduler.PRUNE] = lambda: storage.prune(kept, database.retention_days, database.retention_days_by_table, clock())
    folder = database.backup_folder
    if folder is not None:
        work[scheduler.BACKUP] = lambda: storage.backup(database.url, folder, database.backups_kept, database.pg_dump, clock=clock)
    return work


def run(settings: Settings, *, http: bool = False) -> None:
    """Run until SIGTERM or SIGINT. Raises StorageError and SettingsError before anything was started."""
    from bot import logs

    slack = settings.slack
    logs.set_up(
        settings.log_level, (slack.bot_token, slack.app_token, slack.signing_secret, settings.model.api_key, settings.http.webhook_token)
    )
    build_bot(settings, http=http).run()


def build_bot(settings: Settings, *, http: bool = False, store: Store | None = None, clock: Clock = utc_now) -> Bot:
    """Everything that the settings allow, not yet started. Without tokens: a bot that polls, and says what it lacks."""
    from bot import watches
    from bot.http import Receivers
    from bot.running import Bot, HttpServer

    opened = store or open_store(settings, clock=clock)
    opened.work = keeping = Keeping(opened.work, clock=clock)
    opened.coverage = KeptCoverage(opened.coverage, keeping)
    ingest = build_ingest(settings, opened, clock=clock)
    sources, broken = _buildable(settings, opened, clock)
    bot = Bot(
        store=opened,
        scheduler=build_scheduler(settings, opened, ingest, sources, keeping, clock=clock),
        providers=sources,
        lacks=(*watches.lacks(settings, http=http), *broken),
        on_start=lambda: watches.keep(settings, opened.subscriptions),
    )
    slack = _add_slack(bot, settings, ingest, keeping, http=http, clock=clock) if settings.slack.bot_token else None
    if http:
        receivers = Receivers(opened.inbox, source_names(settings), settings.http.webhook_token, slack, clock)
        bot.http = HttpServer(receivers.asgi(), settings.http.host, settings.http.port)
    return bot


def _buildable(settings: Settings, store: Store, clock: Clock) -> tuple[list[Provider], list[str]]:
    """The providers that can be built; of the others, why not. One wrong source must not silence the rest."""
    context = provider_folder.ProviderContext(redactor=build_redactor(store), clock=clock, inbox=store.inbox)
    built, broken = [], []
    for source in settings.sources:
        try:
            built.append(provider_folder.build(source, context))
        except WgoError as error:
            broken.append(f"source {source.name} is not watched: {error} {error.next_step}")
        except ImportError as error:
            broken.append(f"source {source.name} is not watched: {error}. Install what provider {source.provider} needs.")
    return built, broken


def _add_slack(bot: Bot, settings: Settings, ingest: Ingest, keeping: Keeping, *, http: bool, clock: Clock) -> App:
    """Notifier, intake, listeners, and the Socket Mode connections unless requests come over HTTP."""
    from bot import listeners
    from bot.identity import Identity
    from bot.intake import Intake
    from bot.notifier import Notifier
    from bot.people import People
    from bot.slack_calls import asking_client, bolt_app, telling_client
    from bot.socket_mode import SocketMode
    from bot.standing import Standing
    from bot.unkept import UnkeptNotes

    token, secret, app_token = (_value(one) for one in (settings.slack.bot_token, settings.slack.signing_secret, settings.slack.app_token))
    asking = asking_client(settings.slack, token)
    people = People(asking, clock)
    telling = telling_client(settings.slack, token)
    unkept = UnkeptNotes(keeping, telling, bot.store.subscriptions, clock)
    bot.notifier = Notifier(store=bot.store, slack=telling, people=people, clock=clock, unkept=unkept)
    identity, catchup = Identity(asking), build_catchup(settings, bot.store, clock=clock)
    slack = bolt_app(asking, lambda: identity(), secret)  # Bolt hands on what a function names, and reads an object wrongly
    listeners.register(
        slack,
        listeners.Desk(
            store=bot.store,
            people=people,
            catchup=catchup,
            conversation=build_conversation(settings, bot.store, clock=clock),
            overrules=build_overrules(settings, bot.store, ingest, clock=clock),
            standing=Standing(
                store=bot.store, people=people, sources=source_names(settings), clock=clock, keeping=keeping, narrowed=catchup.narrowed
            ),
            clock=clock,
            told=bot.notifier.wake,
        ),
    )
    bot.intake = Intake(bot.store.inbox, clock, acks=listeners.ACKS)
    bot.intake.attach(slack)
    if not http and app_token:
        bot.socket_mode = SocketMode(slack, asking_client(settings.slack, app_token), connections=settings.slack.connections)
    return slack


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
