"""A source for the demo: raw records of the real formats, appended to a file. Read as any provider is, through the real readers."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.batch import Batch, Check, CheckState, Cursor, KnownState, Reading
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.errors import ProviderTimedOut, RecordUnreadable
from core.ports import KnownStates, RecordReader
from core.providers import ProviderContext, reader
from core.settings import SourceSettings
from core.timerange import TimeRange


class FeedSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="The file that records are appended to, one JSON object a line: {format, record}.")


@dataclass(slots=True)
class _Seen:
    under: KnownStates
    over: dict[str, KnownState] = field(default_factory=dict)

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        return {**self.under.get(keys), **{key: self.over[key] for key in keys if key in self.over}}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return self.under.page(prefix, after, limit)


@dataclass(slots=True)
class FeedProvider:
    """Reads what was appended since the last poll. A file named `<path>.down` beside it plays a source that does not answer."""

    Settings = FeedSettings

    source: str
    provider: str
    environment: str
    path: Path
    context: ProviderContext
    lag: timedelta = timedelta(0)
    _readers: dict[str, RecordReader] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, source: SourceSettings, options: Any, context: ProviderContext) -> "FeedProvider":
        return cls(source=source.name, provider="demo-feed", environment=source.environment, path=options.path, context=context)

    @property
    def down(self) -> Path:
        return self.path.with_name(self.path.name + ".down")

    def poll(self, cursor: Cursor | None, known: KnownStates, deadline: Deadline) -> Batch:
        if self.down.exists():
            raise ProviderTimedOut("the endpoint did not answer in time", source=self.source)
        now = self.context.clock()
        state = cursor.state if cursor else {}
        since = datetime.fromisoformat(state["at"]) if "at" in state else now
        lost = self.path.with_name(self.path.name + ".lost")
        if lost.exists():
            since = max(since, datetime.fromisoformat(lost.read_text(encoding="utf-8")))
        seen = _Seen(under=known)
        readings, offset, unread = self._read(int(state.get("offset", 0)), seen, now)
        covered = Coverage(
            source=self.source, range=TimeRange(start=min(since, now), end=now), state=CoverageState.READ, complete_until=now
        )
        return Batch(
            cursor=Cursor(state={"offset": offset, "at": now.isoformat()}),
            events=tuple(event for reading in readings for event in reading.events),
            observations=tuple(observation for reading in readings for observation in reading.observations),
            known_changes=tuple(seen.over.values()),
            managed=tuple(managed for reading in readings for managed in reading.managed),
            coverage=(covered, *(replace(covered, state=CoverageState.PARTIAL, part="records", reason=why) for why in unread)),
        )

    def _read(self, offset: int, seen: _Seen, now: datetime) -> tuple[list[Reading], int, list[str]]:
        readings: list[Reading] = []
        unread: list[str] = []
        if not self.path.exists():
            return readings, offset, unread
        with self.path.open("rb") as lines:
            lines.seek(offset)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                offset += len(line)
                written = json.loads(line)
                try:
                    reading = self._reader(written["format"]).read(written["record"], seen, now)
                except RecordUnreadable as error:
                    unread = [str(error)]
                    continue
                seen.over.update({change.key: change for change in reading.known_changes})
                readings.append(reading)
        return readings, offset, unread

    def _reader(self, format: str) -> RecordReader:
        if format not in self._readers:
            self._readers[format] = reader(format, source=self.source, environment=self.environment, context=self.context)
        return self._readers[format]

    def committed(self, batch: Batch) -> None:
        """Nothing to acknowledge: the offset is in the cursor."""

    def check(self, deadline: Deadline) -> Sequence[Check]:
        return (Check(name=self.source, state=CheckState.GREEN, says=f"reads {self.path}"),)

    def close(self) -> None:
        """Nothing is held open between polls."""
