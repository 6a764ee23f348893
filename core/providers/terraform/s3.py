"""States in an S3 bucket: one list a poll (two where workspaces stand elsewhere) shows every state and every lock file.

https://developer.hashicorp.com/terraform/language/backend/s3: <key>, env:/<workspace>/<key>, locks as <key>.tflock.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from typing import Any

from core.clock import Deadline
from core.errors import (
    ProviderError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderThrottled,
    ProviderTimedOut,
    ProviderUnreachable,
    RecordUnreadable,
)
from core.providers.terraform import locks
from core.providers.terraform.backend import Content, Glimpse, Look, Stamps, Unread
from core.providers.terraform.local import too_large
from core.providers.terraform.locks import Lock
from core.providers.terraform.options import S3Settings
from core.providers.terraform.origin import Place

_READ_SECONDS = 15
_LOCK = ".tflock"
# An assumed role is asked for anew before it runs out.
_ROLE_SECONDS = 3600
_THROTTLES = frozenset({"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "503", "429"})
_REFUSALS = frozenset(
    {"AccessDenied", "403", "401", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "AllAccessDisabled", "InvalidToken"}
)


@dataclass(slots=True)
class S3States:
    """Calls run on a thread of their own, so that a server that never answers is left behind when the deadline passes."""

    source: str
    options: S3Settings
    largest_bytes: int
    writes_often: bool = False
    _client: Any = None
    _made_at: float = 0.0
    _thread: ThreadPoolExecutor | None = field(default=None, repr=False)

    def look(self, stamps: Stamps, deadline: Deadline) -> Look:
        found: dict[str, dict[str, Any]] = {}
        unread: list[Unread] = []
        for number, prefix in enumerate(self._prefixes()):
            try:
                found.update({item["Key"]: item for item in self._list(prefix, deadline)})
            except ProviderForbidden as error:
                if number == 0:
                    raise
                unread.append(Unread(part=f"{self._bucket}/{prefix}", why=error))  # The workspaces apart from the default one.
        states = tuple(
            Glimpse(
                place=self._place(key),
                where=key,
                stamp=f"{item['ETag']}:{item['LastModified'].timestamp()}",
                written_at=item["LastModified"].astimezone(UTC),
                size=item["Size"],
                lock_stamp=str(found[key + _LOCK]["ETag"]) if key + _LOCK in found else "",
            )
            for key, item in found.items()
            if self._is_state(key)
        )
        if not states:
            where = self.options.key or self.options.prefix
            unread.append(self._nothing(f"{self._bucket}/{where}", "the state is not there" if self.options.key else "no state is there"))
        return Look(states=states, unread=tuple(unread))

    def _nothing(self, part: str, says: str) -> Unread:
        step = "It appears with the first apply; else check bucket and key."
        return Unread(part=part, why=RecordUnreadable(f"{part}: {says}", next_step=step))

    def _prefixes(self) -> tuple[str, ...]:
        if self.options.prefix:
            return (self.options.prefix,)
        return (self.options.key, f"{self.options.workspace_key_prefix}/")

    def _is_state(self, key: str) -> bool:
        if self.options.prefix:
            return key.endswith(".tfstate")
        return key == self.options.key or self._workspace(key) != ""

    def _workspace(self, key: str) -> str:
        """The workspace whose state this key is: env:/<workspace>/<key>."""
        front, back = f"{self.options.workspace_key_prefix}/", f"/{self.options.key}"
        if not (self.options.key and key.startswith(front) and key.endswith(back)):
            return ""
        name = key[len(front) : len(key) - len(back)]
        return "" if "/" in name else name

    @property
    def _bucket(self) -> str:
        return f"s3://{self.options.bucket}"

    def _place(self, key: str) -> Place:
        workspace = self._workspace(key)
        shown = self.options.key if workspace else key
        shown = shown.removesuffix("/terraform.tfstate").removesuffix(".tfstate")
        return Place(id=f"{self._bucket}/{key}", label=f"{self.options.bucket}/{shown}" + (f":{workspace}" if workspace else ""))

    def _list(self, prefix: str, deadline: Deadline) -> Iterator[dict[str, Any]]:
        ask: dict[str, Any] = {"Bucket": self.options.bucket, "Prefix": prefix}
        while True:
            page = self._call("s3:ListBucket", partial(_one_page, ask=ask), deadline)
            yield from page.get("Contents", ())
            if not page.get("IsTruncated"):
                return
            ask = {**ask, "ContinuationToken": page["NextContinuationToken"]}

    def read(self, glimpse: Glimpse, deadline: Deadline) -> Content:
        if glimpse.size is not None and glimpse.size > self.largest_bytes:
            raise too_large(glimpse.size, self.largest_bytes)
        return Content(body=self._get(glimpse.where, deadline), written_at=glimpse.written_at)

    def lock(self, glimpse: Glimpse, deadline: Deadline) -> Lock | None:
        return locks.read(self._get(glimpse.where + _LOCK, deadline))

    def _get(self, key: str, deadline: Deadline) -> bytes:
        def whole(client: Any) -> bytes:
            body: bytes = client.get_object(Bucket=self.options.bucket, Key=key)["Body"].read()
            return body

        got: bytes = self._call("s3:GetObject", whole, deadline)
        return got

    def _call(self, needs: str, ask: Callable[[Any], Any], deadline: Deadline) -> Any:
        if deadline.passed:
            raise ProviderTimedOut(f"{self.source}: no time was left to ask S3 for {needs}", source=self.source)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"s3-{self.source}")
        call: Future[Any] = self._thread.submit(self._asked, needs, ask)
        try:
            return call.result(deadline.timeout_seconds(_READ_SECONDS))
        except Late as error:
            # The thread ends with its own time-out; the next call gets a fresh one.
            self._thread.shutdown(wait=False)
            self._thread = None
            raise ProviderTimedOut(f"{self.source}: S3 did not answer in time", source=self.source) from error

    def _asked(self, needs: str, ask: Callable[[Any], Any]) -> Any:
        from botocore import parsers
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectTimeoutError,
            NoCredentialsError,
            PartialCredentialsError,
            ProfileNotFound,
            ReadTimeoutError,
        )

        try:
            return ask(self._connected())
        except ClientError as error:
            raise self._ours(error, needs) from error
        except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
            raise ProviderForbidden(f"{self.source} has no usable credentials for S3: {error}", source=self.source, needs=needs) from error
        except (ConnectTimeoutError, ReadTimeoutError) as error:
            raise ProviderTimedOut(f"{self.source}: S3 did not answer in time", source=self.source) from error
        except parsers.ResponseParserError as error:
            raise ProviderMalformed(f"{self.source}: S3 answered something that cannot be read", source=self.source) from error
        except BotoCoreError as error:
            raise ProviderUnreachable(
                f"{self.source}: S3 could not be reached: {type(error).__name__}",
                source=self.source,
                next_step="Check region and endpoint.",
            ) from error

    def _ours(self, error: Any, needs: str) -> ProviderError:
        told = error.response.get("Error", {})
        code, status = str(told.get("Code") or ""), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        said = f"{self.source}: S3 answered {code or status}"
        if code in _THROTTLES or status in (429, 503):
            headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            wait = str(headers.get("retry-after") or "")
            return ProviderThrottled(f"{said}: slow down", source=self.source, retry_after_seconds=float(wait) if wait.isdigit() else 30.0)
        if code in _REFUSALS or status in (401, 403):
            return ProviderForbidden(f"{said}: {needs} is needed", source=self.source, needs=needs)
        if code in ("NoSuchBucket", "NoSuchKey", "404"):
            step = "Check bucket and key in the settings."
            return ProviderForbidden(f"{said} for {self._bucket}", source=self.source, needs=needs, next_step=step)
        if status >= 500:
            return ProviderUnreachable(said, source=self.source)
        return ProviderMalformed(said, source=self.source)

    def _connected(self) -> Any:
        if self._client is not None and self.options.role_arn and time.monotonic() - self._made_at > _ROLE_SECONDS - 600:
            self._client = None
        if self._client is None:
            import boto3
            from botocore.config import Config

            given = self.options
            style = {"addressing_style": "path"} if given.endpoint_url else None
            config = Config(connect_timeout=5, read_timeout=_READ_SECONDS, retries={"max_attempts": 0}, s3=style)
            session = boto3.Session(profile_name=given.profile or None, region_name=given.region or None)
            keys: dict[str, str] = {}
            if given.role_arn:
                assumed = session.client("sts", config=config).assume_role(
                    RoleArn=given.role_arn, RoleSessionName="wgo", DurationSeconds=_ROLE_SECONDS
                )
                told = assumed["Credentials"]
                keys = {
                    "aws_access_key_id": told["AccessKeyId"],
                    "aws_secret_access_key": told["SecretAccessKey"],
                    "aws_session_token": told["SessionToken"],
                }
            self._made_at = time.monotonic()
            self._client = session.client("s3", endpoint_url=given.endpoint_url or None, config=config, **keys)
        return self._client

    def expects(self, place_id: str) -> bool:
        key = place_id.removeprefix(f"{self._bucket}/")
        inside = key.startswith(self.options.prefix) if self.options.prefix else self._is_state(key)
        return key != place_id and inside

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None
        if self._client is not None:
            self._client.close()
            self._client = None


def _one_page(client: Any, ask: dict[str, Any]) -> Any:
    return client.list_objects_v2(**ask)
