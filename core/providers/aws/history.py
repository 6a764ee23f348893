"""What a touched resource was before, from AWS Config, where the store holds no last known state and a recorder runs.

https://docs.aws.amazon.com/config/latest/APIReference/API_BatchGetResourceConfig.html
https://docs.aws.amazon.com/config/latest/APIReference/API_GetResourceConfigHistory.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.clock import Deadline
from core.errors import ProviderError, ProviderTimedOut
from core.event import Event
from core.json import JsonObject
from core.providers.aws.faults import NotRecorded, asked
from core.providers.aws.lookup import Pace
from core.providers.aws.recorded import earlier, key_of

_MOST = 20
# One answer spans at most seven days; a change that was recorded longer ago is not looked for.
_PAGES = 4
_KEEP_SECONDS = 2.0
_ASK_AGAIN = timedelta(hours=1)
_NEEDS = ("config:BatchGetResourceConfig", "config:GetResourceConfigHistory")
# The reason and the next step.
NO_RECORDER = ("no recorder of AWS Config runs there", "Start a recorder, or set config_history: false.")
RECORDER_NEEDS = "config:DescribeConfigurationRecorderStatus"
_GONE = ("ResourceDeleted", "ResourceNotRecorded", "ResourceDeletedNotRecorded")

# account, region, service, deadline → client
Ask = Callable[[str, str, str, Deadline], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """A change, and what its resource is now."""

    event: Event
    described: JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalled:
    """What fields of the resource were, and when Config saw them so."""

    fields: JsonObject
    seen_at: datetime


@dataclass(slots=True)
class History:
    """`lacking` collects where Config could not be asked: place → reason and next step. Where no recorder runs is in `unrecorded`."""

    source: str
    client: Ask
    now: datetime
    paces: dict[str, Pace]
    pace: Callable[[], Pace]
    unrecorded: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, tuple[str, str]] = field(default_factory=dict)

    def before(self, touched: Mapping[str, Touched], deadline: Deadline) -> dict[str, Recalled]:
        """Key → what it was before its event, for those of which Config tells. Raises nothing: what fails is in `lacking`."""
        places: dict[tuple[str, str], dict[str, Touched]] = {}
        for key, one in list(touched.items())[:_MOST]:
            scope = one.event.resource.scope
            places.setdefault((scope.account, scope.region), {})[key] = one
        found: dict[str, Recalled] = {}
        for (account, region), rows in places.items():
            part = f"{account}/{region}"
            if part in self.unrecorded and self.now - datetime.fromisoformat(self.unrecorded[part]) < _ASK_AGAIN:
                self.lacking[part] = NO_RECORDER
                continue
            try:
                found |= self._of_place(account, region, rows, deadline)
                self.unrecorded.pop(part, None)
            except NotRecorded:
                self.unrecorded[part] = self.now.isoformat()
                self.lacking[part] = NO_RECORDER
            except ProviderError as error:
                self.lacking[part] = (str(error), error.next_step)
        return found

    def _of_place(self, account: str, region: str, rows: Mapping[str, Touched], deadline: Deadline) -> dict[str, Recalled]:
        keys = {key: named for key, one in rows.items() if (named := key_of(one.event.resource, one.described))}
        if not keys:
            return {}
        self._expect_recorder(account, region, deadline)
        newest = self._newest(account, region, list(keys.values()), deadline)
        found: dict[str, Recalled] = {}
        for key, named in keys.items():
            one, item = rows[key], newest.get((named["resourceType"], named["resourceId"]))
            if item is None:
                continue  # Config does not record it.
            if _captured(item) >= one.event.occurred_at:
                item = self._older(account, region, named, one.event.occurred_at, deadline)
            if item is not None and _tells(item):
                fields = earlier(one.event.resource.kind, item, one.described)
                found[key] = Recalled(fields=fields, seen_at=_captured(item))
        return found

    def _expect_recorder(self, account: str, region: str, deadline: Deadline) -> None:
        """Raise NotRecorded where none runs: what one recorded before it was stopped may be out of date."""
        client = self._asking(account, region, deadline)
        with asked(self.source, RECORDER_NEEDS):
            rows = client.describe_configuration_recorder_status().get("ConfigurationRecordersStatus") or []
        if not any(row.get("recording") for row in rows):
            raise NotRecorded(NO_RECORDER[0], source=self.source, next_step=NO_RECORDER[1])

    def _newest(self, account: str, region: str, keys: list[dict[str, str]], deadline: Deadline) -> dict[tuple[str, str], Any]:
        """The newest item of each, in one request: Config lags by minutes, so it is often of before the change."""
        client = self._asking(account, region, deadline)
        with asked(self.source, _NEEDS[0]):
            answer = client.batch_get_resource_config(resourceKeys=keys)
        rows = answer.get("baseConfigurationItems") or []
        return {(row["resourceType"], row["resourceId"]): row for row in rows if row.get("configurationItemCaptureTime")}

    def _older(self, account: str, region: str, named: Mapping[str, str], at: datetime, deadline: Deadline) -> Any | None:
        """The last item captured before `at`, as far back as a few answers reach."""
        token = ""
        for _ in range(_PAGES):
            client = self._asking(account, region, deadline)
            given = {**named, **({"nextToken": token} if token else {})}
            with asked(self.source, _NEEDS[1]):
                answer = client.get_resource_config_history(laterTime=at, chronologicalOrder="Reverse", limit=1, **given)
            for item in answer.get("configurationItems") or []:
                if _captured(item) < at:
                    return item
            token = str(answer.get("nextToken") or "")
            if not token:
                return None
        return None

    def _asking(self, account: str, region: str, deadline: Deadline) -> Any:
        paced = self.paces.setdefault(f"config {account}/{region}", self.pace())
        if deadline.remaining_seconds() < _KEEP_SECONDS or not paced.take(deadline):
            raise ProviderTimedOut("no time was left to ask AWS Config", source=self.source)
        return self.client(account, region, "config", deadline)


def _tells(item: Mapping[str, Any]) -> bool:
    """Not where it was gone then, or is looked at once a day only: a change in between would be taken for this one."""
    return item.get("configurationItemStatus") not in _GONE and item.get("recordingFrequency") != "DAILY"


def _captured(item: Mapping[str, Any]) -> datetime:
    at: datetime = item["configurationItemCaptureTime"]
    return at.astimezone(UTC)
