"""Every setting, one nested group per part. Read once at the start (bot.app) and handed on; nothing reads the environment later.

Order of precedence: environment variables (`WGO_SLACK__BOT_TOKEN`), then the file. `core.settings_file` reads `wgo.yaml` and turns
pydantic's findings into SettingsError with file, line, field and fix.
"""

from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.assessment import Severity
from core.subscription import ComfortMode
from core.zones import known

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]


def _time_zone(name: str) -> str:
    if not known(name):
        raise ValueError(f"there is no time zone {name!r}")
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(Group):
    """How WGO reaches its Slack workspace."""

    bot_token: SecretStr | None = Field(None, description="Bot token (xoxb-…) from OAuth & Permissions of your Slack app.")
    app_token: SecretStr | None = Field(None, description="App-level token (xapp-…) with connections:write, for Socket Mode.")
    signing_secret: SecretStr | None = Field(None, description="Signing secret of the app, for HTTP mode (`wgo run --http`).")
    channel: str = Field("", description="Channel id (C…) that hears about changes by default. Invite the bot there.")
    base_url: str = Field("https://slack.com/api/", description="Slack's Web API; the local workspace sets its own.")
    connections: int = Field(2, ge=1, le=10, description="Socket Mode connections; two, so that a refresh of one leaves no gap.")


class ChannelSettings(Group):
    """One channel and what it hears; without any, `slack.channel` hears everything that is not routine."""

    channel: str = Field(description="Channel id (C…).")
    environments: tuple[str, ...] = Field((), description="Only these environments; empty is all.")
    providers: tuple[str, ...] = Field((), description="Only these providers; empty is all.")
    min_severity: Severity = Field(Severity.INFO, description="Nothing below this severity.")
    comfort_mode: ComfortMode = Field(
        ComfortMode.STANDARD, description="high, standard or off: how much reassurance is added where it is earned."
    )
    routine: bool = Field(False, description="Tell routine changes too.")
    quiet_from: time | None = Field(None, description="Start of quiet hours (22:00), local to time_zone.")
    quiet_until: time | None = Field(None, description="End of quiet hours (07:00).")
    time_zone: TimeZone = Field("UTC", description="Time zone of the quiet hours, as in the IANA list: Europe/Madrid.")


class DatabaseSettings(Group):
    """Where history is kept."""

    url: str = Field("sqlite:///wgo.db", description="SQLAlchemy URL: sqlite:///file or postgresql://user@host/name.")
    retention_days: int = Field(30, ge=1, description="History is kept this many days.")
    retention_days_by_table: dict[str, int] = Field({}, description="Other numbers of days for single tables (observations: 7).")
    backup_folder: Path | None = Field(Path("backups"), description="Daily verified backups go here; null for none.")
    backups_kept: int = Field(7, ge=1, description="How many backups are kept.")
    pg_dump: str = Field("pg_dump", description="The pg_dump program, for backups of PostgreSQL.")


class ModelSettings(Group):
    """The language model. Without a key, WGO answers from its store alone."""

    api_key: SecretStr | None = Field(None, description="Anthropic API key.")
    base_url: str | None = Field(None, description="Another endpoint that speaks the Messages API.")
    name: str = Field("claude-sonnet-5-5", description="Model id.")
    timeout_seconds: float = Field(20.0, gt=0, description="How long a summary may take before the deterministic text is used.")


class PollSettings(Group):
    """How sources are read."""

    every_seconds: float = Field(60.0, gt=0, description="Seconds between two polls of a source, unless the source says otherwise.")
    timeout_seconds: float = Field(45.0, gt=0, description="A poll that takes longer is abandoned and its source set aside for a while.")
    jitter_seconds: float = Field(3.0, ge=0, description="Polls are spread by up to this many seconds.")
    backoff_max_seconds: float = Field(900.0, gt=0, description="A failing source is asked again after doubling waits, at most this.")
    parallel: int = Field(8, ge=1, le=64, description="How many sources are read at the same time.")


class AnalysisSettings(Group):
    """How changes are understood."""

    settle_minutes: float = Field(10.0, gt=0, description="A change has settled when its signals stayed healthy for this long.")
    correlation_minutes: float = Field(10.0, gt=0, description="A story stays open this long for later events of the same cause.")
    hold_seconds: float | None = Field(
        None,
        ge=0,
        le=900,
        description="Calls of an apply wait this long for the state that shows whose they are, so that one message tells both. Nothing "
        "unplanned, severe or security-sensitive waits, and nothing without a Terraform source. Left out: one poll of the slowest "
        "Terraform source and a quarter, at most 300. 0 tells at once.",
    )
    unknown_below: float = Field(0.68, ge=0.34, le=1, description="A verdict with less confidence than this is told as unknown.")
    teams: dict[str, tuple[str, ...]] = Field({}, description="Team name → the ids or names of its people.")
    ci_identities: tuple[str, ...] = Field((), description="Patterns (with *) of your CI's identities: arn:aws:sts::*:assumed-role/ci-*/*.")
    break_glass: tuple[str, ...] = Field((), description="Patterns (with *) of identities that are for emergencies only.")


class HttpSettings(Group):
    """The receivers of `wgo run --http`."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(3000, ge=0, le=65535, description="Port to listen on.")
    webhook_token: SecretStr | None = Field(None, description="Bearer token that the Kubernetes audit webhook must send.")


class WatchSettings(Group):
    """Defaults of `wgo watch`."""

    comfort_mode: ComfortMode = Field(ComfortMode.STANDARD, description="high, standard or off.")
    show_history: bool = Field(True, description="Begin with what happened lately.")
    history_window: str = Field("24h", description="How far back that goes: 24h, 7d.")
    enable_catchup: bool = Field(False, description="Print a catch-up now and then.")
    catchup_interval: str = Field("1h", description="How often.")


class SourceSettings(Group):
    """One thing to watch. `options` are the provider's own; `wgo config example` lists them."""

    name: Name = Field(description="Your name for it, shown to people: prod-eks.")
    provider: str = Field(description="terraform, kubernetes, aws, gcp, or one that an installed package brings.")
    environment: str = Field("", description="prod, staging …: shown with each change and used to filter.")
    every_seconds: float | None = Field(None, gt=0, description="Instead of poll.every_seconds.")
    timeout_seconds: float | None = Field(None, gt=0, description="Instead of poll.timeout_seconds.")
    options: dict[str, Any] = Field({}, description="The provider's own settings.")


class Settings(BaseSettings):
    """WGO's settings. With nothing set the bot starts and says what it lacks."""

    model_config = SettingsConfigDict(env_prefix="WGO_", env_nested_delimiter="__", extra="forbid", frozen=True)

    slack: SlackSettings = SlackSettings()
    channels: tuple[ChannelSettings, ...] = ()
    database: DatabaseSettings = DatabaseSettings()
    sources: tuple[SourceSettings, ...] = ()
    poll: PollSettings = PollSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    model: ModelSettings = ModelSettings()
    http: HttpSettings = HttpSettings()
    watch: WatchSettings = WatchSettings()
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much WGO logs.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The file comes in as init values; the environment overrides it.
        return env_settings, init_settings
