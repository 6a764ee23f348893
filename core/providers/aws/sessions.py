"""Clients of AWS, made when first needed: sessions share one botocore loader, idle clients are let go."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session as BotocoreSession

from core.clock import Clock, Deadline
from core.errors import ProviderError, ProviderForbidden
from core.providers.aws.bounded import Bounded, LeftBehind
from core.providers.aws.faults import asked, call_seconds
from core.providers.aws.options import AwsAccount, AwsSettings

# The JSON models of AWS's services are what clients cost; one loader holds each once.
_LOADER = Loader()
_IDLE_SECONDS = 900.0
_RENEW_BEFORE = timedelta(minutes=5)
_ROLE_SESSION = "wgo"
# account, region, service, deadline → a client whose calls end before the deadline
Client = Callable[[AwsAccount, str, str, Deadline], Any]


@dataclass(slots=True)
class _Assumed:
    session: boto3.Session
    until: datetime


@dataclass(slots=True)
class Sessions:
    """One source's clients. Not for several threads at once; the clients are."""

    source: str
    options: AwsSettings
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    _own: dict[str, boto3.Session] = field(default_factory=dict)
    _assumed: dict[str, _Assumed] = field(default_factory=dict)
    _clients: dict[tuple[str, str, str, float], Any] = field(default_factory=dict)
    _used: dict[tuple[str, str, str, float], float] = field(default_factory=dict)
    _refused: dict[str, ProviderForbidden] = field(default_factory=dict)
    _left: LeftBehind = field(default_factory=LeftBehind)

    def client(self, account: AwsAccount, region: str, service: str, deadline: Deadline) -> Any:
        """A client whose calls end before the deadline. Raises ProviderError."""
        session = self._session(account, region, deadline)
        key = (account.label, region, service, call_seconds(deadline, self.source))
        if key not in self._clients:
            with asked(self.source, f"{service}:*"):
                self._clients[key] = self._made(session, service, region, key[3])
        self._used[key] = self.monotonic()
        return Bounded(client=self._clients[key], deadline=deadline, seconds=2 * key[3], left=self._left)

    def asking(self, account: AwsAccount, region: str, service: str, deadline: Deadline) -> Callable[[], Any]:
        """The client, or what refused it, each time it is asked for; in any thread."""
        try:
            client = self.client(account, region, service, deadline)
        except ProviderError as error:
            refusal = error

            def refused() -> Any:
                raise refusal

            return refused
        return lambda: client

    def _made(self, session: boto3.Session, service: str, region: str, seconds: float) -> Any:
        # No retries of botocore's: the next poll tries again, and this one ends in time.
        config = Config(
            connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1, "mode": "standard"}, max_pool_connections=4
        )
        return session.client(service, region_name=region, config=config, endpoint_url=self.options.endpoint_url or None)

    def _session(self, account: AwsAccount, region: str, deadline: Deadline) -> boto3.Session:
        if account.role_arn is None:
            return self._base(account.profile)
        if account.label in self._refused:
            raise self._refused[account.label]  # One refusal a poll says it for every region and service.
        held = self._assumed.get(account.label)
        if held is not None and held.until - self.clock() > _RENEW_BEFORE:
            return held.session
        try:
            answer = self._assume(account, region, deadline)
        except ProviderForbidden as error:
            self._refused[account.label] = error
            raise
        session = _new(
            aws_access_key_id=answer["AccessKeyId"],
            aws_secret_access_key=answer["SecretAccessKey"],
            aws_session_token=answer["SessionToken"],
        )
        for key in [key for key in self._clients if key[0] == account.label]:
            self._drop(key)
        self._assumed[account.label] = _Assumed(session, answer["Expiration"])
        return session

    def _assume(self, account: AwsAccount, region: str, deadline: Deadline) -> Any:
        extra = {"ExternalId": account.external_id} if account.external_id else {}
        with asked(self.source, f"sts:AssumeRole on {account.role_arn}"):
            seconds = call_seconds(deadline, self.source)
            sts = self._made(self._base(account.profile), "sts", region, seconds)
            bounded = Bounded(client=sts, deadline=deadline, seconds=2 * seconds, left=self._left)
            answer = bounded.assume_role(RoleArn=account.role_arn, RoleSessionName=_ROLE_SESSION, **extra)["Credentials"]
            sts.close()
        return answer

    def _base(self, profile: str) -> boto3.Session:
        if profile not in self._own:
            with asked(self.source, "credentials"):
                self._own[profile] = _new(profile_name=profile or None)
        return self._own[profile]

    def let_go(self) -> None:
        """A poll is over: close clients that nobody used for a while, and ask refused roles again in the next."""
        self._refused.clear()
        now = self.monotonic()
        for key in [key for key, used in self._used.items() if now - used > _IDLE_SECONDS]:
            self._drop(key)

    def _drop(self, key: tuple[str, str, str, float]) -> None:
        self._clients.pop(key).close()
        self._used.pop(key, None)

    def close(self) -> None:
        for key in list(self._clients):
            self._drop(key)


def _new(**how: Any) -> boto3.Session:
    core = BotocoreSession()
    core.register_component("data_loader", _LOADER)
    return boto3.Session(botocore_session=core, **how)
